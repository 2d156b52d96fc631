"""Residual blocks of the WGAN-GP and SNGAN networks, and what their generators are made of.

Pooling stands before the shortcut's 1x1 convolution, and nearest upsampling after it: the same function for less work.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn

from equipoise.networks.blocks import KindAware, Stack
from equipoise.networks.normalisation import BatchNorm


class ResidualBlock(KindAware):
    """residual(values) + shortcut(values)."""

    def __init__(self, residual: list[nn.Module], shortcut: list[nn.Module]) -> None:
        super().__init__()
        self.residual = Stack(residual)
        self.shortcut = Stack(shortcut)

    def forward(self, values: torch.Tensor, batch_kind: str | None = None) -> torch.Tensor:
        """values: [batch, channels, height, width]."""
        total: torch.Tensor = self.residual(values, batch_kind) + self.shortcut(values, batch_kind)
        return total


def up_block(
    inputs: int, outputs: int, kinds: tuple[str, ...], epsilon: float = 1e-5, bias: bool = True
) -> ResidualBlock:
    """Doubles the side: BN, ReLU, upsample, 3x3, BN, ReLU, 3x3; shortcut 1x1, upsample. `bias` is the first 3x3's."""
    return ResidualBlock(
        [
            BatchNorm(inputs, kinds, epsilon),
            nn.ReLU(),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(inputs, outputs, 3, 1, 1, bias=bias),
            BatchNorm(outputs, kinds, epsilon),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1),
        ],
        [nn.Conv2d(inputs, outputs, 1), nn.Upsample(scale_factor=2)],
    )


def generator_layers(
    latent_size: int,
    channels: int,
    base: int,
    widths: Sequence[int],
    kinds: tuple[str, ...],
    epsilon: float = 1e-5,
    bias: bool = True,
) -> Stack:
    """latent -> dense base x base -> an up block per doubling -> BN, ReLU, 3x3, tanh.

    Args:
        latent_size: size of the latent vector.
        channels: of the image.
        base: side of the first map.
        widths: channels of the first map, then after each up block.
        kinds: kinds of batch with running statistics of their own.
        epsilon: of the batch normalisations.
        bias: of each block's first convolution.
    """
    return Stack(
        [
            nn.Linear(latent_size, widths[0] * base * base),
            nn.Unflatten(1, (widths[0], base, base)),
            *[up_block(inputs, outputs, kinds, epsilon, bias) for inputs, outputs in pairwise(widths)],
            BatchNorm(widths[-1], kinds, epsilon),
            nn.ReLU(),
            nn.Conv2d(widths[-1], channels, 3, 1, 1),
            nn.Tanh(),
        ]
    )


def image_block(channels: int, width: int) -> ResidualBlock:
    """The first block of a discriminator, halves the side: 3x3, ReLU, 3x3, mean pool; shortcut mean pool, 1x1."""
    return ResidualBlock(
        [nn.Conv2d(channels, width, 3, 1, 1), nn.ReLU(), nn.Conv2d(width, width, 3, 1, 1), nn.AvgPool2d(2)],
        [nn.AvgPool2d(2), nn.Conv2d(channels, width, 1)],
    )


def down_block(inputs: int, outputs: int, halve: bool = True, layer_norm: bool = False) -> ResidualBlock:
    """ReLU, 3x3, ReLU, 3x3, mean pool; shortcut mean pool, 1x1. The shortcut is the identity where nothing changes.

    With layer normalisation it stands before each ReLU, and the first 3x3 has no bias.
    """

    def norm(width: int) -> list[nn.Module]:
        return [nn.GroupNorm(1, width)] if layer_norm else []

    pool: list[nn.Module] = [nn.AvgPool2d(2)] if halve else []
    same = inputs == outputs and not halve
    return ResidualBlock(
        [
            *norm(inputs),
            nn.ReLU(),
            nn.Conv2d(inputs, inputs, 3, 1, 1, bias=not layer_norm),
            *norm(inputs),
            nn.ReLU(),
            nn.Conv2d(inputs, outputs, 3, 1, 1),
            *pool,
        ],
        [] if same else [*pool, nn.Conv2d(inputs, outputs, 1)],
    )
