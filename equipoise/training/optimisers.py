"""Optimisers and learning-rate schedules as frozen settings; torch's own optimisers do the work."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import torch
from torch import nn

from equipoise.training.adamax import LeanAdamax


@dataclass(frozen=True)
class Schedule(ABC):
    """How a learning rate changes: a pure function of the iteration, so that a resume needs no state."""

    @abstractmethod
    def factor(self, iteration: int) -> float:
        """What the learning rate is multiplied by in this iteration (0-based, over the whole run)."""

    def ends_by(self, iteration: int) -> bool:
        """Whether the course was laid out to be over by then: a run that goes on draws it out to its new end."""
        return False

    @abstractmethod
    def stretched(self, factor: float) -> "Schedule":
        """The same schedule for a run that is `factor` times as long."""


@dataclass(frozen=True)
class Constant(Schedule):
    """The learning rate never changes."""

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


@dataclass(frozen=True, kw_only=True)
class Optimiser(ABC):
    """Settings of one player's optimiser.

    Attributes:
        lr: the learning rate before the schedule, above 0.
        schedule: the learning rate's course.
    """

    lr: float
    schedule: Schedule = field(default_factory=Constant)

    def __post_init__(self) -> None:
        if not 0 < self.lr < float("inf"):
            raise ValueError(f"lr must be a finite number above 0, got {self.lr}.")

    @abstractmethod
    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """The torch optimiser over these parameters."""


@dataclass(frozen=True, kw_only=True)
class _WithMoments(Optimiser):
    """What keeps moments of the gradient: how fast they decay, and what is added to the divisor."""

    betas: tuple[float, float] = (0.5, 0.999)
    eps: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_betas(self.betas)
        _check_eps(self.eps)


@dataclass(frozen=True, kw_only=True)
class Adam(_WithMoments):
    """Adam (Kingma and Ba 2015), in torch's fused form."""

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """torch.optim.Adam."""
        return torch.optim.Adam(parameters, lr=self.lr, betas=self.betas, eps=self.eps, fused=True)


@dataclass(frozen=True, kw_only=True)
class Adamax(_WithMoments):
    """Adamax (Kingma and Ba 2015, section 7.1), the optimiser of MAGAN."""

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """Computes the same as torch.optim.Adamax."""
        return LeanAdamax(parameters, self.lr, self.betas, self.eps)


@dataclass(frozen=True, kw_only=True)
class RMSprop(Optimiser):
    """RMSprop (Tieleman and Hinton 2012), the optimiser of WGAN with clipping."""

    alpha: float = 0.99
    eps: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_below_one("alpha", self.alpha)
        _check_eps(self.eps)

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """torch.optim.RMSprop."""
        return torch.optim.RMSprop(parameters, lr=self.lr, alpha=self.alpha, eps=self.eps)


@dataclass(frozen=True, kw_only=True)
class SGD(Optimiser):
    """Stochastic gradient descent, with momentum if wanted."""

    momentum: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_below_one("momentum", self.momentum)

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """torch.optim.SGD."""
        return torch.optim.SGD(parameters, lr=self.lr, momentum=self.momentum)


def _stretched(iterations: int, factor: float) -> int:
    return max(1, round(iterations * factor))


def _check_betas(betas: tuple[float, float]) -> None:
    if len(betas) != 2:
        raise ValueError(f"betas must be two numbers, got {len(betas)}.")
    for beta in betas:
        _check_below_one("both betas", beta)


def _check_below_one(name: str, value: float) -> None:
    if not 0 <= value < 1:
        raise ValueError(f"{name} must be at least 0 and below 1, got {value}.")


def _check_eps(eps: float) -> None:
    """Without eps, a parameter whose gradient is 0 would become NaN: 0 / 0. The limit is float32's smallest number."""
    if not torch.finfo(torch.float32).tiny <= eps < float("inf"):
        raise ValueError(f"eps must be finite and above 0 (at least 1.2e-38), as it prevents 0 / 0, got {eps}.")
