"""Arrays at the door of a metric: numpy or torch in, checked float64 or whole-number tensors out."""

import math
from typing import Any

import numpy as np
import torch

Array = torch.Tensor | np.ndarray[Any, Any]
"""What every metric accepts: a torch tensor on any device, or a numpy array."""

_PROBABILITY_TOLERANCE = 1e-3


def as_float64(name: str, value: Array, dimensions: str) -> torch.Tensor:
    """The array in float64 on its own device, with the named dimensions, not empty, every number finite."""
    tensor = _as_tensor(name, value, dimensions)
    if tensor.is_complex():
        raise ValueError(f"{name} must be real numbers, got {tensor.dtype}.")
    tensor = tensor.to(torch.float64)
    if not all(math.isfinite(end) for end in ends(tensor)):
        wrong = int((~torch.isfinite(tensor)).sum())
        raise ValueError(f"{name} of shape {tuple(tensor.shape)} holds {wrong} values that are not finite.")
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


def as_labels(name: str, value: Array, classes: int) -> torch.Tensor:
    """Class labels [samples] as int64, each in 0 .. classes - 1."""
    if classes < 1:
        raise ValueError(f"classes must be at least 1, got {classes}.")
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


def _as_tensor(name: str, value: Array, dimensions: str) -> torch.Tensor:
    tensor = (value if isinstance(value, torch.Tensor) else torch.from_numpy(np.ascontiguousarray(value))).detach()
    if tensor.ndim != len(dimensions.split(",")):
        raise ValueError(f"{name} must have shape [{dimensions}], got shape {tuple(tensor.shape)}.")
    if tensor.numel() == 0:
        raise ValueError(f"{name} must not be empty, got shape {tuple(tensor.shape)}.")
    return tensor
