"""Checks of a data set's fields: one sentence that names the set, the field and what would be right. Torch-free."""

import math
from collections.abc import Sequence
from typing import Literal, get_args

from equipoise.common.errors import EquipoiseError, UnknownName

Resampling = Literal["bilinear", "lanczos", "nearest"]
"""The filter that images are resized with; the first two are widened where an image shrinks (antialiased)."""


def check_choice(name: str, field: str, value: str, allowed: Sequence[str]) -> None:
    """The value must be one of the allowed words."""
    if value not in allowed:
        raise UnknownName(f"{field} of {name}", str(value), allowed)


def check_whole(name: str, field: str, value: int, least: int, most: int) -> None:
    """The value must be a whole number in [least, most]."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise EquipoiseError(f"{field} of {name} must be a whole number from {least} to {most}, not {value!r}.")


def check_resampling(name: str, value: str) -> None:
    """The value must be one of the filters."""
    check_choice(name, "resampling", value, get_args(Resampling))


def check_above_zero(name: str, field: str, value: float) -> None:
    """The value must be a finite number above zero."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        raise EquipoiseError(f"{field} of {name} must be a finite number above 0, not {value!r}.")


def check_path(name: str, value: str) -> None:
    """The value must be text that can be a path."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise EquipoiseError(f"path of {name} must be the path of a file or folder, not {value!r}.")
