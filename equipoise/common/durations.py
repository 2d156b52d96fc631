"""Lengths of time in words."""

from equipoise.common.counted import counted

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
_ENOUGH = 3
"""From so many of the larger unit on, the smaller one is left out."""


def duration(seconds: float) -> str:
    """A length of time in one or two units, as in "2 hours 5 minutes".

    Examples:
        >>> [duration(each) for each in (0.2, 42, 100, 599, 3590, 5000, 90_000)]
        ['1 second', '42 seconds', '1 minute 40 seconds', '10 minutes', '1 hour', '1 hour 23 minutes', '1 day 1 hour']
    """
    left = max(1, round(seconds))
    for size, _ in reversed(_UNITS):
        left = round(left / size) * size if left >= _ENOUGH * size else left
    for place, (size, name) in enumerate(_UNITS):
        if left >= _ENOUGH * size or size == 1:
            return counted(round(left / size), name)
        if left >= size:
            smaller, called = _UNITS[place + 1]
            whole, rest = divmod(round(left / smaller), size // smaller)
            return counted(whole, name) + (f" {counted(rest, called)}" if rest else "")
    raise AssertionError("a second is the smallest unit")
