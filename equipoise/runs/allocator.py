"""Keeps freed memory for the next step instead of giving it back to the system.

A training step frees what the next one asks for again. By default glibc returns large blocks to the system, which hands
them out anew page by page, each cleared and mapped: on a CPU that takes up to a tenth of a step.
"""

import ctypes
import os
import sys
from functools import lru_cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LARGEST_FROM_HEAP = 32 << 20
"""glibc's own upper limit for blocks that come from the heap (mallopt(3), 64 bits)."""
_LARGEST_KEPT = 1 << 30
"""Free memory at the heap's end beyond this many bytes is given back."""


@lru_cache(maxsize=1)
def keep_freed_memory() -> bool:
    """From now on this process keeps up to one GiB of freed memory; results do not change.

    Returns:
        Whether it does: not with another C library than glibc, nor where the environment sets malloc's own variables.
    """
    if sys.platform != "linux" or any(name.startswith("MALLOC_") for name in os.environ):
        return False
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "gnu_get_libc_version"):
        return False
    kept = libc.mallopt(_TRIM_THRESHOLD, _LARGEST_KEPT)
    return bool(kept and libc.mallopt(_MMAP_THRESHOLD, _LARGEST_FROM_HEAP))
