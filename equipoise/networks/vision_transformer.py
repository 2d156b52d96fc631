"""The vision transformer of DINOv2 and of CLIP, to look only: one network, whose differences are its fields."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

_HEAD = 64
"""Channels of an attention head."""
_OFFSET = 0.1
"""Added to the wanted grid when positions are interpolated, as DINOv2's code does."""


@dataclass(frozen=True)
class VisionShape:
    """What a vision transformer is made of.

    Attributes:
        width: channels of a token.
        depth: blocks.
        patch: pixels on a side of a patch.
        grid: patches on a side for which there are positions.
        hidden: channels inside a block's perceptron.
        projection: channels of the result, or 0 for the class token as it is.
        scales_branches: whether each branch of a block is scaled, as in DINOv2.
        normalises_first: whether tokens are normalised before the first block, as in CLIP.
        patch_bias: whether patches are embedded with a bias.
        quick: whether GELU is approximated by x * sigmoid(1.702 x), as in CLIP.
        epsilon: of the normalisations.
    """

    width: int
    depth: int
    patch: int
    grid: int
    hidden: int
    projection: int = 0
    scales_branches: bool = False
    normalises_first: bool = False
    patch_bias: bool = True
    quick: bool = False
    epsilon: float = 1e-6


class Block(nn.Module):
    """Attention and a perceptron, each after a normalisation and beside a skip."""

    def __init__(self, shape: VisionShape) -> None:
        """Build the layers."""
        super().__init__()
        width = shape.width
        self.norm1, self.norm2 = (nn.LayerNorm(width, eps=shape.epsilon) for _ in range(2))
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.fc1, self.fc2 = nn.Linear(width, shape.hidden), nn.Linear(shape.hidden, width)
        scales = shape.scales_branches
        self.scale1, self.scale2 = (nn.Parameter(torch.ones(width)) if scales else None for _ in range(2))
        self._quick = shape.quick

    def forward(self, x: Tensor) -> Tensor:
        """Tokens [batch, tokens, width]."""
        x = x + _scaled(self._attended(self.norm1(x)), self.scale1)
        inner = self.fc1(self.norm2(x))
        inner = inner * torch.sigmoid(1.702 * inner) if self._quick else functional.gelu(inner)
        return x + _scaled(self.fc2(inner), self.scale2)

    def _attended(self, x: Tensor) -> Tensor:
        batch, tokens, width = x.shape
        query, key, value = self.qkv(x).reshape(batch, tokens, 3, width // _HEAD, _HEAD).permute(2, 0, 3, 1, 4)
        found = functional.scaled_dot_product_attention(query, key, value)
        attended: Tensor = self.out(found.transpose(1, 2).reshape(batch, tokens, width))
        return attended


class VisionTransformer(nn.Module):
    """Images to the class token after the last normalisation, projected where the shape says so."""

    def __init__(self, shape: VisionShape) -> None:
        """Build the layers."""
        super().__init__()
        width = shape.width
        self.shape = shape
        self.patches = nn.Conv2d(3, width, shape.patch, shape.patch, bias=shape.patch_bias)
        self.class_token = nn.Parameter(torch.zeros(width))
        self.positions = nn.Parameter(torch.zeros(1 + shape.grid**2, width))
        self.first_norm = nn.LayerNorm(width, eps=shape.epsilon) if shape.normalises_first else None
        self.blocks = nn.Sequential(*(Block(shape) for _ in range(shape.depth)))
        self.norm = nn.LayerNorm(width, eps=shape.epsilon)
        self.projection = nn.Linear(width, shape.projection, bias=False) if shape.projection else None

    def forward(self, images: Tensor) -> Tensor:
        """Normalised images [batch, 3, side, side], side a multiple of the patch, to [batch, width or projection]."""
        patches = self.patches(images)
        tokens = patches.flatten(2).mT
        first = self.class_token.expand(len(images), 1, -1)
        x = torch.cat([first, tokens], dim=1) + self._positions_for(patches.shape[2])
        x = x if self.first_norm is None else self.first_norm(x)
        token = self.norm(self.blocks(x)[:, 0])
        result: Tensor = token if self.projection is None else self.projection(token)
        return result

    def _positions_for(self, grid: int) -> Tensor:
        """The positions for this many patches on a side, interpolated (bicubic) where the network knows others."""
        if grid == self.shape.grid:
            return self.positions
        known = self.positions[1:].mT.reshape(1, self.shape.width, self.shape.grid, self.shape.grid)
        scale = (grid + _OFFSET) / self.shape.grid
        found = functional.interpolate(known, scale_factor=(scale, scale), mode="bicubic")
        return torch.cat([self.positions[:1], found.flatten(2)[0].mT])


def _scaled(x: Tensor, scale: Tensor | None) -> Tensor:
    return x if scale is None else x * scale
