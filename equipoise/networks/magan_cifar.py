"""MAGAN's networks for CIFAR-10, which exist twice: in the paper (B.2.1) and, different, in the authors' released code.

Both auto-encoders have a code of 4x4x512 numbers, larger than the image of 3,072: there is no bottleneck.
"""

from itertools import pairwise

from torch import nn

from equipoise.networks.blocks import Activation, Projection, Stack, activation
from equipoise.networks.magan import decoder_layers, generator_layers, halved, smallest_side
from equipoise.networks.network import AutoEncoder, Generator

_PAPER_WIDTHS = (64, 128, 256, 512)
_CODE_WIDTHS = (128, 256, 512)


def _transposed(inputs: int, outputs: int, stride: int) -> nn.ConvTranspose2d:
    """3x3 that keeps (stride 1) or doubles (stride 2) the side."""
    return nn.ConvTranspose2d(inputs, outputs, 3, stride, 1, stride - 1)


def _refining_layers(widths: tuple[int, ...], channels: int, hidden: Activation) -> list[nn.Module]:
    """For each next width a 3x3 with stride 2 and one with stride 1; the last of these makes the image, tanh."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths[:-1]):
        layers += [_transposed(inputs, outputs, 2), *activation(hidden)]
        layers += [_transposed(outputs, outputs, 1), *activation(hidden)]
    last = [_transposed(widths[-2], widths[-1], 2), *activation(hidden)]
    return [*layers, *last, _transposed(widths[-1], channels, 1), nn.Tanh()]


def _coarsening_layers(widths: tuple[int, ...], channels: int) -> list[nn.Module]:
    """3x3 with stride 1, then in turn stride 2 to the next width and stride 1, ending in a stride 2; leaky ReLU 0.2."""
    layers: list[nn.Module] = []
    inputs = channels
    for before, after in pairwise(widths):
        layers += [nn.Conv2d(inputs, before, 3, 1, 1), nn.LeakyReLU(0.2)]
        layers += [nn.Conv2d(before, after, 3, 2, 1), nn.LeakyReLU(0.2)]
        inputs = after
    return layers


class MaganCifarGenerator(Generator):
    """The paper's generator: 4x4x512, then 3x3 transposed convolutions 256, 256, 128, 128, 64, image; ReLU, tanh.

    Args:
        latent_size: size of the latent vector.
        image_size: side of the square image, a multiple of 2^(len(widths) - 1).
        channels: 1 for grey, 3 for RGB.
        widths: channels of the hidden maps, largest map first.
    """

    is_heavy = True

    def __init__(
        self,
        latent_size: int = 320,
        image_size: int = 32,
        channels: int = 3,
        widths: tuple[int, ...] = _PAPER_WIDTHS,
    ) -> None:
        super().__init__()
        self.latent_size, self.image_shape, self.scheme = latent_size, (channels, image_size, image_size), "magan"
        narrowing = tuple(reversed(widths))
        first = Projection(latent_size, narrowing[0], smallest_side(image_size, len(widths) - 1))
        self.layers = Stack([first, nn.ReLU(), *_refining_layers(narrowing, channels, "relu")])


class MaganCifarAutoEncoder(AutoEncoder):
    """The paper's discriminator: 3x3 convolutions 64, 128, 128, 256, 256, 512 and back; leaky ReLU 0.2, tanh.

    Args:
        image_size: side of the square image, a multiple of 2^(len(widths) - 1).
        channels: 1 for grey, 3 for RGB.
        widths: channels of the encoder's maps, largest map first.
    """

    is_heavy = True

    def __init__(self, image_size: int = 32, channels: int = 3, widths: tuple[int, ...] = _PAPER_WIDTHS) -> None:
        super().__init__()
        smallest_side(image_size, len(widths) - 1)
        self.image_shape, self.scheme = (channels, image_size, image_size), "magan"
        self.encoder = nn.Sequential(*_coarsening_layers(tuple(widths), channels))
        self.decoder = nn.Sequential(*_refining_layers(tuple(reversed(widths)), channels, "leaky_relu"))


class MaganCifarCodeGenerator(Generator):
    """The released code's generator, not the paper's: 4x4x512, 4x4 transposed convolutions 256, 128, image.

    Args:
        latent_size: size of the latent vector.
        image_size: side of the square image, a multiple of 2^len(widths).
        channels: 1 for grey, 3 for RGB.
        widths: channels of the encoder's maps, largest map first; the generator goes through them from the last.
    """

    is_heavy = True

    def __init__(
        self,
        latent_size: int = 320,
        image_size: int = 32,
        channels: int = 3,
        widths: tuple[int, ...] = _CODE_WIDTHS,
    ) -> None:
        super().__init__()
        self.latent_size, self.image_shape, self.scheme = latent_size, (channels, image_size, image_size), "magan"
        self.layers = generator_layers(latent_size, image_size, channels, tuple(reversed(widths)), "tanh")


class MaganCifarCodeAutoEncoder(AutoEncoder):
    """The released code's discriminator, not the paper's: 4x4 convolutions 128, 256, 512 and back.

    Args:
        image_size: side of the square image, a multiple of 2^len(widths).
        channels: 1 for grey, 3 for RGB.
        widths: channels of the encoder's maps, largest map first.
    """

    is_heavy = True

    def __init__(self, image_size: int = 32, channels: int = 3, widths: tuple[int, ...] = _CODE_WIDTHS) -> None:
        super().__init__()
        smallest_side(image_size, len(widths))
        self.image_shape, self.scheme = (channels, image_size, image_size), "magan"
        self.encoder = nn.Sequential(*halved((channels, *widths)))
        self.decoder = decoder_layers(widths, channels, "tanh")
