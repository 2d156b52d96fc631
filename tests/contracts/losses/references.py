"""What the rows of the table of losses share: references without torch, and arguments in float64."""

import math
from collections.abc import Callable

import numpy as np
import torch

from equipoise.testing.losses import draw


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


def positive(*shapes: tuple[int, ...]) -> tuple[torch.Tensor, ...]:
    return tuple(value.abs() for value in draw(*shapes))


def numbers(*values: float) -> tuple[torch.Tensor, ...]:
    return tuple(torch.tensor(value, dtype=torch.float64) for value in values)
