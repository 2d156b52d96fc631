"""The networks of R3GAN (Huang et al. 2024, config E) in plain convolutions, for 32 to 256 pixels and other sizes.

Each stage has one size of maps and some residual blocks, which are inverted bottlenecks: 1x1 to twice the channels,
grouped 3x3, 1x1 back, with leaky ReLU 0.2 between. There is no normalisation: the last convolution of each block starts
at 0, and the others are scaled down by the number of blocks (Zhang et al. 2019, "Fixup"). Maps change their size by
bilinear resampling, and their width by a 1x1 convolution on the smaller side. 4x4 maps are made from a vector, and
turned into one, by a depthwise 4x4 convolution and a dense layer.
"""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from equipoise.common.errors import UnknownName
from equipoise.networks.blocks import Scaled, Stack, halvings
from equipoise.networks.exact import without_autocast
from equipoise.networks.network import Discriminator, Generator, check_shape

Size = Literal["tiny", "small", "medium", "paper"]
"""The names of widths."""
WIDTHS: Mapping[str, int] = {"tiny": 64, "small": 192, "medium": 384, "paper": 768}
"""Channels of the widest maps, by name; "paper" is that of CIFAR-10 and FFHQ."""
_WIDEST_SIDE, _EXPANSION, _SLOPE, _LAYERS = 32, 2, 0.2, 3
_GAIN = math.sqrt(2 / (1 + _SLOPE**2))


class R3GANGenerator(Generator):
    """latent -> 4x4 maps -> residual blocks -> (1x1, bilinear doubling, residual blocks)... -> 1x1 -> images.

    Args:
        latent_size: size of the latent vector, the dimensions that name a class included.
        image_size: side of the square image, a power of two times 4 to 7.
        channels: 1 for grey, 3 for colour.
        width: channels of the maps of up to 32 pixels, a number or a name; each larger map has half as many.
        blocks: residual blocks at each size of maps.
        group_width: channels of a group in the 3x3 convolutions; 16 in the paper, 32 for its ImageNet networks.
        classes: so many last dimensions of the latent vector name a class, and are embedded as densely as the noise is
            large; None for no classes.
    """

    named_widths: ClassVar[Mapping[str, int]] = WIDTHS
    is_heavy: ClassVar[bool] = True
    cpu_batch: ClassVar[int | None] = 16
    cpu_steps: ClassVar[Mapping[int, int]] = {32: 400, 64: 150}

    def __init__(
        self,
        latent_size: int = 64,
        image_size: int = 32,
        channels: int = 3,
        width: int | Size = "paper",
        blocks: int = 2,
        group_width: int = 16,
        classes: int | None = None,
    ) -> None:
        super().__init__()
        self.latent_size, self.image_shape, self.scheme = latent_size, (channels, image_size, image_size), "r3gan"
        base, widths = _stages(width, image_size)
        gain = _block_gain(blocks * len(widths))
        noise = latent_size - (classes or 0)
        self.classes, self.embedding = classes or 0, nn.Linear(classes, noise, bias=False) if classes else None
        layers: list[nn.Module] = [
            nn.Linear(2 * noise if classes else noise, widths[0], bias=False),
            nn.Unflatten(1, (widths[0], 1, 1)),
            nn.ConvTranspose2d(widths[0], widths[0], base, groups=widths[0], bias=False),
            *_blocks(widths[0], blocks, group_width, gain),
        ]
        for inputs, outputs in pairwise(widths):
            layers += [*_narrowed(inputs, outputs), *_doubled(), *_blocks(outputs, blocks, group_width, gain)]
        self.layers = Stack([*layers, Scaled(widths[-1], channels, 1, bias=False)])

    def forward(self, latent: Tensor, batch_kind: str = "noise") -> Tensor:
        """Images [batch, *image_shape].

        Args:
            latent: [batch, latent_size].
            batch_kind: ignored, as there is no batch normalisation.
        """
        check_shape("latent", latent, (self.latent_size,))
        if self.embedding is not None:
            noise, named = latent.tensor_split((self.latent_size - self.classes,), dim=1)
            latent = torch.cat([noise, self.embedding(named)], dim=1)
        images: Tensor = self.layers(latent)
        return images


