"""CMMD: the squared maximum mean discrepancy of embeddings with one Gaussian kernel."""

import sys

import torch

from equipoise.common.checks import check_positive
from equipoise.metrics.arrays import Array
from equipoise.metrics.distances import distance_blocks, scaled_points

_SIGMA, _SCALE = 10.0, 1000.0


def cmmd(features_a: Array, features_b: Array, sigma: float = _SIGMA) -> float:
    """A thousand times the biased squared discrepancy (Jayasumana et al. 2024, Eq. 3); lower is better.

        CMMD = 1000 ( mean_(i, j) k(a_i, a_j) + mean_(i, j) k(b_i, b_j) - 2 mean_(i, j) k(a_i, b_j) )
        k(x, y) = exp( -|x - y|^2 / (2 sigma^2) )

    The pairs of a sample with itself count, as in the authors' code, so that it is never negative; for embeddings of
    length 1 they add less than 20 / count for each side.

    Args:
        features_a: [samples_a, features], as embeddings of length 1.
        features_b: [samples_b, features].
        sigma: the kernel's width, above 0; 10 in the paper.

    Raises:
        ValueError: sigma is no positive number.

    Examples:
        >>> round(cmmd([[1.0, 0.0]], [[0.0, 1.0]]), 3)
        19.9
    """
    scale, (a, b) = scaled_points("features_a", features_a, "features_b", features_b)
    check_positive("sigma", sigma)
    width = max(sigma * scale, sys.float_info.min)
    return _SCALE * max(0.0, _mean(a, a, width) + _mean(b, b, width) - 2 * _mean(a, b, width))


def _mean(a: torch.Tensor, b: torch.Tensor, sigma: float) -> float:
    total = sum(float(torch.exp(squared / sigma / sigma / -2).sum()) for _, squared in distance_blocks(a, b))
    return total / (len(a) * len(b))
