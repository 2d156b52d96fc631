"""Resizing of images while they are read: bilinear with antialiasing, or another Pillow filter if a paper uses it."""

import hashlib
from collections.abc import Callable, Iterator

import numpy as np
import torch
from PIL import Image
from torch.nn.functional import interpolate, pad

from equipoise.data.cache import Batch, Reading, cached_store
from equipoise.data.fields import Resampling
from equipoise.data.memory import fits_in_memory
from equipoise.data.store import Store, held

_CHUNK_IMAGES = 2048
Resize = Callable[[torch.Tensor, int], torch.Tensor]
"""From images and a side in pixels to images of that side."""


def resized_store(
    name: str, images: torch.Tensor, labels: torch.Tensor, classes: int, resolution: int, resize: Resize
) -> Store:
    """Published images at another resolution: held in memory if they fit, else kept in the cache and mapped.

    Args:
        name: the set's name, for messages.
        images: uint8 [count, channels, height, width], as published.
        labels: int64 [count].
        classes: how many classes there are.
        resolution: the side of the square results.
        resize: `resize_grey` or `resize_square`.
    """
    shape = (images.shape[1], resolution, resolution)
    if fits_in_memory(len(images) * shape[0] * resolution**2):
        return held(resize(images, resolution), labels, classes)

    def batches(skipped: object) -> Iterator[Batch]:
        for some, classes_of_some in zip(images.split(_CHUNK_IMAGES), labels.split(_CHUNK_IMAGES), strict=True):
            yield resize(some, resolution).numpy(), classes_of_some.numpy()

    digest = hashlib.sha256(images.numpy().tobytes() + labels.numpy().tobytes()).hexdigest()
    return cached_store(Reading(name, f"{name}\0{resolution}\0{digest}", shape, classes, batches))


def resize_grey(images: torch.Tensor, resolution: int) -> torch.Tensor:
    """Square uint8 images [count, 1, size, size] at the resolution; 28 to 32 adds a black border of two pixels."""
    size = images.shape[-1]
    if resolution == size:
        return images
    if (size, resolution) == (28, 32):
        return pad(images, (2, 2, 2, 2))
    return resize_square(images, resolution)


def resize_square(images: torch.Tensor, resolution: int, resampling: Resampling = "bilinear") -> torch.Tensor:
    """uint8 [count, channels, height, width] to [count, channels, resolution, resolution]; Pillow needs colour."""
    if images.shape[-2:] == (resolution, resolution):
        return images
    if resampling != "bilinear":
        return torch.stack([_by_pillow(image, resolution, resampling) for image in images])
    chunks = [_interpolated(chunk, resolution) for chunk in images.split(_CHUNK_IMAGES)]
    return torch.cat(chunks)


def _interpolated(images: torch.Tensor, resolution: int) -> torch.Tensor:
    size = (resolution, resolution)
    values = interpolate(images.to(torch.float32), size, mode="bilinear", antialias=True, align_corners=False)
    return values.round_().clamp_(0, 255).to(torch.uint8)


def _by_pillow(image: torch.Tensor, resolution: int, resampling: Resampling) -> torch.Tensor:
    picture = Image.fromarray(image.permute(1, 2, 0).numpy())
    resized = picture.resize((resolution, resolution), Image.Resampling[resampling.upper()])
    return torch.from_numpy(np.array(resized)).permute(2, 0, 1)
