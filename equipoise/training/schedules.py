"""Schedules: how a number changes during a run, as a factor on it: a learning rate, gamma, an average's half-life."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields, is_dataclass, replace


@dataclass(frozen=True)
class Schedule(ABC):
    """How a number changes, such as a learning rate: a function of the iteration, so that a resume needs no state."""

    @abstractmethod
    def factor(self, iteration: int) -> float:
        """What the number is multiplied by in this iteration (0-based, over the whole run)."""

    def ends_by(self, iteration: int) -> bool:
        """Whether the course was laid out to be over by then: a run that goes on draws it out to its new end."""
        return False

    @abstractmethod
    def stretched(self, factor: float) -> "Schedule":
        """The same schedule for a run that is `factor` times as long."""


@dataclass(frozen=True)
class Constant(Schedule):
    """The number never changes."""

    def factor(self, iteration: int) -> float:
        """Always 1."""
        return 1.0

    def stretched(self, factor: float) -> "Constant":
        """The same."""
        return self


@dataclass(frozen=True)
class LinearDecay(Schedule):
    """Falls on a straight line from 1 at iteration `start` to 0 at iteration `end` (WGAN-GP, SNGAN)."""

    end: int
    start: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"linear decay needs 0 <= start < end, got start {self.start} and end {self.end}.")

    def factor(self, iteration: int) -> float:
        """1 up to `start`, 0 from `end`."""
        return min(1.0, max(0.0, (self.end - iteration) / (self.end - self.start)))

    def ends_by(self, iteration: int) -> bool:
        """Whether the rate is 0."""
        return self.end <= iteration

    def stretched(self, factor: float) -> "LinearDecay":
        """Both ends, `factor` times as late."""
        end = _stretched(self.end, factor)
        return LinearDecay(end, min(round(self.start * factor), end - 1))


@dataclass(frozen=True)
class Halving(Schedule):
    """Halves every `every` iterations, but never falls below `least` times the first rate (BEGAN)."""

    every: int
    least: float = 0.0

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError(f"halving needs a period of at least 1 iteration, got {self.every}.")
        if not 0 <= self.least <= 1:
            raise ValueError(f"halving needs a least factor from 0 to 1, got {self.least}.")

    def factor(self, iteration: int) -> float:
        """0.5 to the power of the completed periods, or `least`."""
        return max(self.least, float(0.5 ** (iteration // self.every)))

    def stretched(self, factor: float) -> "Halving":
        """A period `factor` times as long."""
        return replace(self, every=_stretched(self.every, factor))


@dataclass(frozen=True)
class WarmUpThenDecay(Schedule):
    """Rises from 0 over the first iterations, stays at 1, and falls on a straight line to `least` at the end.

    Attributes:
        end: the iteration from which on the rate stays at `least`.
        start: the iteration in which it begins to fall.
        warm_up: over so many iterations it rises; it keeps this length in a longer or shorter run.
        least: the last factor, from 0 to 1.
    """

    end: int
    start: int = 0
    warm_up: int = 0
    least: float = 0.1

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"the decay needs 0 <= start < end, got start {self.start} and end {self.end}.")
        if self.warm_up < 0:
            raise ValueError(f"warm_up must be at least 0, got {self.warm_up}.")
        if not 0 <= self.least <= 1:
            raise ValueError(f"least must lie between 0 and 1, got {self.least}.")

    def factor(self, iteration: int) -> float:
        """The smaller of the rising and the falling line."""
        rising = (iteration + 1) / (self.warm_up + 1)
        fallen = min(1.0, max(0.0, (iteration - self.start) / (self.end - self.start)))
        return min(1.0, rising, 1.0 - (1.0 - self.least) * fallen)

    def ends_by(self, iteration: int) -> bool:
        """Whether the rate is `least`."""
        return self.end <= iteration

    def stretched(self, factor: float) -> "WarmUpThenDecay":
        """Start and end `factor` times as late."""
        end = _stretched(self.end, factor)
        return replace(self, end=end, start=min(round(self.start * factor), end - 1))


@dataclass(frozen=True)
class Cosine(Schedule):
    """Goes from `first` to `last` along half a cosine, and stays there from iteration `end` on.

    Attributes:
        end: the iteration from which on the factor is `last`.
        first: the factor of iteration 0, at least 0.
        last: the last factor, at least 0; it may be larger than the first.
    """

    end: int
    first: float = 1.0
    last: float = 0.0

    def __post_init__(self) -> None:
        if self.end < 1:
            raise ValueError(f"the cosine needs an end of at least 1 iteration, got {self.end}.")
        for factor in (self.first, self.last):
            if not 0 <= factor < float("inf"):
                raise ValueError(f"the cosine needs finite factors of at least 0, got {factor}.")

    def factor(self, iteration: int) -> float:
        """`first` at 0, `last` from `end` on."""
        fallen = (1 - math.cos(math.pi * min(1.0, iteration / self.end))) / 2
        return self.first + (self.last - self.first) * fallen

    def ends_by(self, iteration: int) -> bool:
        """Whether the factor is `last`."""
        return self.end <= iteration

    def stretched(self, factor: float) -> "Cosine":
        """The end, `factor` times as late."""
        return replace(self, end=_stretched(self.end, factor))


def courses(settings: object) -> dict[str, Schedule]:
    """The fields of a frozen dataclass that are schedules, without those that never change."""
    return {name: each for name, each in schedules(settings).items() if each != Constant()}


def schedules(settings: object) -> dict[str, Schedule]:
    """The fields of a frozen dataclass that are schedules."""
    if not is_dataclass(settings):
        return {}
    values = {each.name: getattr(settings, each.name) for each in fields(settings)}
    return {name: value for name, value in values.items() if isinstance(value, Schedule)}


def _stretched(iterations: int, factor: float) -> int:
    return max(1, round(iterations * factor))
