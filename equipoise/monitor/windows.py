"""Means over windows of a fixed number of steps, however often they are read."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Windows:
    """Collects rows of numbers into windows, and returns each window's means once.

    The windows do not depend on when they are asked for, so that a resumed training finds the same.

    Attributes:
        steps: rows of a window.
        width: numbers of a row.
        kept: how many windows are remembered.
        means: of the newest windows, each [width].
        count: of all windows so far.
    """

    steps: int
    width: int
    kept: int = 1
    means: list[list[float]] = field(default_factory=list)
    count: int = 0
    rest: list[list[float]] = field(default_factory=list)

    def take(self, numbers: Sequence[float]) -> Iterator[list[float]]:
        """Add rows. Yields: the means of each window that becomes full."""
        for start in range(0, len(numbers), self.width):
            self.rest.append(list(numbers[start : start + self.width]))
            if len(self.rest) == self.steps:
                means = [_mean(column) for column in zip(*self.rest, strict=True)]
                self.means = [*self.means, means][-self.kept :]
                self.rest, self.count = [], self.count + 1
                yield means

    def state_dict(self) -> dict[str, Any]:
        """JSON values: a number that is not known is None."""
        means, rest = ([without_nan(row) for row in rows] for rows in (self.means, self.rest))
        return {"means": means, "count": self.count, "rest": rest}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.means, self.rest = ([with_nan(row) for row in state[name]] for name in ("means", "rest"))
        self.count = state["count"]


def without_nan(numbers: Sequence[float]) -> list[float | str | None]:
    """As JSON stores them: None for NaN, words for infinities."""
    return [None if math.isnan(each) else str(each) if math.isinf(each) else each for each in numbers]


def with_nan(numbers: Sequence[float | str | None]) -> list[float]:
    """The numbers again."""
    return [math.nan if number is None else float(number) for number in numbers]


def _mean(numbers: Sequence[float]) -> float:
    """Of those that are known; NaN stands for one that is not, and for a sum of infinities of both signs."""
    known = [number for number in numbers if not math.isnan(number)]
    add = math.fsum if all(map(math.isfinite, known)) else sum
    return add(known) / len(known) if known else math.nan
