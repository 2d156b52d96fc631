"""One writer at a time: two processes that train in one directory would write into each other's log."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import try_lock
from equipoise.common.say import say

PATIENCE_SECONDS = 30.0
"""So long a resume waits for a process that was told to end and is still saving."""
_PAUSE_SECONDS = 0.05


class Replaced(EquipoiseError):
    """The directory of a running run was removed or replaced."""


@dataclass(frozen=True)
class Claim:
    """The lock by which only this process writes into a run.

    Attributes:
        config: the run's configuration file.
        file: the same file, locked; None where it cannot be written to, or another process of the run has the lock.
    """

    config: Path
    file: IO[bytes] | None

    def check(self) -> None:
        """Call it before each write: the locked file must still be the one in the directory.

        Raises:
            Replaced: it is not.
        """
        if self.file is not None and not _stands(self.file, self.config):
            raise Replaced(
                f"{printable(self.config)} was removed or replaced while this run was training; it has stopped, and "
                "has left what is there alone."
            )


@contextmanager
def only_writer(config: Path, patience_seconds: float | None = None) -> Iterator[Claim]:
    """Inside this context, only this process writes into the run of this configuration file.

    The lock is the system's, on the file itself: it ends with the process, however that ends. Where the file system
    knows no locks, nothing is locked.

    Raises:
        EquipoiseError: another process still writes there after the patience.
    """
    patience = PATIENCE_SECONDS if patience_seconds is None else patience_seconds
    file = _open(config)
    if file is None:
        yield Claim(config, None)
        return
    with file:
        _wait_for_lock(file, config.parent, patience)
        claim = Claim(config, file)
        claim.check()
        yield claim


def is_claimed(config: Path) -> bool:
    """Whether another process writes into the run of this configuration file now, as far as can be told."""
    file = _open(config)
    if file is None:
        return False
    with file:
        return not try_lock(file)


def _open(config: Path) -> IO[bytes] | None:
    try:
        return open(config, "r+b")
    except OSError:
        return None  # read-only: whoever tries to write is told so


def _stands(file: IO[bytes], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False


def _wait_for_lock(file: IO[bytes], directory: Path, patience_seconds: float) -> None:
    end, told = time.monotonic() + patience_seconds, False
    while not try_lock(file):
        if time.monotonic() > end:
            raise EquipoiseError(
                f"another process is training in {printable(directory)}; wait for it, or stop it, then resume."
            )
        if not told:
            say(f"waiting for another process that trains in {printable(directory)}")
        told = True
        time.sleep(_PAUSE_SECONDS)
