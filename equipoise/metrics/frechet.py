"""Frechet distance of two Gaussians fitted to features, without a matrix square root."""

import math

import torch

from equipoise.common.checks import check_dimensions, check_whole
from equipoise.common.errors import EquipoiseError
from equipoise.metrics.arrays import Array, as_float64, as_tensor, ends
from equipoise.metrics.distances import blocks

_NEGATIVE_TOLERANCE = 1e-6
_IN_DOUBT = 1e-13
"""Of the product of two traces: eigenvalues of R' B R above it are no rounding, and show that B's are positive too."""
_ROWS_AT_ONCE = 4096
_TILE = 256
"""Side of the squares in which symmetric matrices are made: the other half of them is left out."""


def frechet_distance(mean_a: Array, covariance_a: Array, mean_b: Array, covariance_b: Array) -> float:
    """Squared Frechet distance of two Gaussians (Heusel et al. 2017, Eq. 6), never negative; lower is better.

        d = |mean_a - mean_b|^2 + tr(A) + tr(B) - 2 tr((A B)^(1/2))

    The last trace is the sum of the roots of the eigenvalues of R' B R, where A = R R'. R is A's Cholesky factor, or
    B's if only B has one, or A's symmetric root if both are rank-deficient; eigenvalues below 0 by rounding count as 0.

    Args:
        mean_a: [features], as `mean_b`.
        covariance_a: [features, features], symmetric, without negative eigenvalues, as `covariance_b`.

    Examples:
        >>> import numpy as np
        >>> frechet_distance(np.zeros(2), np.eye(2), np.array([3.0, 4.0]), np.eye(2))
        25.0
    """
    means = [as_float64("mean_a", mean_a, "features"), as_float64("mean_b", mean_b, "features")]
    a = _covariance("covariance_a", covariance_a, means[0])
    b = _covariance("covariance_b", covariance_b, means[0])
    if means[0].shape != means[1].shape:
        raise ValueError(f"mean_b must have shape {tuple(means[0].shape)}, got {tuple(means[1].shape)}.")
    shift = (means[0] - means[1]).square().sum()
    distance = shift + a.trace() + b.trace() - 2 * trace_of_root(a, b)
    if not math.isfinite(distance):
        raise ValueError("the distance is too large for float64: the features are too far apart.")
    return max(0.0, float(distance))


