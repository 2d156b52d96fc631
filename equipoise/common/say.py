"""Messages to the user, on stderr."""

import sys


def say(line: str) -> None:
    """Write a line above whatever progress bar is shown; nowhere if stderr is closed."""
    from tqdm import tqdm  # here, so that commands that say nothing start sooner

    if sys.stderr is not None:
        tqdm.write(line, file=sys.stderr)
        sys.stderr.flush()


def warn(sentence: str) -> None:
    """Write a warning, like `say`."""
    say(f"warning: {sentence}")
