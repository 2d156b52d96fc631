"""The networks of MAGAN (Wang et al. 2017, appendix B): no batch normalisation anywhere."""

from itertools import pairwise

from torch import nn

from equipoise.common.errors import EquipoiseError
from equipoise.networks.blocks import OutputActivation, Projection, Stack, activation
from equipoise.networks.network import AutoEncoder, Generator


def _base(image_size: int, doublings: int) -> int:
    """Side of the smallest map of an image that is doubled so many times."""
    factor = 1 << doublings
    if image_size < factor or image_size % factor:
        raise EquipoiseError(f"image_size must be a multiple of {factor}, 2^(number of widths), got {image_size}.")
    return image_size // factor


def _doubled(widths: tuple[int, ...], hidden: str) -> list[nn.Module]:
    """4x4 transposed convolutions with stride 2 through these widths."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.ConvTranspose2d(inputs, outputs, 4, 2, 1), nn.ReLU() if hidden == "relu" else nn.LeakyReLU(0.2)]
    return layers


def _halved(widths: tuple[int, ...]) -> list[nn.Module]:
    """4x4 convolutions with stride 2 through these widths, leaky ReLU 0.2."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.Conv2d(inputs, outputs, 4, 2, 1), nn.LeakyReLU(0.2)]
    return layers


class MaganGenerator(Generator):
    """latent -> transposed convolutions -> images, ReLU between them.

    The first has no stride and as large a kernel as the smallest map; all others are 4x4 with stride 2. The defaults
    are CelebA's (B.2). MNIST's (B.1) is `MaganGenerator(50, 28, 1, (128, 64), "sigmoid")`; the CIFAR-10 generator of
    the released code, not the paper's, is `MaganGenerator(320, 32, 3, (512, 256, 128))`.

    Args:
        latent_size: size of the latent vector.
        image_size: side of the square image, a multiple of 2^len(widths).
        channels: 1 for grey, 3 for RGB.
        widths: channels of the hidden maps, smallest map first.
        output_activation: activation of the image.
    """

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
        self.layers = Stack(
            [
                Projection(latent_size, widths[0], _base(image_size, len(widths))),
                nn.ReLU(),
                *_doubled(tuple(widths), "relu"),
                nn.ConvTranspose2d(widths[-1], channels, 4, 2, 1),
                *activation(output_activation),
            ]
        )


class MaganAutoEncoder(AutoEncoder):
    """images -> 4x4 convolutions with stride 2 -> code map -> the same transposed -> reconstructions; leaky ReLU 0.2.

    The defaults are CelebA's discriminator (B.2). The CIFAR-10 discriminator of the released code, not the paper's, is
    `MaganAutoEncoder(32, 3, (128, 256, 512))`; its code of 4x4x512 numbers is larger than the image.

    Args:
        image_size: side of the square image, a multiple of 2^len(widths).
        channels: 1 for grey, 3 for RGB.
        widths: channels of the encoder's maps, largest map first.
        output_activation: activation of the reconstruction.
    """

    def __init__(
        self,
        image_size: int = 64,
        channels: int = 3,
        widths: tuple[int, ...] = (64, 128, 256, 512),
        output_activation: OutputActivation = "tanh",
    ) -> None:
        super().__init__()
        _base(image_size, len(widths))
        self.image_shape, self.scheme = (channels, image_size, image_size), "magan"
        self.encoder = nn.Sequential(*_halved((channels, *widths)))
        self.decoder = nn.Sequential(
            *_doubled(tuple(reversed(widths)), "leaky_relu"),
            nn.ConvTranspose2d(widths[0], channels, 4, 2, 1),
            *activation(output_activation),
        )
