"""One writer at a time: two processes that train in one directory would write into each other's log."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.say import say

PATIENCE_SECONDS = 30.0
"""So long a resume waits for a process that was told to end and is still saving."""
_PAUSE_SECONDS = 0.05


@contextmanager
def only_writer(config: Path, patience_seconds: float | None = None) -> Iterator[None]:
    """Within, this process alone writes into the run whose configuration file this is.

    The lock is the system's, on the file itself: it ends with the process, however that ends. Where the file system
    knows no locks, nothing is locked.

    Raises:
        EquipoiseError: another process still writes there after the patience.
    """
    patience = PATIENCE_SECONDS if patience_seconds is None else patience_seconds
    try:
        file = open(config, "r+b")  # noqa: SIM115
    except OSError:
        yield  # read-only: whoever tries to write is told so
        return
    with file:
        _wait_for_lock(file, config.parent, patience)
        yield


def _wait_for_lock(file: IO[bytes], directory: Path, patience_seconds: float) -> None:
    end, told = time.monotonic() + patience_seconds, False
    while not _locked(file):
        if time.monotonic() > end:
            raise EquipoiseError(
                f"another process is training in {printable(directory)}; wait for it, or end it, then resume."
            )
        if not told:
            say(f"waiting for another process that trains in {printable(directory)}")
        told = True
        time.sleep(_PAUSE_SECONDS)


def _locked(file: IO[bytes]) -> bool:
    """Try to take the lock. Returns: whether it is this process's, or cannot be had on this system at all."""
    try:
        locks: Any = import_module("fcntl")
    except ImportError:
        return True
    try:
        locks.flock(file, locks.LOCK_EX | locks.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
