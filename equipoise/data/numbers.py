"""Numbers of three digits: how the labels of stacked and compositional MNIST are made, and drawn."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Numbers:
    """How images show the numbers 0..999: three digits of MNIST each.

    Attributes:
        resolution: side of the MNIST images that the classifier of single digits learns from.
        slots: (top, left) of each digit, the most significant first; empty where each channel is a digit.
        side: height and width of each slot.
        distribution: the probability of each number; empty where all are equally likely.
    """

    resolution: int
    slots: tuple[tuple[int, int], ...] = ()
    side: int = 0
    distribution: tuple[float, ...] = ()


def number_of(digits: torch.Tensor) -> torch.Tensor:
    """100 a + 10 b + c of digits [count, 3]; int64 [count]."""
    return digits @ torch.tensor([100, 10, 1])


def draw_digits(uniform: torch.Tensor, probabilities: list[list[float]]) -> torch.Tensor:
    """The digit at each position by inversion of its distribution.

    Args:
        uniform: [count, positions] in [0, 1).
        probabilities: [positions, 10] as lists, each row summing to 1.

    Returns:
        int64 [count, positions] in 0..9.
    """
    bounds = torch.tensor(probabilities, dtype=torch.float64).cumsum(dim=1)[:, :-1].contiguous()
    return torch.searchsorted(bounds, uniform.T.contiguous(), right=True).T.contiguous()


def draw_images(uniform: torch.Tensor, digits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """For each wanted digit the index of one image that shows it, evenly among those that do.

    Args:
        uniform: [count, positions] in [0, 1).
        digits: int64 [count, positions], the wanted digits.
        labels: int64 [images], what each image shows; every wanted digit must occur.

    Returns:
        int64 [count, positions].
    """
    sorted_by_label = torch.argsort(labels, stable=True)
    amounts = torch.bincount(labels, minlength=10)
    starts = amounts.cumsum(0) - amounts
    return sorted_by_label[starts[digits] + (uniform * amounts[digits]).long()]
