"""DCGAN (Radford et al. 2016) at any size: 4x4 convolutions with stride 2, batch normalisation, N(0, 0.02) weights.

With the defaults these are the networks of the widely used Torch implementation: 3,576,704 and 2,765,568 parameters.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import ClassVar

from torch import nn

from equipoise.networks.blocks import OutputActivation, Projection, Stack, activation, halvings
from equipoise.networks.network import Discriminator, Generator, score_shape
from equipoise.networks.normalisation import MAIN_KIND, BatchNorm


def doubling_widths(width: int, times: int, largest: int) -> list[int]:
    """Channels of `times` maps, largest map first: each half as large has twice as many channels, up to a limit."""
    return [min(width << power, largest) for power in range(times)]


def normalised(width: int, batch_norm: bool, kinds: tuple[str, ...] = MAIN_KIND) -> list[nn.Module]:
    """A batch normalisation, or nothing."""
    return [BatchNorm(width, kinds)] if batch_norm else []


def halving_layers(channels: int, widths: list[int], batch_norm: bool) -> list[nn.Module]:
    """4x4 convolutions with stride 2 and leaky ReLU 0.2; all but the first are batch-normalised.

    A convolution has a bias only without batch normalisation.
    """
    layers: list[nn.Module] = [nn.Conv2d(channels, widths[0], 4, 2, 1, bias=not batch_norm), nn.LeakyReLU(0.2)]
    for inputs, outputs in pairwise(widths):
        convolution = nn.Conv2d(inputs, outputs, 4, 2, 1, bias=not batch_norm)
        layers += [convolution, *normalised(outputs, batch_norm), nn.LeakyReLU(0.2)]
    return layers


class DCGANGenerator(Generator):
    """latent -> transposed convolutions 512, 256, 128, 64 with BN and ReLU -> image.

    Args:
        latent_size: size of the latent vector.
        image_size: side of the square image, a power of two times 4 to 7.
        channels: 1 for grey, 3 for RGB.
        width: channels of the largest hidden map; each smaller map has twice as many.
        largest_width: limit of the number of channels.
        batch_norm: whether hidden maps are batch-normalised.
        batch_kinds: kinds of batch with running statistics of their own.
        output_activation: activation of the image.
    """

    cpu_steps: ClassVar[Mapping[int, int]] = {64: 280}

    def __init__(
        self,
        latent_size: int = 100,
        image_size: int = 64,
        channels: int = 3,
        width: int = 64,
        largest_width: int = 1024,
        batch_norm: bool = True,
        batch_kinds: tuple[str, ...] = ("noise",),
        output_activation: OutputActivation = "tanh",
    ) -> None:
        super().__init__()
        self.latent_size, self.image_shape, self.scheme = latent_size, (channels, image_size, image_size), "dcgan"
        base, times = halvings(image_size)
        widths = doubling_widths(width, times, largest_width)[::-1]
        bias = not batch_norm
        layers: list[nn.Module] = [Projection(latent_size, widths[0], base, bias)]
        for inputs, outputs in pairwise(widths):
            layers += [*normalised(inputs, batch_norm, batch_kinds), nn.ReLU()]
            layers += [nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=bias)]
        layers += [*normalised(widths[-1], batch_norm, batch_kinds), nn.ReLU()]
        layers += [nn.ConvTranspose2d(widths[-1], channels, 4, 2, 1, bias=bias), *activation(output_activation)]
        self.layers = Stack(layers)


class DCGANDiscriminator(Discriminator):
    """images -> convolutions 64, 128, 256, 512, leaky ReLU 0.2, BN in all but the first -> one convolution to scores.

    Args:
        image_size: side of the square image, a power of two times 4 to 7.
        channels: 1 for grey, 3 for RGB.
        width: channels of the first map; each smaller map has twice as many.
        largest_width: limit of the number of channels.
        batch_norm: whether hidden maps but the first are batch-normalised.
        output_size: scores [batch, output_size]; None for [batch].
    """

    def __init__(
        self,
        image_size: int = 64,
        channels: int = 3,
        width: int = 64,
        largest_width: int = 1024,
        batch_norm: bool = True,
        output_size: int | None = None,
    ) -> None:
        super().__init__()
        self.image_shape, self.scheme = (channels, image_size, image_size), "dcgan"
        base, times = halvings(image_size)
        widths = doubling_widths(width, times, largest_width)
        last = nn.Conv2d(widths[-1], output_size or 1, base, bias=not batch_norm)
        self.body = nn.Sequential(*halving_layers(channels, widths, batch_norm))
        self.head = nn.Sequential(last, score_shape(output_size))
