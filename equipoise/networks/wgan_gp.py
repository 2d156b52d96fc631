"""The other networks of WGAN-GP's code: convolutional for 32x32 images, residual with layer normalisation for 64x64."""

from collections.abc import Mapping
from itertools import pairwise
from typing import ClassVar

from torch import nn

from equipoise.common.errors import EquipoiseError
from equipoise.networks.blocks import Stack, halvings
from equipoise.networks.network import Discriminator, Generator
from equipoise.networks.normalisation import BatchNorm
from equipoise.networks.residual import down_block, generator_layers

_LARGEST_FACTOR = 8


def _keeps_last_side(base: int, map_size: int | None) -> bool:
    """Whether the last halving is dropped, so that the last map is twice the base."""
    if map_size not in (None, base, 2 * base):
        raise EquipoiseError(f"map_size must be {base} or {2 * base} for this image size, got {map_size}.")
    return map_size == 2 * base


def _score_head(features: int, side: int, map_size: int | None) -> nn.Sequential:
    """One linear score of the whole map, or a 1x1 convolution to a map of scores."""
    if map_size is None:
        return nn.Sequential(nn.Flatten(1), nn.Linear(features * side * side, 1), nn.Flatten(0))
    return nn.Sequential(nn.Conv2d(features, 1, 1), nn.Flatten(1, 2))


class WGANGPConvGenerator(Generator):
    """latent -> dense 4x4x512, BN, ReLU -> 5x5 transposed convolutions with stride 2, BN, ReLU -> tanh.

    The first batch normalisation treats every unit of the dense layer as a channel.

    Args:
        latent_size: size of the latent vector.
        image_size: side of the square image, a power of two times 4 to 7.
        channels: 1 for grey, 3 for RGB.
        width: channels of the largest hidden map; each smaller map has twice as many.
        batch_kinds: kinds of batch with running statistics of their own.
    """

    def __init__(
        self,
        latent_size: int = 128,
        image_size: int = 32,
        channels: int = 3,
        width: int = 128,
        batch_kinds: tuple[str, ...] = ("noise",),
    ) -> None:
        super().__init__()
        self.latent_size, self.image_shape, self.scheme = latent_size, (channels, image_size, image_size), "wgan-gp"
        base, doublings = halvings(image_size)
        widths = [width << power for power in reversed(range(doublings))]
        units = widths[0] * base * base
        layers: list[nn.Module] = [nn.Linear(latent_size, units), BatchNorm(units, batch_kinds), nn.ReLU()]
        layers.append(nn.Unflatten(1, (widths[0], base, base)))
        for inputs, outputs in pairwise(widths):
            layers += [nn.ConvTranspose2d(inputs, outputs, 5, 2, 2, 1), BatchNorm(outputs, batch_kinds), nn.ReLU()]
        self.layers = Stack([*layers, nn.ConvTranspose2d(widths[-1], channels, 5, 2, 2, 1), nn.Tanh()])


class WGANGPConvDiscriminator(Discriminator):
    """images -> 5x5 convolutions with stride 2, leaky ReLU 0.2 -> linear: scores [batch].

    With `map_size` a 1x1 convolution follows instead: scores [batch, n, n]; for 8x8 the last stride is 1.

    Args:
        image_size: side of the square image, a power of two times 4 to 7.
        channels: 1 for grey, 3 for RGB.
        width: channels of the first map; each smaller map has twice as many.
        map_size: 4 or 8 for a map (for images of 32, 64, ...), None for one score per image.
    """

    def __init__(self, image_size: int = 32, channels: int = 3, width: int = 128, map_size: int | None = None) -> None:
        super().__init__()
        self.image_shape, self.scheme = (channels, image_size, image_size), "wgan-gp"
        base, times = halvings(image_size)
        strides = [2] * (times - 1) + [1 if _keeps_last_side(base, map_size) else 2]
        widths = [channels, *(width << power for power in range(times))]
        layers: list[nn.Module] = []
        for (inputs, outputs), stride in zip(pairwise(widths), strides, strict=True):
            layers += [nn.Conv2d(inputs, outputs, 5, stride, 2), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*layers)
        self.head = _score_head(widths[-1], base, map_size)


class WGANGPResNet64Generator(Generator):
    """latent -> dense 4x4x512 -> up blocks 512, 256, 128, 64 -> BN, ReLU, 3x3, tanh.

    Args:
        latent_size: size of the latent vector.
        image_size: side of the square image, a power of two times 4 to 7.
        channels: 1 for grey, 3 for RGB.
        width: channels of the largest hidden map; smaller ones have up to 8 times as many.
        batch_kinds: kinds of batch with running statistics of their own.
    """

    is_heavy = True
    cpu_steps: ClassVar[Mapping[int, int]] = {64: 500}

    def __init__(
        self,
        latent_size: int = 128,
        image_size: int = 64,
        channels: int = 3,
        width: int = 64,
        batch_kinds: tuple[str, ...] = ("noise",),
    ) -> None:
        super().__init__()
        self.latent_size, self.image_shape, self.scheme = latent_size, (channels, image_size, image_size), "wgan-gp"
        base, doublings = halvings(image_size)
        widths = [width * min(_LARGEST_FACTOR, 1 << power) for power in reversed(range(doublings))]
        self.layers = generator_layers(latent_size, channels, base, [widths[0], *widths], batch_kinds, bias=False)


class WGANGPResNet64Discriminator(Discriminator):
    """images -> 3x3 -> down blocks 128, 256, 512, 512 with layer normalisation -> linear: scores [batch].

    With `map_size` a 1x1 convolution follows instead: scores [batch, n, n]; for 8x8 the last block does not pool.

    Args:
        image_size: side of the square image, a power of two times 4 to 7.
        channels: 1 for grey, 3 for RGB.
        width: channels of the first map; later ones have up to 8 times as many.
        map_size: 4 or 8 for a map (for images of 64, 128, ...), None for one score per image.
    """

    is_heavy = True

    def __init__(self, image_size: int = 64, channels: int = 3, width: int = 64, map_size: int | None = None) -> None:
        super().__init__()
        self.image_shape, self.scheme = (channels, image_size, image_size), "wgan-gp"
        base, times = halvings(image_size)
        widths = [width * min(_LARGEST_FACTOR, 1 << power) for power in range(times + 1)]
        *early, last = pairwise(widths)
        self.body = nn.Sequential(
            nn.Conv2d(channels, width, 3, 1, 1),
            *[down_block(inputs, outputs, layer_norm=True) for inputs, outputs in early],
            down_block(*last, halve=not _keeps_last_side(base, map_size), layer_norm=True),
        )
        self.head = _score_head(widths[-1], base, map_size)
