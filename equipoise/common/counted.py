"""Counts: whether something is one, and how it is said in words."""

from typing import TypeGuard


def counted(number: int, thing: str) -> str:
    """A number with the word for what is counted, in the plural where there is not exactly one.

    Examples:
        >>> counted(1, "iteration"), counted(2000, "sample grid"), counted(0, "class")
        ('1 iteration', '2,000 sample grids', '0 classes')
    """
    ending = "" if number == 1 else "es" if thing.endswith(("s", "x")) else "s"
    return f"{number:,} {thing}{ending}"


def is_count(value: object) -> TypeGuard[int]:
    """Whether it is a whole number of at least 0."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
