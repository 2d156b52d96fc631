"""Linear-time kernel two-sample test."""

import math
from dataclasses import dataclass

import torch

from equipoise.common.checks import check_positive
from equipoise.metrics.arrays import Array
from equipoise.metrics.distances import scaled_points


@dataclass(frozen=True)
class TwoSampleTest:
    """A test of the hypothesis that two samples share a distribution.

    Attributes:
        statistic: unbiased estimate of the squared MMD.
        standard_error: of the statistic.
        p_value: of the one-sided test; small speaks against a shared distribution.
        bandwidth: sigma of the Gaussian kernel.
        pairs: how many pairs of each side went in.
    """

    statistic: float
    standard_error: float
    p_value: float
    bandwidth: float
    pairs: int


def two_sample_test(
    samples_a: Array, samples_b: Array, bandwidth: float | None = None, generator: torch.Generator | None = None
) -> TwoSampleTest:
    """Linear-time test with a Gaussian kernel (Gretton et al. 2012, Lemma 14 and Corollary 16).

        MMD_l^2 = mean_i h_i,   h_i = k(a_2i-1, a_2i) + k(b_2i-1, b_2i) - k(a_2i-1, b_2i) - k(a_2i, b_2i-1)
        k(x, y) = exp( - |x - y|^2 / (2 sigma^2) )

    The h_i are independent, so their mean is asymptotically normal, under the hypothesis with mean 0.

    Args:
        samples_a: [samples_a, features]; samples in random order, or give a generator.
        samples_b: [samples_b, features]; of the longer side the last ones are left out.
        bandwidth: sigma; by default the median distance of the pairs (a_2i-1, b_2i).
        generator: shuffles both sides; without it the given order stands.
    """
    if bandwidth is not None:
        check_positive("bandwidth", bandwidth)
    scale, (a, b) = scaled_points("samples_a", samples_a, "samples_b", samples_b)
    pairs = min(len(a), len(b)) // 2
    if pairs < 2:
        raise ValueError(f"each side must have at least 4 samples, got {len(a)} and {len(b)}.")
    if generator is not None:
        a, b = _shuffled(a, generator), _shuffled(b, generator)
    (a1, a2), (b1, b2) = ((points[0 : 2 * pairs : 2], points[1 : 2 * pairs : 2]) for points in (a, b))
    sigma = bandwidth * scale if bandwidth is not None else float((a1 - b2).norm(dim=1).median())
    if not 1e-150 < sigma < 1e150:
        raise ValueError(f"bandwidth must suit the distances, got {sigma / scale} (are all samples the same?).")
    terms = _kernel(a1, a2, sigma) + _kernel(b1, b2, sigma) - _kernel(a1, b2, sigma) - _kernel(a2, b1, sigma)
    statistic, error = float(terms.mean()), float(terms.std()) / math.sqrt(pairs)
    return TwoSampleTest(statistic, error, _upper_tail(statistic, error), sigma / scale, pairs)


def _upper_tail(statistic: float, error: float) -> float:
    if error == 0:
        return 0.0 if statistic > 0 else 1.0
    return 0.5 * math.erfc(statistic / error / math.sqrt(2))


def _kernel(x: torch.Tensor, y: torch.Tensor, sigma: float) -> torch.Tensor:
    return torch.exp(-(x - y).square().sum(dim=1) / (2 * sigma**2))


def _shuffled(points: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    return points[torch.randperm(len(points), generator=generator, device=generator.device).to(points.device)]
