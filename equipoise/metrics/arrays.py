"""Checks of a metric's arguments: NumPy or torch in, checked float64 or integer tensors out.

A NumPy array may be flipped, read-only, of another byte order or of another precision.
"""

import math
from typing import Any

import numpy as np
import torch

from equipoise.common.checks import check_whole, described
from equipoise.common.precision import widened

Array = torch.Tensor | np.ndarray[Any, Any]
"""What every metric accepts: a torch tensor on any device, or a numpy array."""

_PROBABILITY_TOLERANCE = 1e-3
_CHANNELS = (1, 2, 3, 4)
_FURTHEST = 1e290
"""Larger numbers are refused: their sums may leave the range of float64."""


def as_float64(name: str, value: Array, dimensions: str) -> torch.Tensor:
    """The array in float64 on its own device, with the named dimensions, not empty, every number finite."""
    tensor = _as_tensor(name, value, dimensions)
    if tensor.is_complex():
        raise ValueError(f"{name} must be real numbers, got {tensor.dtype}.")
    tensor = tensor.to(torch.float64)
    lowest, highest = ends(tensor)
    if not math.isfinite(lowest) or not math.isfinite(highest):
        wrong = int((~torch.isfinite(tensor)).sum())
        raise ValueError(f"{name} of shape {tuple(tensor.shape)} holds {wrong} values that are not finite.")
    largest = max(-lowest, highest)
    if largest > _FURTHEST:
        raise ValueError(f"{name} must hold numbers up to {_FURTHEST:g}, got {largest:.3g}.")
    return tensor


def as_probabilities(name: str, value: Array) -> torch.Tensor:
    """Rows of class probabilities [samples, classes] in float64: none negative, each row with the sum 1."""
    tensor = as_float64(name, value, "samples, classes")
    furthest = float((tensor.sum(dim=1) - 1).abs().max())
    if float(tensor.min()) < 0 or furthest > _PROBABILITY_TOLERANCE:
        raise ValueError(
            f"{name} must hold probabilities whose rows sum to 1; the smallest is {float(tensor.min()):.4g}"
            f" and a row's sum is off by {furthest:.4g} (were these logits?)."
        )
    return tensor


def as_distribution(name: str, value: Array, classes: int) -> torch.Tensor:
    """The probabilities of so many classes, [classes] in float64: none negative, with the sum 1."""
    shares = as_probabilities(name, as_float64(name, value, "classes")[None])[0]
    if len(shares) != classes:
        raise ValueError(f"{name} must have {classes} classes, got {len(shares)}.")
    return shares


def as_labels(name: str, value: Array, classes: int) -> torch.Tensor:
    """Class labels [samples] as int64, each in 0 .. classes - 1."""
    classes = check_whole("classes", classes, 1)
    tensor = _as_tensor(name, value, "samples")
    if tensor.is_floating_point() or tensor.is_complex() or tensor.dtype == torch.bool:
        raise ValueError(f"{name} must be whole numbers, got {tensor.dtype}.")
    tensor = tensor.to(torch.int64)
    if int(tensor.min()) < 0 or int(tensor.max()) >= classes:
        raise ValueError(f"{name} must lie in 0..{classes - 1}, got {int(tensor.min())}..{int(tensor.max())}.")
    return tensor


def ends(tensor: torch.Tensor) -> tuple[float, float]:
    """The least and the largest entry, found in one reading; both are NaN if any is."""
    least, largest = tensor.aminmax()
    return float(least), float(largest)


def as_tensor(name: str, value: Array) -> torch.Tensor:
    """The array as a tensor without a gradient, in its own precision where torch has it."""
    if isinstance(value, torch.Tensor):
        if value.device.type == "meta" or value.layout != torch.strided:
            raise ValueError(f"{name} must be a dense tensor that holds numbers, got {value.layout} on {value.device}.")
        return value.detach()
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} must be an array of numbers, got {type(value).__name__} of uneven shape.") from error
    if array.dtype.kind not in "biufc":
        raise ValueError(f"{name} must be an array of numbers, got {described(value)} of type {array.dtype}.")
    native = np.dtype(np.float64) if array.dtype.char == "g" else array.dtype.newbyteorder("=")
    return torch.from_numpy(np.array(array, dtype=native, order="C", copy=None if array.flags.writeable else True))


def as_images(name: str, value: Array) -> torch.Tensor:
    """Images [batch, channels, height, width], uint8 or floating-point, in float32 where they are narrower."""
    images = as_tensor(name, value)
    wanted = f"{name} must be uint8 or floating-point [batch, channels, height, width]"
    if images.ndim != 4 or (images.dtype != torch.uint8 and not images.is_floating_point()):
        raise ValueError(f"{wanted}, got {images.dtype} {tuple(images.shape)}.")
    if images.numel() == 0:
        raise ValueError(f"{name} must not be empty, got shape {tuple(images.shape)}.")
    if images.shape[3] in _CHANNELS and images.shape[1] not in _CHANNELS:
        raise ValueError(f"{wanted}, got shape {tuple(images.shape)}; are the channels last? Permute (0, 3, 1, 2).")
    values: torch.Tensor = widened(images)
    return values


def check_unit_range(name: str, images: torch.Tensor) -> None:
    """Floating-point images must lie in [0, 1], up to rounding."""
    least, largest = ends(images)
    if not (least >= -1e-6 and largest <= 1 + 1e-6):
        raise ValueError(f"{name} must lie in [0, 1], got {least:.4g}..{largest:.4g}.")


def _as_tensor(name: str, value: Array, dimensions: str) -> torch.Tensor:
    tensor = as_tensor(name, value)
    if tensor.ndim != len(dimensions.split(",")):
        raise ValueError(f"{name} must have shape [{dimensions}], got shape {tuple(tensor.shape)}.")
    if tensor.numel() == 0:
        raise ValueError(f"{name} must not be empty, got shape {tuple(tensor.shape)}.")
    return tensor