class R3GANDiscriminator(Discriminator):
    """The generator reversed: images -> 1x1 -> (residual blocks, bilinear halving, 1x1)... -> blocks -> one score.

    With classes the last vector has as many numbers as the widest maps have channels, and the score is its product with
    the embedding of the class (projection, Miyato and Koyama 2018, as in the authors' code).

    Args:
        image_size: side of the square image, a power of two times 4 to 7.
        channels: 1 for grey, 3 for colour.
        width: channels of the maps of up to 32 pixels, a number or a name; each larger map has half as many.
        blocks: residual blocks at each size of maps.
        group_width: channels of a group in the 3x3 convolutions.
        classes: how many classes there are; None for images without a class.
    """

    named_widths: ClassVar[Mapping[str, int]] = WIDTHS
    is_heavy: ClassVar[bool] = True

    def __init__(
        self,
        image_size: int = 32,
        channels: int = 3,
        width: int | Size = "paper",
        blocks: int = 2,
        group_width: int = 16,
        classes: int | None = None,
    ) -> None:
        super().__init__()
        self.image_shape, self.scheme, self.classes = (channels, image_size, image_size), "r3gan", classes or 0
        base, widths = _stages(width, image_size)
        widths = widths[::-1]
        gain = _block_gain(blocks * len(widths))
        layers: list[nn.Module] = [Scaled(channels, widths[0], 1, bias=False)]
        for inputs, outputs in pairwise(widths):
            layers += [*_blocks(inputs, blocks, group_width, gain), *_halved(), *_narrowed(inputs, outputs)]
        self.body = Stack([*layers, *_blocks(widths[-1], blocks, group_width, gain)])
        self.head = nn.Sequential(
            nn.Conv2d(widths[-1], widths[-1], base, groups=widths[-1], bias=False),
            nn.Flatten(1),
            nn.Linear(widths[-1], widths[-1] if classes else 1, bias=False),
        )
        self.embedding = Scaled(classes, widths[-1], 1, bias=False, gain=1 / math.sqrt(widths[-1])) if classes else None

    def forward(self, images: Tensor, classes: Tensor | None = None) -> Tensor:
        """Scores [batch].

        Args:
            images: [batch, channels, height, width].
            classes: [batch, classes], 1 for the class of an image and 0 for the others; without it the score is the
                mean over all classes.
        """
        check_shape("images", images, self.image_shape)
        vectors = without_autocast(self.head, self.body(images))
        if self.embedding is None:
            return vectors.flatten()
        named = vectors.new_full((len(vectors), self.classes), 1 / self.classes) if classes is None else classes
        check_shape("classes", named, (self.classes,))
        embedded = without_autocast(self.embedding, named[:, :, None, None]).flatten(1)
        return (vectors * embedded).sum(1)


class InvertedBottleneck(nn.Module):
    """maps + conv1x1(act(grouped conv3x3(act(conv1x1(maps))))).

    Args:
        width: channels of the maps.
        group_width: channels of a group between the two 1x1 convolutions.
        gain: of the first weights of the first two convolutions; those of the third are 0.
    """

    def __init__(self, width: int, group_width: int, gain: float) -> None:
        super().__init__()
        wide = _EXPANSION * width
        groups = wide // math.gcd(wide, group_width)
        self.residual = nn.Sequential(
            Scaled(width, wide, 1, gain=gain),
            nn.LeakyReLU(_SLOPE),
            Scaled(wide, wide, 3, padding=1, groups=groups, gain=gain),
            nn.LeakyReLU(_SLOPE),
            Scaled(wide, width, 1, bias=False, gain=0.0),
        )

    def forward(self, maps: Tensor) -> Tensor:
        """maps: [batch, width, height, width]."""
        total: Tensor = maps + self.residual(maps)
        return total


def _stages(width: int | Size, image_size: int) -> tuple[int, list[int]]:
    """The side of the smallest maps, and the channels at each size from there on."""
    if isinstance(width, str) and width not in WIDTHS:
        raise UnknownName("width", width, WIDTHS)
    widest = WIDTHS[width] if isinstance(width, str) else width
    base, times = halvings(image_size)
    sides = [base << time for time in range(times + 1)]
    return base, [max(1, widest * _WIDEST_SIDE // max(side, _WIDEST_SIDE)) for side in sides]


def _block_gain(blocks: int) -> float:
    """He et al. 2015 for the slope, times L^(-1 / (2 m - 2)) for L blocks of m layers (Zhang et al. 2019)."""
    return float(_GAIN * blocks ** (-1 / (2 * _LAYERS - 2)))


def _blocks(width: int, count: int, group_width: int, gain: float) -> list[nn.Module]:
    return [InvertedBottleneck(width, group_width, gain) for _ in range(count)]


def _narrowed(inputs: int, outputs: int) -> list[nn.Module]:
    """Another number of channels, where it changes."""
    return [] if inputs == outputs else [Scaled(inputs, outputs, 1, bias=False)]


def _doubled() -> list[nn.Module]:
    """Bilinear, with zeros beyond the border: each pixel twice, then the filter [1, 2, 1] / 4 along both axes."""
    return [nn.Upsample(scale_factor=2), nn.AvgPool2d(2, 1, padding=1), nn.AvgPool2d(2, 1)]


def _halved() -> list[nn.Module]:
    """Bilinear without aliases, with zeros beyond the border: [1, 3, 3, 1] / 8 along both axes at every other pixel."""
    return [nn.AvgPool2d(2, 1, padding=1), nn.AvgPool2d(2, 1), nn.AvgPool2d(2)]
