"""Operations on batches of images: each image is changed by itself, by uniform numbers of its own, and differentiably.

Images are [batch, channels, height, width] with values in [-1, 1]: 1 channel is grey, 3 are colour, and a last one of 2
or 4 is how opaque a pixel is. Translation, colour and cutout are those of DiffAugment (Zhao et al. 2020).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from equipoise.common.checks import check_floating
from equipoise.common.precision import full_precision

Change = Callable[[Tensor, Tensor], Tensor]
"""(images [batch, channels, height, width], chance [batch, numbers]) -> images of the same shape."""
_FURTHEST = 1 / 8
"""Of a translation, in sides."""


@dataclass(frozen=True)
class Operation:
    """One way to change images.

    Attributes:
        numbers: how many uniform numbers in [0, 1) each image takes.
        change: makes the changed images; each depends on its own image and numbers alone.
    """

    numbers: int
    change: Change

    def __post_init__(self) -> None:
        if self.numbers < 1:
            raise ValueError(f"an operation takes at least 1 random number for each image, got {self.numbers}.")

    def __call__(self, images: Tensor, chance: Tensor) -> Tensor:
        """The changed images, of the images' type: neither autocast nor TensorFloat-32 rounds them.

        Args:
            images: [batch, channels, height, width] in [-1, 1].
            chance: [batch, numbers] in [0, 1), on the images' device.
        """
        check_images(images)
        if chance.shape != (len(images), self.numbers):
            expected = f"[{len(images)}, {self.numbers}]"
            raise ValueError(f"chance must have shape {expected}, got shape {tuple(chance.shape)}.")
        with full_precision(images.device.type):
            return self.change(images, chance)


def check_images(images: Tensor) -> None:
    """The argument must be a batch of images in floating-point numbers."""
    check_floating("images", images)
    if images.ndim != 4:
        raise ValueError(f"images must have shape [batch, channels, height, width], got shape {tuple(images.shape)}.")


def flipped(images: Tensor, chance: Tensor) -> Tensor:
    """Left and right exchanged where chance [batch, 1] is below one half."""
    return torch.where(_each(chance[:, 0]) < 0.5, images.flip(3), images)


def translated(images: Tensor, chance: Tensor) -> Tensor:
    """Each image moved by whole pixels, down and to the right or back, with grey (0) where nothing was.

    Args:
        images: [batch, channels, height, width].
        chance: [batch, 2]: 0 is furthest up or left, 1 furthest down or right.
    """
    rows, columns = (_shift(side, chance[:, each], images) for each, side in enumerate(images.shape[2:]))
    return rows[:, None] @ images @ columns[:, None].mT


def _shift(side: int, chance: Tensor, like: Tensor) -> Tensor:
    """For each image the matrix [side, side] that moves along one side: exact, as its numbers are 0 and 1."""
    furthest = max(1, round(side * _FURTHEST))
    steps = (chance * (2 * furthest + 1)).long() - furthest
    places = torch.arange(side, device=like.device)
    return (places[:, None] - steps[:, None, None] == places).to(like.dtype)


def recoloured(images: Tensor, chance: Tensor) -> Tensor:
    """Brightness up to 0.5 up or down, saturation times 0 to 2, contrast times 0.5 to 1.5; an opacity stays.

    Args:
        images: [batch, channels, height, width].
        chance: [batch, 3], for brightness, saturation and contrast.
    """
    opacity = 1 - images.shape[1] % 2
    colours, opaque = images.split((images.shape[1] - opacity, opacity), dim=1)
    brightness, saturation, contrast = (_each(each).to(images.dtype) for each in chance.unbind(1))
    colours = colours + (brightness - 0.5)
    grey = colours.mean(1, keepdim=True)
    colours = (colours - grey) * (2 * saturation) + grey
    level = colours.mean((1, 2, 3), keepdim=True)
    return torch.cat([(colours - level) * (contrast + 0.5) + level, opaque], dim=1)


def cut_out(images: Tensor, chance: Tensor) -> Tensor:
    """A square of half the side made grey (0), as far as it lies in the image.

    Args:
        images: [batch, channels, height, width].
        chance: [batch, 2]: where its centre is, from the upper left to the lower right corner.
    """
    rows, columns = (_covered(side, chance[:, each], images) for each, side in enumerate(images.shape[2:]))
    hidden = rows[:, None, :, None] & columns[:, None, None, :]
    return images.masked_fill(hidden, 0)


def _covered(side: int, chance: Tensor, like: Tensor) -> Tensor:
    """[batch, side]: whether a stretch of half the side lies over each place."""
    centre = (chance * (side + 1)).long()[:, None]
    places = torch.arange(side, device=like.device)
    half = max(1, side // 2)
    return (places >= centre - half // 2) & (places < centre - half // 2 + half)


def _each(values: Tensor) -> Tensor:
    """[batch] as [batch, 1, 1, 1]."""
    return values[:, None, None, None]


X_FLIP = Operation(1, flipped)
"""Left and right exchanged in every second image."""
COLOUR = Operation(3, recoloured)
"""Brightness, saturation, contrast."""
TRANSLATION = Operation(2, translated)
"""By up to an eighth of each side."""
CUTOUT = Operation(2, cut_out)
"""A square of half the side."""
