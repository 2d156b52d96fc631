"""The networks of MAGAN (Wang et al. 2017, appendix B): no batch normalisation anywhere."""

from collections.abc import Mapping
from itertools import pairwise
from typing import ClassVar

from torch import nn

from equipoise.common.errors import EquipoiseError
from equipoise.networks.blocks import Activation, OutputActivation, Projection, Stack, activation
from equipoise.networks.network import AutoEncoder, Generator


def smallest_side(image_size: int, doublings: int) -> int:
    """Side of the smallest map of an image that is doubled so many times."""
    factor = 1 << doublings
    if image_size < factor or image_size % factor:
        raise EquipoiseError(f"image_size must be a multiple of {factor}, 2^(number of widths), got {image_size}.")
    return image_size // factor


def doubled(widths: tuple[int, ...], hidden: Activation) -> list[nn.Module]:
    """4x4 transposed convolutions with stride 2 through these widths, each followed by the hidden activation."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.ConvTranspose2d(inputs, outputs, 4, 2, 1), *activation(hidden)]
    return layers


def halved(widths: tuple[int, ...]) -> list[nn.Module]:
    """4x4 convolutions with stride 2 through these widths, leaky ReLU 0.2."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.Conv2d(inputs, outputs, 4, 2, 1), nn.LeakyReLU(0.2)]
    return layers


def generator_layers(
    latent_size: int, image_size: int, channels: int, widths: tuple[int, ...], output: OutputActivation
) -> Stack:
    """A projection to the smallest map, then 4x4 transposed convolutions with stride 2; ReLU between them."""
    return Stack(
        [
            Projection(latent_size, widths[0], smallest_side(image_size, len(widths))),
            nn.ReLU(),
            *doubled(tuple(widths), "relu"),
            nn.ConvTranspose2d(widths[-1], channels, 4, 2, 1),
            *activation(output),
        ]
    )


def decoder_layers(widths: tuple[int, ...], channels: int, output: OutputActivation) -> nn.Sequential:
    """4x4 transposed convolutions with stride 2 from the last width back to the image; leaky ReLU 0.2 between them."""
    return nn.Sequential(
        *doubled(tuple(reversed(widths)), "leaky_relu"),
        nn.ConvTranspose2d(widths[0], channels, 4, 2, 1),
        *activation(output),
    )


class MaganGenerator(Generator):
    """latent -> transposed convolutions -> images, ReLU between them.

    The first has no stride and as large a kernel as the smallest map; all others are 4x4 with stride 2. The defaults
    are CelebA's (B.2). MNIST's (B.1) is `MaganGenerator(50, 28, 1, (128, 64), "sigmoid")`.
    CIFAR-10 has networks of its own.

    Args:
        latent_size: size of the latent vector.
        image_size: side of the square image, a multiple of 2^len(widths).
        channels: 1 for grey, 3 for RGB.
        widths: channels of the hidden maps, smallest map first.
        output_activation: activation of the image.
    """

    cpu_steps: ClassVar[Mapping[int, int]] = {64: 1000}

    def __init__(
        self,
        latent_size: int = 350,
        image_size: int = 64,
        channels: int = 3,
        widths: tuple[int, ...] = (512, 256, 128, 64),
        output_activation: OutputActivation = "tanh",
    ) -> None:
        super().__init__()
        self.latent_size, self.image_shape, self.scheme = latent_size, (channels, image_size, image_size), "magan"
        self.layers = generator_layers(latent_size, image_size, channels, widths, output_activation)


class MaganAutoEncoder(AutoEncoder):
    """images -> 4x4 convolutions with stride 2 -> code map -> the same transposed -> reconstructions; leaky ReLU 0.2.

    The defaults are CelebA's discriminator (B.2), whose code is the map of 4x4x512: there is no dense bottleneck.

    Args:
        image_size: side of the square image, a multiple of 2^len(widths).
        channels: 1 for grey, 3 for RGB.
        widths: channels of the encoder's maps, largest map first.
        output_activation: activation of the reconstruction.
    """

    is_heavy = True

    def __init__(
        self,
        image_size: int = 64,
        channels: int = 3,
        widths: tuple[int, ...] = (64, 128, 256, 512),
        output_activation: OutputActivation = "tanh",
    ) -> None:
        super().__init__()
        smallest_side(image_size, len(widths))
        self.image_shape, self.scheme = (channels, image_size, image_size), "magan"
        self.encoder = nn.Sequential(*halved((channels, *widths)))
        self.decoder = decoder_layers(widths, channels, output_activation)
