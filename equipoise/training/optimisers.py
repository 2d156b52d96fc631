"""Optimisers as frozen settings; torch's own optimisers do the work."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field

import torch
from torch import nn

from equipoise.training.adamax import LeanAdamax
from equipoise.training.eager import eager
from equipoise.training.schedules import Constant, Schedule

_ADAM, _RMSPROP, _SGD = eager(torch.optim.Adam), eager(torch.optim.RMSprop), eager(torch.optim.SGD)


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

    def betas_at(self, iteration: int) -> tuple[float, float] | None:
        """What the betas of the torch optimiser are in this iteration; None where it has none."""
        return None


@dataclass(frozen=True, kw_only=True)
class _WithMoments(Optimiser):
    """What keeps moments of the gradient: how fast they decay, and what is added to the divisor.

    Attributes:
        betas: of the first and the second moment, each at least 0 and below 1.
        eps: what is added to the divisor, above 0.
        beta2_schedule: the course of 1 - betas[1]: (0, 0.9) with a cosine from 1 to 0.1 goes from 0.9 to 0.99 (R3GAN).
    """

    betas: tuple[float, float] = (0.5, 0.999)
    eps: float = 1e-8
    beta2_schedule: Schedule = field(default_factory=Constant)

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.betas) != 2:
            raise ValueError(f"betas must be two numbers, got {len(self.betas)}.")
        for beta in self.betas:
            _check_below_one("both betas", beta)
        _check_eps(self.eps)

    def betas_at(self, iteration: int) -> tuple[float, float]:
        """Both betas in this iteration; the second is at least 0."""
        first, second = self.betas
        if self.beta2_schedule == Constant():
            return first, second
        return first, max(0.0, 1 - (1 - second) * self.beta2_schedule.factor(iteration))


@dataclass(frozen=True, kw_only=True)
class Adam(_WithMoments):
    """Adam (Kingma and Ba 2015), in torch's fused form."""

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """torch.optim.Adam."""
        return _ADAM(parameters, lr=self.lr, betas=self.betas, eps=self.eps, fused=True)


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
        return _RMSPROP(parameters, lr=self.lr, alpha=self.alpha, eps=self.eps)


@dataclass(frozen=True, kw_only=True)
class SGD(Optimiser):
    """Stochastic gradient descent, with momentum if wanted."""

    momentum: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_below_one("momentum", self.momentum)

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """torch.optim.SGD."""
        return _SGD(parameters, lr=self.lr, momentum=self.momentum)


def _check_below_one(name: str, value: float) -> None:
    if not 0 <= value < 1:
        raise ValueError(f"{name} must be at least 0 and below 1, got {value}.")


def _check_eps(eps: float) -> None:
    """Without eps, a parameter whose gradient is 0 would become NaN: 0 / 0. The limit is float32's smallest number."""
    if not torch.finfo(torch.float32).tiny <= eps < float("inf"):
        raise ValueError(f"eps must be finite and above 0 (at least 1.2e-38), as it prevents 0 / 0, got {eps}.")
