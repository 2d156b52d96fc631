"""The mode of an image made of several digits: each part is judged by a classifier of single digits."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch.nn import functional

from equipoise.common.checks import check_whole
from equipoise.metrics.arrays import Array, as_images, as_labels, as_tensor

_MOST_LABELS = 2**63
"""That int64 can count."""


class Judge(Protocol):
    """A classifier of images of one size, as `equipoise.evaluation.Classifier`."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(channels, height, width) of the images that it judges."""

    @property
    def classes(self) -> int:
        """How many it knows."""

    def probabilities(self, images: torch.Tensor, /) -> torch.Tensor:
        """Of each class for each image: [samples, classes]."""


def combined_labels(labels: Array, classes: int) -> torch.Tensor:
    """One number per sample from the classes of its parts, the first part being the most significant digit.

    Args:
        labels: [samples, parts] whole numbers in 0 .. classes - 1.
        classes: of each part, 10 for digits.

    Returns:
        [samples] in 0 .. classes^parts - 1.

    Examples:
        >>> combined_labels(torch.tensor([[1, 0, 7], [0, 4, 2]]), classes=10).tolist()
        [107, 42]
    """
    classes = check_whole("classes", classes, 1)
    parts = as_tensor("labels", labels)
    if parts.ndim != 2:
        raise ValueError(f"labels must have shape [samples, parts], got shape {tuple(parts.shape)}.")
    if classes ** parts.shape[1] > _MOST_LABELS:
        raise ValueError(f"labels have too many parts, {parts.shape[1]} of {classes} classes: int64 cannot count them.")
    flat = as_labels("labels", parts.reshape(-1), classes).reshape(parts.shape)
    weights = [classes**power for power in reversed(range(parts.shape[1]))]
    return (flat * torch.tensor(weights, device=flat.device)).sum(dim=1)


def stacked_labels(images: Array, classifier: Judge) -> torch.Tensor:
    """The number that stacked digits show, one digit per channel (stacked MNIST: 0 .. 999).

    Args:
        images: [samples, channels, height, width] in [0, 1], each channel of the classifier's size.
        classifier: of single-channel images.

    Returns:
        [samples], as `combined_labels`.
    """
    images = as_images("images", images)
    channels = images.flatten(0, 1)[:, None]
    labels = classifier.probabilities(channels).argmax(dim=1).reshape(images.shape[:2])
    return combined_labels(labels, classifier.classes)


def composed_labels(images: Array, classifier: Judge, slots: Sequence[tuple[int, int]], side: int) -> torch.Tensor:
    """The number that digits beside each other show (compositional MNIST: 0 .. 999).

    Each slot is cut out and resized to the classifier's size (bilinear, antialiased).

    Args:
        images: [samples, 1, height, width] in [0, 1].
        classifier: of single digits.
        slots: (top, left) of each digit, the most significant first.
        side: height and width of each slot.
    """
    images, side = as_images("images", images), check_whole("side", side, 1)
    parts = [images[:, :, top : top + side, left : left + side] for top, left in slots]
    if any(part.shape[2:] != (side, side) for part in parts):
        raise ValueError(
            f"slots must lie inside images of {tuple(images.shape[2:])}, got {list(slots)} of side {side}."
        )
    labels = [_labels_of(part, classifier) for part in parts]
    return combined_labels(torch.stack(labels, dim=1), classifier.classes)


def _labels_of(part: torch.Tensor, classifier: Judge) -> torch.Tensor:
    size = classifier.shape[1:]
    resized = functional.interpolate(part, size=size, mode="bilinear", align_corners=False, antialias=True)
    return classifier.probabilities(resized).argmax(dim=1)
