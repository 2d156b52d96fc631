"""Distributions as weighted points, so that an expectation of an even function is a weighted sum in float64."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Quadrature:
    """E f(x) = sum of weights * f(points) for even f. Both [n], float64; the weights are positive and sum to 1."""

    points: Tensor
    weights: Tensor


def uniform(nodes: int = 40) -> Quadrature:
    """U(-1, 1) by Gauss-Legendre nodes on (0, 1): half of the interval is enough for even functions."""
    points, weights = _legendre(nodes, 1.0)
    return Quadrature(points, weights)


def standard_normal(nodes: int = 120, reach: float = 9.0) -> Quadrature:
    """N(0, 1) by Gauss-Legendre nodes on (0, reach), weighted by the density; beyond 9 lies a mass of 1e-19."""
    points, weights = _legendre(nodes, reach)
    weights = weights * torch.exp(-(points**2) / 2)
    return Quadrature(points, weights / weights.sum())


def sample(values: Tensor) -> Quadrature:
    """The empirical distribution of values [n]: equal weights."""
    return Quadrature(values.double(), torch.full((len(values),), 1 / len(values), dtype=torch.float64))


def _legendre(nodes: int, reach: float) -> tuple[Tensor, Tensor]:
    """Points in (0, reach) and weights that sum to 1."""
    points, weights = np.polynomial.legendre.leggauss(nodes)
    return torch.from_numpy((points + 1) / 2 * reach), torch.from_numpy(weights / 2)
