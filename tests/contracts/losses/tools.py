"""What the rows of the table of losses share: references without torch, arguments in float64, and the row itself."""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from equipoise import losses


def mean_of(function: Callable[[float], float], *arrays: np.ndarray) -> float:
    values = [function(*map(float, row)) for row in zip(*(a.ravel() for a in arrays), strict=True)]
    return math.fsum(values) / len(values)


def soft(value: float) -> float:
    return max(value, 0.0) + math.log1p(math.exp(-abs(value)))


def cross_entropy(real: np.ndarray, fake: np.ndarray) -> float:
    return mean_of(lambda s: soft(-s), real) + mean_of(soft, fake)


def energies(images: np.ndarray, others: np.ndarray, kind: str = "squared") -> np.ndarray:
    result = []
    for image, other in zip(images, others, strict=True):
        errors = [float(a) - float(b) for a, b in zip(image.ravel(), other.ravel(), strict=True)]
        squares = math.fsum(e * e for e in errors)
        result.append(
            {
                "squared": squares,
                "norm": math.sqrt(squares),
                "mean_absolute": math.fsum(map(abs, errors)) / len(errors),
                "mean_squared": squares / len(errors),
            }[kind]
        )
    return np.array(result)


def draw(*shapes: tuple[int, ...], scale: float = 1.5) -> Callable[[], tuple[torch.Tensor, ...]]:
    """Normal numbers of these shapes, the same at every call."""

    def arguments() -> tuple[torch.Tensor, ...]:
        generator = torch.Generator().manual_seed(7)
        return tuple(scale * torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes)

    return arguments


def positive(*shapes: tuple[int, ...]) -> Callable[[], tuple[torch.Tensor, ...]]:
    return lambda: tuple(value.abs() for value in draw(*shapes)())


def numbers(*values: float) -> Callable[[], tuple[torch.Tensor, ...]]:
    return lambda: tuple(torch.tensor(value, dtype=torch.float64) for value in values)


@dataclass(frozen=True)
class Contract:
    """One row: a loss with its options, arguments, its reference and calls that must be refused."""

    public: str
    arguments: Callable[[], tuple[torch.Tensor, ...]]
    reference: Callable[..., Any]
    options: dict[str, Any] = field(default_factory=dict)
    potential: Callable[..., float] | None = None
    has_gradient: bool = True
    has_batch: bool = True
    refused: tuple[dict[str, Any], ...] = ()
    variant: str = ""

    def call(self, *arguments: torch.Tensor, **options: Any) -> Any:
        function = getattr(losses, self.public)
        if inspect.isclass(function):
            return function(**{**self.options, **options})(*arguments)
        return function(*arguments, **{**self.options, **options})

    def names(self) -> list[str]:
        """The names of the tensor arguments."""
        function = getattr(losses, self.public)
        signature = inspect.signature(function.__call__ if inspect.isclass(function) else function)
        names = [name for name in signature.parameters if name != "self"]
        return names[: len(self.arguments())]
