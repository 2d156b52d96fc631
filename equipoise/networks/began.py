"""The networks of BEGAN (Berthelot et al. 2017), as in the re-implementation that MAGAN's paper compares with."""

from collections.abc import Mapping
from typing import ClassVar

from torch import nn

from equipoise.networks.blocks import Stack, halvings
from equipoise.networks.network import AutoEncoder, Generator

_LARGEST_BASE = 15


def _decoder_layers(inputs: int, image_size: int, channels: int, width: int) -> list[nn.Module]:
    """dense to 8x8 -> (3x3 ELU twice, upsample) repeated -> 3x3 ELU twice -> 3x3, linear."""
    base, doublings = halvings(image_size, _LARGEST_BASE)
    layers: list[nn.Module] = [nn.Linear(inputs, width * base * base), nn.Unflatten(1, (width, base, base))]
    for step in range(doublings + 1):
        layers += [nn.Upsample(scale_factor=2)] if step else []
        layers += [nn.Conv2d(width, width, 3, 1, 1), nn.ELU(), nn.Conv2d(width, width, 3, 1, 1), nn.ELU()]
    return [*layers, nn.Conv2d(width, channels, 3, 1, 1)]


def _encoder_layers(image_size: int, channels: int, width: int, code_size: int) -> list[nn.Module]:
    """3x3 ELU -> (3x3 ELU twice, 3x3 stride 2 ELU) with n, 2n, 3n, ... channels -> dense code, linear."""
    base, times = halvings(image_size, _LARGEST_BASE)
    layers: list[nn.Module] = [nn.Conv2d(channels, width, 3, 1, 1), nn.ELU()]
    inputs = width
    for step in range(times + 1):
        layers += [nn.Conv2d(inputs, inputs, 3, 2, 1), nn.ELU()] if step else []
        outputs = width * (step + 1)
        layers += [nn.Conv2d(inputs, outputs, 3, 1, 1), nn.ELU(), nn.Conv2d(outputs, outputs, 3, 1, 1), nn.ELU()]
        inputs = outputs
    return [*layers, nn.Flatten(1), nn.Linear(inputs * base * base, code_size)]


class BEGANGenerator(Generator):
    """latent -> dense 8x8xn -> pairs of 3x3 convolutions with ELU, nearest upsampling between -> 3x3, linear.

    Args:
        latent_size: size of the latent vector, U(-1, 1).
        image_size: side of the square image, a power of two times 8 to 15.
        channels: 1 for grey, 3 for RGB.
        width: n, channels of every hidden map.
    """

    is_heavy = True
    cpu_steps: ClassVar[Mapping[int, int]] = {64: 1400}

    def __init__(self, latent_size: int = 64, image_size: int = 64, channels: int = 3, width: int = 128) -> None:
        super().__init__()
        self.latent_size, self.image_shape, self.scheme = latent_size, (channels, image_size, image_size), "glorot"
        self.layers = Stack(_decoder_layers(latent_size, image_size, channels, width))


class BEGANAutoEncoder(AutoEncoder):
    """images -> 3x3 convolutions with ELU, n, 2n, 3n, ... channels -> code -> the generator's layers.

    Args:
        image_size: side of the square image, a power of two times 8 to 15.
        channels: 1 for grey, 3 for RGB.
        width: n, channels of the first map.
        code_size: size of the code.
    """

    dense_widths = ("code_size",)
    is_heavy = True

    def __init__(self, image_size: int = 64, channels: int = 3, width: int = 128, code_size: int = 64) -> None:
        super().__init__()
        self.image_shape, self.scheme = (channels, image_size, image_size), "glorot"
        self.encoder = nn.Sequential(*_encoder_layers(image_size, channels, width, code_size))
        self.decoder = nn.Sequential(*_decoder_layers(code_size, image_size, channels, width))
