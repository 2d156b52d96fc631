"""What a command is."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """One command of the command line.

    Attributes:
        run: does the work. Returns: the exit status.
        summary: one sentence about it.
        example: a line that works.
        fill: adds its arguments to a parser.
    """

    run: Callable[[argparse.Namespace], int]
    summary: str
    example: str
    fill: Callable[[argparse.ArgumentParser], None]
