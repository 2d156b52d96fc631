"""The two resizes that published feature scores use, by name."""

from collections.abc import Callable

import torch
from torch.nn import functional

Resize = Callable[[torch.Tensor, int], torch.Tensor]
"""Images [batch, channels, height, width] in 0..255 and the wanted side, to [batch, channels, side, side]."""


def resize_reference(images: torch.Tensor, side: int) -> torch.Tensor:
    """Bilinear as TensorFlow 1 does, for the FID reference: no half-pixel centres, no antialiasing.

    source position of output i = i * (input side / output side)
    """
    return _lerp(_lerp(images, side, dimension=2), side, dimension=3)


def resize_clean(images: torch.Tensor, side: int) -> torch.Tensor:
    """Bicubic with antialiasing on floating-point channels and clipped to 0..255, as clean-fid (Parmar et al. 2022)."""
    size = (side, side)
    precise = images.double()  # Pillow's weights are double, and the difference shows
    resized = functional.interpolate(precise, size=size, mode="bicubic", align_corners=False, antialias=True)
    return resized.clamp(0, 255).to(images.dtype)


def keep_size(images: torch.Tensor, side: int) -> torch.Tensor:
    """No resize, for extractors that take the images as they are."""
    return images


RESIZES: dict[str, Resize] = {"reference": resize_reference, "clean": resize_clean, "none": keep_size}
"""By name, as in a passport."""


def _lerp(images: torch.Tensor, side: int, dimension: int) -> torch.Tensor:
    length = images.shape[dimension]
    if length == side:
        return images
    position = torch.arange(side, device=images.device, dtype=torch.float32) * (length / side)
    lower = position.floor().long().clamp_max(length - 1)
    upper = (lower + 1).clamp_max(length - 1)
    weight = (position - lower).to(images.dtype)
    weight = weight[:, None] if dimension == 2 else weight
    low = images.index_select(dimension, lower)
    return low + (images.index_select(dimension, upper) - low) * weight
