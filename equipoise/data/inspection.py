"""What pictures are like, before anything is trained on them: near-duplicates, classes, and left against right."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from equipoise.data.store import Store

_THUMBNAIL = 8
_COMPARED, _AGAINST = 2_000, 20_000
_TWIN = 0.01
"""Root mean square difference of two thumbnails, of a range of 1, below which two pictures count as twins."""
_ONE_SIDED, _TOLD_FROM = 0.3, 30
_SPREAD = 4.0
"""Standard errors that a difference between left and right may have by chance, as the largest of many places."""


@dataclass(frozen=True)
class Look:
    """What the pictures themselves say.

    Attributes:
        compared: how many were compared with the others.
        twins: how many of those have a near-duplicate among the others.
        sides_are_alike: whether left and right can be exchanged; not so for letters and digits.
        labels: how many pictures each class has; empty without classes.
    """

    compared: int
    twins: int
    sides_are_alike: bool
    labels: tuple[int, ...]


def look(store: Store) -> Look:
    """Compare thumbnails of up to 20,000 pictures: some with all others, and each with its mirror image."""
    thumbnails = _thumbnails(store)
    compared = thumbnails[_evenly(len(thumbnails), _COMPARED)]
    labels = () if store.labels is None else tuple(torch.bincount(store.labels.cpu(), minlength=store.classes).tolist())
    return Look(len(compared), _twins(compared, thumbnails), _sides_are_alike(thumbnails), labels)


def _thumbnails(store: Store) -> Tensor:
    """[count, channels, 8, 8] in [0, 1]."""
    places = _evenly(len(store), _AGAINST)
    parts = [store.items.gather(some).cpu().float() / 255 for some in places.split(1000)]
    return torch.cat([adaptive_avg_pool2d(part, _THUMBNAIL) for part in parts])


def _evenly(count: int, most: int) -> Tensor:
    """Up to `most` indices, evenly over so many."""
    return torch.arange(count) if count <= most else torch.linspace(0, count - 1, most).long()


def _twins(some: Tensor, thumbnails: Tensor) -> int:
    """How many have a near-duplicate besides themselves."""
    flat, found = thumbnails.flatten(1), 0
    reach = _TWIN * flat.shape[1] ** 0.5
    for part in some.flatten(1).split(250):
        found += int(((torch.cdist(part, flat) <= reach).sum(1) > 1).sum())
    return found


def _sides_are_alike(thumbnails: Tensor) -> bool:
    """Whether the mean of (left - right) is small at every place, measured in its own deviations."""
    if len(thumbnails) < _TOLD_FROM:
        return True
    grey = thumbnails[:, :3].mean(1)
    apart = (grey - grey.flip(2))[:, :, : _THUMBNAIL // 2].flatten(1)
    effect = apart.mean(0).abs() / (apart.std(0, correction=0) + 1e-3)
    return bool(effect.max() <= max(_ONE_SIDED, _SPREAD / len(apart) ** 0.5))
