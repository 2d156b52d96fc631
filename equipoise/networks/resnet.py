"""Residual networks for 32x32 images: WGAN-GP (Gulrajani et al. 2017) and SNGAN (Miyato et al. 2018).

Both discriminators end in a map of 8x8 features (for 32x32 images), from which come one score per image or the n x n
map of scores of the local gradient amplifier. With equal weights the mean of that map is the one score.
"""

from torch import nn

from equipoise.common.errors import EquipoiseError
from equipoise.networks.blocks import Multiply, SumPool, halvings
from equipoise.networks.network import Discriminator, Generator
from equipoise.networks.residual import down_block, generator_layers, image_block

_LARGEST_MAP = 8


def _discriminator_body(image_size: int, channels: int, width: int) -> tuple[nn.Sequential, int]:
    """Blocks that end in a ReLU, and the side of their last map: 8 for images of 32, 64, ..."""
    side, times = halvings(image_size, _LARGEST_MAP)
    blocks = [image_block(channels, width)]
    blocks += [down_block(width, width) for _ in range(times - 1)]
    blocks += [down_block(width, width, halve=False) for _ in range(2)]
    return nn.Sequential(*blocks, nn.ReLU()), side


def _pooled_to(side: int, map_size: int) -> list[nn.Module]:
    """Mean pooling from side x side to map_size x map_size; none where they are equal."""
    if map_size < 1 or side % map_size:
        raise EquipoiseError(f"map_size must divide {side}, the side of the last features, got {map_size}.")
    return [] if side == map_size else [nn.AvgPool2d(side // map_size)]


class WGANGPResNetGenerator(Generator):
    """latent -> dense 4x4 -> one up block per doubling -> BN, ReLU, 3x3, tanh.

    Args:
        latent_size: size of the latent vector.
        image_size: side of the square image, a power of two times 4 to 7.
        channels: 1 for grey, 3 for RGB.
        width: channels of every hidden map.
        batch_kinds: kinds of batch with running statistics of their own.
    """

    is_heavy = True

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
        self.layers = generator_layers(latent_size, channels, base, [width] * (doublings + 1), batch_kinds)


class WGANGPResNetDiscriminator(Discriminator):
    """images -> residual blocks without normalisation -> ReLU -> mean over positions, linear: scores [batch].

    With `map_size` n the mean is taken within n x n cells and a 1x1 convolution follows: scores [batch, n, n].

    Args:
        image_size: side of the square image, a power of two times 5 to 8.
        channels: 1 for grey, 3 for RGB.
        width: channels of every hidden map.
        map_size: 8 or 4 for a map, None for one score per image.
    """

    is_heavy = True

    def __init__(self, image_size: int = 32, channels: int = 3, width: int = 128, map_size: int | None = None) -> None:
        super().__init__()
        self.image_shape, self.scheme = (channels, image_size, image_size), "wgan-gp"
        self.body, side = _discriminator_body(image_size, channels, width)
        if map_size is None:
            self.head = nn.Sequential(nn.AvgPool2d(side), nn.Flatten(1), nn.Linear(width, 1), nn.Flatten(0))
        else:
            self.head = nn.Sequential(*_pooled_to(side, map_size), nn.Conv2d(width, 1, 1), nn.Flatten(1, 2))


class SNGANGenerator(Generator):
    """The same layers as WGAN-GP's with 256 channels, the first weights and the batch-norm epsilon of SNGAN's code.

    Args:
        latent_size: size of the latent vector.
        image_size: side of the square image, a power of two times 4 to 7.
        channels: 1 for grey, 3 for RGB.
        width: channels of every hidden map.
        batch_kinds: kinds of batch with running statistics of their own.
    """

    is_heavy = True

    def __init__(
        self,
        latent_size: int = 128,
        image_size: int = 32,
        channels: int = 3,
        width: int = 256,
        batch_kinds: tuple[str, ...] = ("noise",),
    ) -> None:
        super().__init__()
        self.latent_size, self.image_shape, self.scheme = latent_size, (channels, image_size, image_size), "glorot"
        base, doublings = halvings(image_size)
        self.layers = generator_layers(latent_size, channels, base, [width] * (doublings + 1), batch_kinds, 2e-5)


class SNGANDiscriminator(Discriminator):
    """images -> residual blocks -> ReLU -> sum over positions, linear without bias: scores [batch].

    With `map_size` n, as for the local gradient amplifier: mean within n x n cells, times the number of positions (64),
    the linear layer as a 1x1 convolution: scores [batch, n, n], whose mean is the score above. Spectral normalisation
    is attached from outside.

    Args:
        image_size: side of the square image, a power of two times 5 to 8.
        channels: 1 for grey, 3 for RGB.
        width: channels of every hidden map.
        map_size: 4 or 8 for a map, None for one score per image.
    """

    is_heavy = True

    def __init__(self, image_size: int = 32, channels: int = 3, width: int = 128, map_size: int | None = None) -> None:
        super().__init__()
        self.image_shape, self.scheme = (channels, image_size, image_size), "glorot"
        self.body, side = _discriminator_body(image_size, channels, width)
        if map_size is None:
            self.head = nn.Sequential(SumPool(), nn.Linear(width, 1, bias=False), nn.Flatten(0))
        else:
            self.head = nn.Sequential(
                *_pooled_to(side, map_size),
                Multiply(side * side),
                nn.Conv2d(width, 1, 1, bias=False),
                nn.Flatten(1, 2),
            )
