"""Kernel distance (KID): the unbiased squared maximum mean discrepancy of features with a cubic kernel."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import torch

from equipoise.common.checks import check_whole, described, is_number
from equipoise.metrics.arrays import Array
from equipoise.metrics.distances import blocks, matching_rows

Places = torch.Tensor | slice
"""Which samples: indices, or a stretch."""
Drawn = tuple[Places, Places]
"""Where the rows of a subset stand on either side."""
_BLOCK = 256
"""Rows and columns of the kernel at once; its sums by matrix products cost little beside the kernel itself."""


@dataclass(frozen=True)
class KernelDistance:
    """An unbiased estimate, which can fall below 0, and how far to trust it.

    Attributes:
        value: the estimate.
        standard_error: its jackknife standard error.
        low, high: the ends of its confidence interval (normal approximation).
        confidence: of that interval, as in 0.95.
    """

    value: float
    standard_error: float
    low: float
    high: float
    confidence: float


def kernel_distance(features_a: Array, features_b: Array, confidence: float = 0.95) -> KernelDistance:
    """Kernel distance of all samples, with a confidence interval (Binkowski et al. 2018, Eq. 4); lower is better.

        KID = mean_(i != j) k(a_i, a_j) + mean_(i != j) k(b_i, b_j) - 2 mean_(i, j) k(a_i, b_j)
        k(x, y) = ( x.y / features + 1 )^3

    The kernel is summed in blocks, so memory grows with the number of samples, not with its square. The standard error
    is the two-sample jackknife's: it leaves out each sample once, which costs nothing beyond the sums of the rows.

    Args:
        features_a: [samples_a, features], at least 3 samples.
        features_b: [samples_b, features], at least 3 samples.
        confidence: of the interval, between 0 and 1.
    """
    a, b = _features(features_a, features_b, least=3)
    if not is_number(confidence) or not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {described(confidence)}.")
    one_a, one_b = a.new_ones(len(a), 1), b.new_ones(len(b), 1)
    rows_aa, rows_bb = _sums_within(a, one_a).flatten(), _sums_within(b, one_b).flatten()
    rows_ab, rows_ba = (sums.flatten() for sums in _sums_between(a, b, one_a, one_b))
    value = _estimate(rows_aa.sum(), rows_bb.sum(), rows_ab.sum(), len(a), len(b))
    without_a = _estimate(rows_aa.sum() - 2 * rows_aa, rows_bb.sum(), rows_ab.sum() - rows_ab, len(a) - 1, len(b))
    without_b = _estimate(rows_aa.sum(), rows_bb.sum() - 2 * rows_bb, rows_ab.sum() - rows_ba, len(a), len(b) - 1)
    error = math.sqrt(_jackknife_variance(without_a) + _jackknife_variance(without_b))
    _check_finite(float(value), error)
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * error
    return KernelDistance(float(value), error, float(value) - reach, float(value) + reach, confidence)


def kernel_distance_of_subsets(
    features_a: Array, features_b: Array, generator: torch.Generator, subsets: int = 100, subset_size: int = 1000
) -> tuple[float, float]:
    """The kernel distance as it is usually published: mean and deviation over random subsets; lower is better.

    The deviation is that of one subset; it is no standard error of the mean.

    Args:
        features_a: [samples_a, features].
        features_b: [samples_b, features].
        generator: draws the subsets, each without replacement; the same state gives the same score.
        subsets: how many.
        subset_size: samples in each, at most those of the smaller side.
    """
    a, b = _features(features_a, features_b, least=2)
    subset_size = check_whole("subset_size", subset_size, 2, min(len(a), len(b)))
    subsets = check_whole("subsets", subsets, 1)
    drawn = [(_draw(a, subset_size, generator), _draw(b, subset_size, generator)) for _ in range(subsets)]
    values = _of_many(a, b, drawn) if _share_pairs(a, b, subsets, subset_size) else _one_by_one(a, b, drawn)
    _check_finite(float(values.mean()), float(values.std(correction=0)))
    return float(values.mean()), float(values.std(correction=0))


def _check_finite(*numbers: float) -> None:
    if not all(map(math.isfinite, numbers)):
        raise ValueError("the cubes of the features' products are too large for float64: features_a or features_b.")


def _share_pairs(a: torch.Tensor, b: torch.Tensor, subsets: int, size: int) -> bool:
    """Whether the subsets hold so many pairs that the kernel of all pairs, and its sums, cost less."""
    features = a.shape[1]
    return (len(a) + len(b)) ** 2 * (features + subsets) < subsets * (2 * size) ** 2 * features


def _one_by_one(a: torch.Tensor, b: torch.Tensor, drawn: Sequence[Drawn]) -> torch.Tensor:
    return torch.cat([_of_many(a[of_a], b[of_b], [(slice(None), slice(None))]) for of_a, of_b in drawn])


def _of_many(a: torch.Tensor, b: torch.Tensor, drawn: Sequence[Drawn]) -> torch.Tensor:
    """The estimate of each subset, [subsets], from one kernel of all pairs."""
    of_a, of_b = (_membership(rows, [pair[side] for pair in drawn]) for side, rows in enumerate((a, b)))
    within_a, within_b = ((each * _sums_within(rows, each)).sum(dim=0) for rows, each in ((a, of_a), (b, of_b)))
    along_b, _ = _sums_between(a, b, of_a[:, :0], of_b)  # those along a are not asked for
    size_a, size_b = (int(each[:, 0].sum()) for each in (of_a, of_b))
    return _estimate(within_a, within_b, (of_a * along_b).sum(dim=0), size_a, size_b)


def _membership(rows: torch.Tensor, subsets: Sequence[Places]) -> torch.Tensor:
    """1 where a subset [subsets] holds a row [samples], else 0."""
    member = rows.new_zeros(len(rows), len(subsets))
    for column, chosen in zip(member.mT, subsets, strict=True):
        column[chosen] = 1
    return member


def _draw(rows: torch.Tensor, size: int, generator: torch.Generator) -> torch.Tensor:
    return torch.randperm(len(rows), generator=generator, device=generator.device)[:size].to(rows.device)


def _estimate(
    within_a: torch.Tensor, within_b: torch.Tensor, between: torch.Tensor, count_a: int, count_b: int
) -> torch.Tensor:
    """The U-statistic from the sums of the kernel, diagonals left out."""
    mean_a = within_a / (count_a * (count_a - 1))
    mean_b = within_b / (count_b * (count_b - 1))
    return mean_a + mean_b - 2 * between / (count_a * count_b)


def _jackknife_variance(without: torch.Tensor) -> float:
    count = len(without)
    return float((without - without.mean()).square().sum()) * (count - 1) / count


def _kernel(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    inner = torch.addmm(a.new_ones(()), a, b.mT, alpha=1 / a.shape[1])
    return inner.square().mul_(inner)


def _sums_within(rows: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Each row's sums of the kernel with all others, times their weights [samples, sums]; [samples, sums].

    Every block off the diagonal serves twice.
    """
    sums = torch.zeros_like(weights)
    for first in blocks(len(rows), _BLOCK):
        own = _kernel(rows[first], rows[first]).fill_diagonal_(0)
        sums[first] += own @ weights[first]
        for second in blocks(len(rows), _BLOCK):
            if second.start > first.start:
                block = _kernel(rows[first], rows[second])
                sums[first] += block @ weights[second]
                sums[second] += block.mT @ weights[first]
    return sums


def _sums_between(
    a: torch.Tensor, b: torch.Tensor, weights_a: torch.Tensor, weights_b: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The kernel's weighted sums along b for each row of a, and along a for each row of b."""
    sums_a, sums_b = a.new_zeros(len(a), weights_b.shape[1]), b.new_zeros(len(b), weights_a.shape[1])
    for first in blocks(len(a), _BLOCK):
        for second in blocks(len(b), _BLOCK):
            block = _kernel(a[first], b[second])
            sums_a[first] += block @ weights_b[second]
            sums_b[second] += block.mT @ weights_a[first]
    return sums_a, sums_b


def _features(features_a: Array, features_b: Array, least: int) -> tuple[torch.Tensor, torch.Tensor]:
    a, b = matching_rows("features_a", features_a, "features_b", features_b)
    if min(len(a), len(b)) < least:
        raise ValueError(f"each side must have at least {least} samples, got {len(a)} and {len(b)}.")
    return a, b
