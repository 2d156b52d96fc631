"""Checks of tensors at the door of a public function.

A ValueError names the argument, its shape and what was expected.
"""

import math

import torch


class NotFiniteError(ValueError):
    """A tensor holds NaN: in a training loop, the sign that it has diverged."""


def check_scores(**scores: torch.Tensor) -> None:
    """Each argument must be a non-empty floating-point tensor without NaN, as in `check_scores(real_scores=...)`."""
    for name, value in scores.items():
        check_floating(name, value)
        check_not_empty(name, value)
        check_no_nan(name, value)


def check_floating(name: str, value: torch.Tensor) -> None:
    """The argument must be a floating-point tensor."""
    if not isinstance(value, torch.Tensor):
        raise ValueError(f"{name} must be a torch.Tensor, got {type(value).__name__}.")
    if not value.is_floating_point():
        raise ValueError(f"{name} must be floating-point, got {value.dtype} of shape {tuple(value.shape)}.")


def check_not_empty(name: str, value: torch.Tensor) -> None:
    """The argument must have at least one element and a batch dimension."""
    if value.ndim == 0:
        raise ValueError(f"{name} must have a batch dimension, got a 0-dimensional tensor.")
    if value.numel() == 0:
        raise ValueError(f"{name} must not be empty, got shape {tuple(value.shape)}.")


def check_no_nan(name: str, value: torch.Tensor) -> None:
    """No element may be NaN. Only tensors on the CPU are looked at: on a GPU the look would stall the training loop."""
    if value.device.type != "cpu" or not math.isnan(float(value.detach().sum())):
        return  # without NaN in the sum there is none in the parts; infinities of both signs need the second look
    if bool(torch.isnan(value.detach()).any()):
        raise NotFiniteError(f"{name} of shape {tuple(value.shape)} holds NaN; expected numbers.")


def check_dimensions(name: str, value: torch.Tensor, dimensions: str) -> None:
    """The argument must have as many dimensions as `dimensions` names, as in "batch, features"."""
    expected = len(dimensions.split(","))
    if value.ndim != expected:
        raise ValueError(f"{name} must have shape [{dimensions}], got shape {tuple(value.shape)}.")


def check_same_shape(**values: torch.Tensor) -> None:
    """All arguments must have one shape."""
    (first, reference), *others = values.items()
    for name, value in others:
        if value.shape != reference.shape:
            raise ValueError(
                f"{name} must have the shape of {first}, {tuple(reference.shape)}, got {tuple(value.shape)}."
            )


def check_at_least(name: str, value: float, least: float) -> None:
    """The number must be finite and at least `least`."""
    if not math.isfinite(value) or value < least:
        raise ValueError(f"{name} must be a finite number of at least {least}, got {value}.")


def check_positive(name: str, value: float) -> None:
    """The number must be finite and above zero."""
    if not math.isfinite(value) or value <= 0:
        raise ValueError(f"{name} must be a finite number above 0, got {value}.")
