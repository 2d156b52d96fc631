"""What every loss asks of its arguments before the mathematics starts."""

import math

import torch

from equipoise.common.checks import (
    check_at_least,
    check_floating,
    check_no_nan,
    check_not_empty,
    check_same_shape,
    check_scores,
    is_readable,
)


def check_pair(**scores: torch.Tensor) -> None:
    """All arguments must be scores (non-empty, floating-point, no NaN) of one shape."""
    check_scores(**scores)
    check_same_shape(**scores)


def check_same_kind(**scores: torch.Tensor) -> None:
    """All arguments must be non-empty floating-point tensors of one shape; nothing is read from them."""
    for name, value in scores.items():
        check_floating(name, value)
        check_not_empty(name, value)
    check_same_shape(**scores)


def check_cause_of_nan(loss: torch.Tensor, **scores: torch.Tensor) -> None:
    """If the loss, to which a NaN in any argument spreads, is NaN, then no argument may hold one: a single look."""
    if is_readable(loss) and math.isnan(float(loss.detach())):
        for name, value in scores.items():
            check_no_nan(name, value)


def check_number(name: str, value: torch.Tensor) -> None:
    """The argument must be a 0-dimensional floating-point tensor without NaN."""
    check_floating(name, value)
    if value.ndim != 0:
        raise ValueError(f"{name} must be a 0-dimensional tensor, got shape {tuple(value.shape)}.")
    check_no_nan(name, value)


def check_non_negative(name: str, value: torch.Tensor | float) -> None:
    """The argument must be a finite number of at least 0, as a Python number or a 0-dimensional tensor.

    A tensor's value is looked at only where it `is_readable`.
    """
    if not isinstance(value, torch.Tensor):
        check_at_least(name, value, 0)
        return
    check_number(name, value)
    if is_readable(value):
        check_at_least(name, float(value.detach()), 0)


def check_samples(name: str, value: torch.Tensor, least: int) -> None:
    """The argument's first dimension, its batch, must hold at least `least` samples."""
    if value.shape[0] < least:
        raise ValueError(f"{name} must hold at least {least} samples, got shape {tuple(value.shape)}.")
