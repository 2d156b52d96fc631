"""Where losses without an adversary take distances: in pixels or points, or in a pretrained network's features."""

from functools import cache
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from equipoise.networks.efficientnet_lite import EfficientNetLite0
from equipoise.networks.pretrained import LITE0_MEAN, LITE0_SCALE, lite0_network
from equipoise.training.distributed import gather_each

Features = Literal["none", "unit", "symmetric"]
"""None; or EfficientNet-Lite0's, of images in [0, 1] or in [-1, 1]."""
_LEAST_SIDE = 64
"""Smaller images are enlarged to so many pixels."""


def flat_of_each(features: Features, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    """The vectors of real and generated samples of all processes, the latter with their gradient.

    Args:
        features: where.
        real: [batch, ...].
        fake: [batch, ...].

    Returns: [batch, features] twice; pixels or points are flattened.
    """
    if features != "none":
        with torch.no_grad():
            real = lite0_features(real, features)
        fake = lite0_features(fake, features)
    own_real, own_fake = gather_each(real.flatten(1), fake.flatten(1))
    return own_real, own_fake


def lite0_features(images: Tensor, value_range: Features) -> Tensor:
    """EfficientNet-Lite0's features, with a gradient to the images.

    Args:
        images: [batch, 1 or 3, height, width].
        value_range: theirs.

    Returns: [batch, 1280].
    """
    if images.ndim != 4 or images.shape[1] not in (1, 3):
        raise ValueError(f"features need images of 1 or 3 channels, got shape {tuple(images.shape)}.")
    network = _network(images.device, images.dtype)
    levels = images * 255 if value_range == "unit" else (images + 1) * 127.5
    ready = ((levels - LITE0_MEAN) / LITE0_SCALE).expand(-1, 3, -1, -1)
    if min(ready.shape[2:]) < _LEAST_SIDE:
        ready = functional.interpolate(ready, size=(_LEAST_SIDE, _LEAST_SIDE), mode="bilinear", align_corners=False)
    found: Tensor = network(ready)
    return found


@cache
def _network(device: torch.device, dtype: torch.dtype) -> EfficientNetLite0:
    """Kept for the process: its weights never change, so that no checkpoint holds them."""
    return lite0_network().to(device, dtype).eval().requires_grad_(False)