def trace_of_root(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """tr((A B)^(1/2)) of two covariances [features, features] in float64."""
    size = max(abs(end) for matrix in (a, b) for end in ends(matrix)) or 1.0
    return size * _trace_of_root(a / size, b / size)


def _trace_of_root(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """The same for matrices of unit size, whose products neither overflow nor vanish."""
    for first, second in ((a, b), (b, a)):
        factor, failed = torch.linalg.cholesky_ex(first)
        if int(failed) == 0:
            values = _eigenvalues(_upper_half_between(factor, second))
            if values.min() <= _IN_DOUBT * first.trace() * second.trace():
                _check_not_negative(second)
            return _not_negative(values).sqrt().sum()
    _check_not_negative(b)
    root = _symmetric_root(a)
    return _not_negative(_eigenvalues(root @ b @ root)).sqrt().sum()


class FeatureMoments:
    """Count, mean and covariance of features that come in batches, in float64 by pairwise merging (Chan et al. 1979).

    Examples:
        >>> moments = FeatureMoments(2)
        >>> moments.update(torch.tensor([[0.0, 1.0], [2.0, 1.0]]))
        >>> moments.update(torch.tensor([[4.0, 1.0]]))
        >>> moments.mean.tolist(), moments.covariance().tolist()
        ([2.0, 1.0], [[4.0, 0.0], [0.0, 0.0]])
    """

    def __init__(self, features: int, device: torch.device | str = "cpu") -> None:
        """Start with no samples of so many features."""
        self.count, features = 0, check_whole("features", features, 1)
        self.mean = torch.zeros(features, dtype=torch.float64, device=device)
        self._scatter = torch.zeros(features, features, dtype=torch.float64, device=device)

    @classmethod
    def of(cls, features: Array) -> "FeatureMoments":
        """The moments of features [samples, features] that are all at hand."""
        rows = as_tensor("features", features)
        check_dimensions("features", rows, "samples, features")
        moments = cls(rows.shape[1], rows.device)
        for part in rows.split(_ROWS_AT_ONCE):
            moments.update(part)
        return moments

    def update(self, batch: Array) -> None:
        """Add features [batch, features]; every number must be finite."""
        rows = as_float64("batch", batch, "batch, features").to(self.mean.device)
        if rows.shape[1] != self.mean.shape[0]:
            raise ValueError(f"batch must have {self.mean.shape[0]} features, got shape {tuple(rows.shape)}.")
        mean = rows.mean(dim=0)
        centred = rows - mean
        self._merge(rows.shape[0], mean, _scatter(centred))

    def merge(self, other: "FeatureMoments") -> None:
        """Add what another one has seen, as from another process."""
        if other.count:
            self._merge(other.count, other.mean.to(self.mean.device), other._scatter.to(self.mean.device))

    def covariance(self) -> torch.Tensor:
        """The covariance [features, features] with divisor count - 1."""
        if self.count < 2:
            raise EquipoiseError(f"a covariance needs at least 2 samples, and there are {self.count}.")
        return self._scatter / (self.count - 1)

    def distance(self, other: "FeatureMoments", few_samples: bool = False) -> float:
        """Frechet distance to another sample's moments.

        Args:
            other: the moments of the other sample.
            few_samples: allow no more samples than features, where the covariance has not full rank and the score is
                far too high for its sample size.

        Raises:
            EquipoiseError: too few samples, unless allowed.
        """
        features, least = self.mean.shape[0], min(self.count, other.count)
        if least <= features and not few_samples:
            raise EquipoiseError(
                f"a Frechet distance of {features} features needs more than {features} samples on each side,"
                f" and there are {least}."
            )
        return frechet_distance(self.mean, self.covariance(), other.mean, other.covariance())

    def _merge(self, count: int, mean: torch.Tensor, scatter: torch.Tensor) -> None:
        total = self.count + count
        shift = mean - self.mean
        self._scatter += scatter + torch.outer(shift, shift) * (self.count * count / total)
        self.mean = self.mean + shift * (count / total)
        self.count = total


def _covariance(name: str, value: Array, mean: torch.Tensor) -> torch.Tensor:
    matrix = as_float64(name, value, "features, features").to(mean.device)
    if tuple(matrix.shape) != (mean.shape[0], mean.shape[0]):
        raise ValueError(f"{name} must have shape {(mean.shape[0], mean.shape[0])}, got {tuple(matrix.shape)}.")
    if _asymmetry(matrix) > _NEGATIVE_TOLERANCE * max(abs(end) for end in ends(matrix)):
        raise ValueError(f"{name} must be symmetric.")
    return matrix


def _asymmetry(matrix: torch.Tensor) -> float:
    """The largest difference between an entry and its mirror image."""
    tiles = blocks(len(matrix), _TILE)
    largest = [(matrix[tile.start :, tile] - matrix[tile, tile.start :].mT).abs().max() for tile in tiles]
    return float(torch.stack(largest).max())


def _scatter(centred: torch.Tensor) -> torch.Tensor:
    """X'X of rows X [samples, features]: the upper half is computed, the lower one mirrors it."""
    result = centred.new_empty(centred.shape[1], centred.shape[1])
    for tile in blocks(len(result), _TILE):
        rows = centred[:, tile].mT @ centred[:, tile.start :]
        result[tile, tile.start :] = rows
        result[tile.start :, tile] = rows.mT
    return result


def _upper_half_between(factor: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """The upper half of R' B R for a lower triangular R and a symmetric B: the zeros of R are never multiplied.

    That is a third of the work of two whole products. Below the diagonal the result holds zeros, but for its tiles.
    """
    result = torch.zeros_like(matrix)
    for tile in blocks(len(matrix), _TILE):
        left = factor[tile.start :, tile].mT @ matrix[tile.start :, tile.start :]
        for other in blocks(len(matrix), _TILE):
            if other.start >= tile.start:
                part = left[:, other.start - tile.start :] @ factor[other.start :, other]
                result[tile, other] = part
    return result


def _symmetric_root(matrix: torch.Tensor) -> torch.Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    root: torch.Tensor = (vectors * _not_negative(values).sqrt()) @ vectors.mT
    return root


def _eigenvalues(matrix: torch.Tensor) -> torch.Tensor:
    """Of a symmetric matrix, of which the upper half is read.

    It is handed over as the lower half of the transpose: LAPACK takes a tenth longer for an upper half.
    """
    found: torch.Tensor = torch.linalg.eigvalsh(matrix.mT, UPLO="L")
    return found


def _check_not_negative(matrix: torch.Tensor) -> None:
    """No eigenvalue may lie below 0 but by rounding. Where a Cholesky factor shows that, none is computed."""
    raised = matrix.clone()
    raised.diagonal().add_(_NEGATIVE_TOLERANCE * matrix.diagonal().max())
    _, failed = torch.linalg.cholesky_ex(raised)
    if int(failed):
        _not_negative(torch.linalg.eigvalsh(matrix))


def _not_negative(eigenvalues: torch.Tensor) -> torch.Tensor:
    """Eigenvalues with what is below 0 by rounding set to 0."""
    least, largest = float(eigenvalues.min()), float(eigenvalues.abs().max())
    if least < -_NEGATIVE_TOLERANCE * largest:
        raise ValueError(f"a covariance must have no negative eigenvalue, found {least:.4g} beside {largest:.4g}.")
    return eigenvalues.clamp_min(0)
