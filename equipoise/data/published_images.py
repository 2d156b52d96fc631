"""Published images, resized: held in memory if they fit, else kept in the cache and mapped."""

import hashlib
from collections.abc import Callable, Iterator

import torch

from equipoise.data.cache import Batch, Reading, cached_store
from equipoise.data.memory import fits_in_memory
from equipoise.data.store import Store, held

_CHUNK_IMAGES = 2048
Resize = Callable[[torch.Tensor, int], torch.Tensor]
"""From images and a side in pixels to images of that side."""


def resized_store(
    name: str, images: torch.Tensor, labels: torch.Tensor, classes: int, resolution: int, resize: Resize
) -> Store:
    """The images at another resolution.

    Args:
        name: the set's name, for messages.
        images: uint8 [count, channels, height, width], as published.
        labels: int64 [count].
        classes: how many classes there are.
        resolution: the side of the square results.
        resize: of `equipoise.data.resize`, a function of images and resolution.
    """
    shape = (images.shape[1], resolution, resolution)
    if fits_in_memory(len(images) * shape[0] * resolution**2):
        return held(resize(images, resolution), labels, classes)

    def batches(skipped: object) -> Iterator[Batch]:
        for some, classes_of_some in zip(images.split(_CHUNK_IMAGES), labels.split(_CHUNK_IMAGES), strict=True):
            yield resize(some, resolution).numpy(), classes_of_some.numpy()

    digest = hashlib.sha256(images.numpy().tobytes() + labels.numpy().tobytes()).hexdigest()
    return cached_store(Reading(name, f"{name}\0{resolution}\0{digest}", shape, classes, batches))
