"""The DCGANs of repulsive MMD-GAN (Wang et al. 2019, tables S1 and S2): 32, 48 and 64 pixels, and any other size."""

from collections.abc import Mapping
from itertools import pairwise
from typing import ClassVar, Literal

from torch import nn

from equipoise.networks.blocks import Stack, halvings
from equipoise.networks.exact import ExactEnd
from equipoise.networks.network import Discriminator, Generator, score_shape
from equipoise.networks.normalisation import BatchNorm

Weights = Literal["mmd", "mmd-sn-paper"]
"""The schemes of first weights."""
_EPSILON, _DECAY = 1e-3, 0.99
_SLOPE = 0.1
_LAST_BLOCK = 4
"""A convolution at stride 2, one at stride 1, and their rectifiers."""


class MMDGenerator(Generator):
    """latent -> dense, linear -> 4x4 transposed convolutions with stride 2, BN, ReLU -> 3x3 convolution, tanh.

    Maps have 512, 256, 128, 64 channels from 4x4 (32 pixels) or 6x6 (48), and 1024, ..., 64 at 64 pixels.

    Args:
        latent_size: size of the latent vector, N(0, 1).
        image_size: side of the square image, a power of two times 4 to 7.
        channels: 1 for grey, 3 for RGB.
        width: channels of the largest hidden map; each smaller map has twice as many.
        normalise_first: BN and ReLU after the dense layer, as in the authors' STL-10 script; the table has none.
        batch_kinds: kinds of batch with running statistics of their own.
        weights: scheme of the first weights.
    """

    cpu_steps: ClassVar[Mapping[int, int]] = {32: 900, 48: 500, 64: 200}

    def __init__(
        self,
        latent_size: int = 128,
        image_size: int = 32,
        channels: int = 3,
        width: int = 64,
        normalise_first: bool = False,
        batch_kinds: tuple[str, ...] = ("noise",),
        weights: Weights = "mmd",
    ) -> None:
        super().__init__()
        self.latent_size, self.image_shape, self.scheme = latent_size, (channels, image_size, image_size), weights
        base, doublings = halvings(image_size)
        widths = [width << power for power in reversed(range(doublings + 1))]
        units = widths[0] * base * base
        layers: list[nn.Module] = [nn.Linear(latent_size, units, bias=not normalise_first)]
        layers.append(nn.Unflatten(1, (widths[0], base, base)))
        if normalise_first:
            layers += [BatchNorm(widths[0], batch_kinds, _EPSILON, _DECAY), nn.ReLU()]
        for inputs, outputs in pairwise(widths):
            layers.append(nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False))
            layers += [BatchNorm(outputs, batch_kinds, _EPSILON, _DECAY), nn.ReLU()]
        self.layers = Stack([*layers, nn.Conv2d(width, channels, 3, 1, 1), nn.Tanh()])


class MMDDiscriminator(Discriminator):
    """images -> 3x3 at stride 1 and 4x4 at stride 2 in turn, leaky ReLU 0.1 -> dense: scores [batch, output_size].

    8 weighted layers at 32 and 48 pixels, 10 at 64. No batch normalisation; spectral normalisation of all layers is
    attached from outside. Under autocast the last two convolutions and the dense layer compute in float32: a kernel
    looks at small differences between features.

    Args:
        image_size: side of the square image, a power of two times 4 to 7.
        channels: 1 for grey, 3 for RGB.
        width: channels of the first map; each halving doubles them.
        output_size: s, 16 for the MMD losses; None for one score per image, [batch].
        weights: scheme of the first weights.
    """

    def __init__(
        self,
        image_size: int = 32,
        channels: int = 3,
        width: int = 64,
        output_size: int | None = 16,
        weights: Weights = "mmd",
    ) -> None:
        super().__init__()
        self.image_shape, self.scheme = (channels, image_size, image_size), weights
        base, times = halvings(image_size)
        layers: list[nn.Module] = [nn.Conv2d(channels, width, 3, 1, 1), nn.LeakyReLU(_SLOPE)]
        for inputs, outputs in pairwise(width << power for power in range(times + 1)):
            layers += [nn.Conv2d(inputs, outputs, 4, 2, 1), nn.LeakyReLU(_SLOPE)]
            layers += [nn.Conv2d(outputs, outputs, 3, 1, 1), nn.LeakyReLU(_SLOPE)]
        features = (width << times) * base * base
        self.body = ExactEnd(*layers, exact=_LAST_BLOCK)
        self.head = nn.Sequential(nn.Flatten(1), nn.Linear(features, output_size or 1), score_shape(output_size))
