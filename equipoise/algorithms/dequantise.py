"""Noise that turns images of 256 levels into images of all values, as the code of WGAN-GP adds it to real ones."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from torch import Tensor

from equipoise.training.draw import Draw

Dequantisation = Literal["none", "unit", "symmetric"]
"""Noise on real images: none, or as wide as a level of 256 in [0, 1] or in [-1, 1]."""
_LEVELS = 256
_RANGES: Mapping[Dequantisation, tuple[float, float]] = {"unit": (0.0, 1.0), "symmetric": (-1.0, 1.0)}
"""The lowest and the highest value of an image in each range."""


def dequantised(images: Tensor, noise: Tensor, value_range: Dequantisation) -> Tensor:
    """low + (high - low) (v + u) / 256 with v the level 0..255 of a pixel and u its noise: every value in [low, high).

    In [-1, 1] this is 2 (v / 256 - 1/2) + U(0, 1/128), as in the code of WGAN-GP (Gulrajani et al. 2017) for CIFAR-10,
    or v / 128 - 1 + U(0, 1/128), as in the code of SNGAN (Miyato et al. 2018).

    Args:
        images: [batch, ...], v as low + (high - low) v / 255.
        noise: the same shape, from U(0, 1).
        value_range: "unit", [0, 1], or "symmetric", [-1, 1].
    """
    low, high = _RANGES[value_range]
    levels = (images - low) * ((_LEVELS - 1) / (high - low))
    return low + (levels + noise) * ((high - low) / _LEVELS)


def with_dequantised_images(draw: Draw, value_range: Dequantisation) -> Draw:
    """The draw with noise in its real images, or the draw itself for "none"."""
    if value_range == "none":
        return draw
    noise = draw.uniform("dequantisation", *draw.real.shape[1:])
    return replace(draw, real=dequantised(draw.real, noise, value_range))
