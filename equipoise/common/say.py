"""Messages to the user, on stderr."""

import os
import sys


def speaks() -> bool:
    """Whether this process says what all processes of a run have to say: the only one, or torchrun's first."""
    return os.environ.get("RANK", "0") == "0"


def say(line: str) -> None:
    """Write a line above whatever progress bar is shown; nowhere if stderr is closed, or by another process's side."""
    if speaks():
        _write(line)


def _write(line: str) -> None:
    from tqdm import tqdm  # here, so that commands that say nothing start sooner

    if sys.stderr is not None:
        tqdm.write(line, file=sys.stderr)
        sys.stderr.flush()


def warn(sentence: str) -> None:
    """Write a warning, like `say`, in every process."""
    _write(f"warning: {sentence}")
