"""Progress while a data set is first read: a bar on a terminal, otherwise an occasional line."""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from tqdm import tqdm

from equipoise.common.durations import duration
from equipoise.common.errors import printable
from equipoise.common.say import say

_EVERY_SECONDS = 10.0
_quiet = ContextVar("quiet", default=False)
Thing = TypeVar("Thing")


@contextmanager
def without_progress(quiet: bool = True) -> Iterator[None]:
    """Inside this context, reading shows no progress if `quiet`."""
    before = _quiet.set(quiet)
    try:
        yield
    finally:
        _quiet.reset(before)


def is_shown() -> bool:
    """Whether there is somebody to show a bar to."""
    return not _quiet.get() and sys.stderr is not None and sys.stderr.isatty()


def shown(things: Iterable[Thing], name: str, unit: str, total: int | None = None) -> Iterator[Thing]:
    """Iterate over the items and show how many are done.

    Args:
        things: what is read.
        name: the data set's, for the bar.
        unit: what is counted, in the plural.
        total: how many there will be, where that is known.
    """
    if _quiet.get() or sys.stderr is None:
        yield from things
    elif sys.stderr.isatty():
        yield from tqdm(things, desc=printable(name), unit=f" {unit}", total=total, file=sys.stderr, dynamic_ncols=True)
    else:
        yield from _in_lines(things, printable(name), unit, total)


def _in_lines(things: Iterable[Thing], name: str, unit: str, total: int | None) -> Iterator[Thing]:
    begun = told = time.monotonic()
    for count, thing in enumerate(things):
        now = time.monotonic()
        if now - told >= _EVERY_SECONDS:
            told = now
            of = f" of {total:,}" if total else ""
            rate = f", {_rate(count / (now - begun))} a second" if count else ""
            left = f", {duration((total - count) * (now - begun) / count)} left" if total and count else ""
            say(f"{name}: {count:,}{of} {unit}{rate}{left}")
        yield thing


def _rate(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"
