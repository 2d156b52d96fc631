"""The terms of the MMD losses."""

import math
from typing import NamedTuple

import torch

from equipoise.losses.distances import distances_of
from equipoise.losses.kernels import Kernel

Sides = tuple[torch.Tensor, torch.Tensor]
"""Real and generated features, both [batch, features]."""
REAL, FAKE = 0, 1
"""Whose a sample is, as an index."""


class Term(NamedTuple):
    """`weight` times the mean of the kernel over the pairs of two sides, on squared distances clamped to a range.

    There is at most one term for each pair of sides.
    """

    weight: float
    left: int
    right: int
    lowest: float = 0.0
    highest: float = math.inf


def total_plainly(
    sides: Sides, kernel: Kernel, terms: tuple[Term, ...], unbiased: bool, apart: torch.Tensor | None = None
) -> torch.Tensor:
    """The sum of the terms step by step: distances, bounds, kernel, mean.

    `apart`, bool [batch, batch], marks pairs of samples for which the kernel counts as 0.
    """
    return torch.stack([_term(sides, kernel, term, unbiased, apart) for term in terms]).sum()


def _term(sides: Sides, kernel: Kernel, term: Term, unbiased: bool, apart: torch.Tensor | None) -> torch.Tensor:
    distances = distances_of(sides[term.left], sides[term.right])
    similarities = kernel(distances.clamp(term.lowest, term.highest))
    return term.weight * _mean_over_pairs(
        similarities if apart is None else similarities.masked_fill(apart, 0), unbiased
    )


def _mean_over_pairs(similarities: torch.Tensor, unbiased: bool) -> torch.Tensor:
    """The mean over all elements, or over all but the diagonal of as many real as fake samples."""
    count = similarities.shape[0]
    if not unbiased or count != similarities.shape[1]:
        return similarities.mean()
    return (similarities.sum() - similarities.diagonal().sum()) / (count * (count - 1))
