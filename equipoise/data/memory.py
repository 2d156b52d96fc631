"""How much memory there is, and whether a data set may be kept in it."""

import math
import os
from pathlib import Path

from equipoise.common.errors import EquipoiseError

_SHARE_VARIABLE = "EQUIPOISE_MEMORY_SHARE"
_DEFAULT_SHARE = 0.25
_ASSUMED_BYTES = 8 << 30


def fits_in_memory(size_bytes: int) -> bool:
    """Whether this many bytes fit into the allowed share of the machine's memory (by default a quarter)."""
    return size_bytes <= memory_share() * memory_bytes()


def memory_share() -> float:
    """`EQUIPOISE_MEMORY_SHARE`, from 0 (always map files) to 1, or a quarter.

    Raises:
        EquipoiseError: the variable holds something else.
    """
    text = os.environ.get(_SHARE_VARIABLE, "")
    if not text:
        return _DEFAULT_SHARE
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1:
        raise EquipoiseError(f"{_SHARE_VARIABLE} must be a number from 0 to 1, not {text!r}.")
    return share


def memory_bytes() -> int:
    """The machine's memory, or the container's limit where that is lower."""
    return min(_physical_bytes(), _container_limit())


def _physical_bytes() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return _ASSUMED_BYTES


def _container_limit() -> int:
    try:
        text = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return 1 << 62
    return int(text) if text.isdigit() else 1 << 62
