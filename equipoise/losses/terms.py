"""What the MMD losses are sums of."""

import math
from typing import NamedTuple

import torch

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
