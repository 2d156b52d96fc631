"""Standard streams that may be closed, full, or in an encoding without most letters."""

import contextlib
import os
import sys
from typing import Any, TextIO, cast

_STREAMS = ("stdin", "stdout", "stderr")


class Patient:
    """A stream for progress and warnings: if writing to it fails, the command continues."""

    def __init__(self, stream: TextIO):
        self._stream = stream

    def write(self, text: str) -> int:
        """Write as much as possible."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush as much as possible."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def prepare_streams() -> None:
    """Open closed streams on the null device, escape unencodable letters, and ignore failures of stderr.

    A closed stream's number would otherwise go to the next file that is opened, and that file would get the messages.
    Streams that somebody replaced, as a notebook or a test does, stay as they are.
    """
    for number, name in enumerate(_STREAMS):
        if getattr(sys, name) is None:
            _open_on_nothing(number, name)
        elif number and hasattr(getattr(sys, name), "reconfigure"):
            getattr(sys, name).reconfigure(errors="backslashreplace")
    if sys.stderr is not None and sys.stderr is sys.__stderr__:
        patient: Any = Patient(cast(Any, sys.stderr))
        sys.stderr = patient


def discard(stream: TextIO) -> None:
    """Discard all further output, so that the interpreter's own last flush does not fail again."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _open_on_nothing(number: int, name: str) -> None:
    try:
        os.fstat(number)
    except OSError:
        nothing = os.open(os.devnull, os.O_RDWR)
        if nothing != number:
            os.dup2(nothing, number)
            os.close(nothing)
    setattr(sys, name, open(os.devnull, "w" if number else "r", encoding="utf-8"))  # noqa: SIM115
