"""Kernels on squared distances: Gaussian, rational quadratic, Laplace and distance kernels, summed over widths."""

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch

from equipoise.common.checks import check_positive, check_scores, described
from equipoise.common.precision import in_full_precision

GAUSSIAN_MIXTURE = (1.0, 2.0**0.5, 2.0, 2.0**1.5, 4.0)
"""The bandwidths of MMD-rbf (Wang et al. 2019, section 5)."""
RATIONAL_QUADRATIC_MIXTURE = (0.2, 0.5, 1.0, 2.0, 5.0)
"""The alphas of MMD-rq (Wang et al. 2019, section 5)."""

_LEAST_WIDTH = 1e-100
"""So that the square of a width is neither 0 nor infinite."""


class Kernel(Protocol):
    """A kernel as a function of the squared distance, applied to each element."""

    def __call__(self, squared_distances: torch.Tensor, /) -> torch.Tensor:
        """k(d^2), in the shape of squared_distances."""


@in_full_precision
def gaussian_kernel(squared_distances: torch.Tensor, bandwidths: Sequence[float]) -> torch.Tensor:
    """Sum over the bandwidths sigma of exp(-d^2 / (2 sigma^2)) (Wang et al. 2019, section 2).

    Args:
        squared_distances: any shape, not negative.
        bandwidths: one or more sigmas, each above 0.

    Returns:
        The shape of squared_distances, in (0, number of bandwidths].
    """
    check_scores(squared_distances=squared_distances)
    check_widths("bandwidths", bandwidths)
    return torch.stack([torch.exp(squared_distances / (-2 * sigma**2)) for sigma in bandwidths]).sum(dim=0)


@in_full_precision
def rational_quadratic_kernel(squared_distances: torch.Tensor, alphas: Sequence[float]) -> torch.Tensor:
    """Sum over the alphas of (1 + d^2 / (2 alpha))^-alpha (Binkowski et al. 2018, section 2.1).

    Args:
        squared_distances: any shape, not negative.
        alphas: one or more numbers above 0.

    Returns:
        The shape of squared_distances, in (0, number of alphas].
    """
    check_scores(squared_distances=squared_distances)
    check_widths("alphas", alphas)
    return torch.stack([(1 + squared_distances / (2 * alpha)) ** -alpha for alpha in alphas]).sum(dim=0)


@in_full_precision
def laplace_kernel(squared_distances: torch.Tensor, scales: Sequence[float]) -> torch.Tensor:
    """Sum over the scales tau of exp(-d / tau), with the gradient 0 where d is 0.

    Args:
        squared_distances: any shape, not negative.
        scales: one or more taus, each above 0.

    Returns:
        The shape of squared_distances, in (0, number of scales].
    """
    check_scores(squared_distances=squared_distances)
    check_widths("scales", scales)
    distances = _root(squared_distances)
    return torch.stack([torch.exp(distances / -tau) for tau in scales]).sum(dim=0)


@in_full_precision
def distance_kernel(squared_distances: torch.Tensor, scales: Sequence[float]) -> torch.Tensor:
    """Sum over the scales tau of -d / tau, with the gradient 0 where d is 0 (Szekely and Rizzo 2013).

    Args:
        squared_distances: any shape, not negative.
        scales: one or more taus, each above 0.

    Returns:
        The shape of squared_distances, at most 0.
    """
    check_scores(squared_distances=squared_distances)
    check_widths("scales", scales)
    return -_root(squared_distances) * sum(1 / tau for tau in scales)


class ClosedFormKernel(ABC):
    """A kernel with a closed-form derivative, so that a loss needs no automatic differentiation."""

    is_steep: ClassVar[bool] = False
    """Whether its slope grows without limit towards 0, so that the rounding of a distance of 0 would count."""

    @abstractmethod
    def __call__(self, squared_distances: torch.Tensor, /) -> torch.Tensor:
        """k(d^2), in the shape of squared_distances."""

    @abstractmethod
    def with_slope(self, squared_distances: torch.Tensor, /) -> tuple[torch.Tensor, torch.Tensor]:
        """k(d^2) and its derivative by d^2, as new tensors without a gradient."""


@dataclass(frozen=True)
class GaussianKernel(ClosedFormKernel):
    """`gaussian_kernel` with its bandwidths, for the argument `kernel` of the MMD losses."""

    bandwidths: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        check_widths("bandwidths", self.bandwidths)

    def __call__(self, squared_distances: torch.Tensor, /) -> torch.Tensor:
        """Sum over the bandwidths of exp(-d^2 / (2 sigma^2))."""
        return gaussian_kernel(squared_distances, self.bandwidths)

    def with_slope(self, squared_distances: torch.Tensor, /) -> tuple[torch.Tensor, torch.Tensor]:
        """The sum and its derivative. Where variances double, a part is the square of the next wider: no new exp."""
        rates = sorted(1 / (2 * sigma**2) for sigma in self.bandwidths)
        values = (squared_distances * -rates[0]).exp_()
        slopes, part = values * -rates[0], values
        for wider, rate in itertools.pairwise(rates):
            doubled = math.isclose(rate, 2 * wider, rel_tol=1e-14)
            part = part.square() if doubled else (squared_distances * -rate).exp_()
            values.add_(part)
            slopes.add_(part, alpha=-rate)
        return values, slopes


@dataclass(frozen=True)
class RationalQuadraticKernel(ClosedFormKernel):
    """`rational_quadratic_kernel` with its alphas, for the argument `kernel` of the MMD losses."""

    alphas: tuple[float, ...] = RATIONAL_QUADRATIC_MIXTURE

    def __post_init__(self) -> None:
        check_widths("alphas", self.alphas)

    def __call__(self, squared_distances: torch.Tensor, /) -> torch.Tensor:
        """Sum over the alphas of (1 + d^2 / (2 alpha))^-alpha."""
        return rational_quadratic_kernel(squared_distances, self.alphas)

    def with_slope(self, squared_distances: torch.Tensor, /) -> tuple[torch.Tensor, torch.Tensor]:
        """The sum and its derivative, -1/2 (1 + d^2 / (2 alpha))^(-alpha - 1) per alpha."""
        values, slopes = torch.zeros_like(squared_distances), torch.zeros_like(squared_distances)
        for alpha in self.alphas:
            base = 1 + squared_distances / (2 * alpha)
            part = base**-alpha
            values.add_(part)
            slopes.addcdiv_(part, base, value=-0.5)
        return values, slopes


@dataclass(frozen=True)
class LaplaceKernel(ClosedFormKernel):
    """The sum of exp(-d / tau) over the scales tau, with d the distance; its gradient counts as 0 at d = 0."""

    is_steep: ClassVar[bool] = True
    scales: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        check_widths("scales", self.scales)

    def __call__(self, squared_distances: torch.Tensor, /) -> torch.Tensor:
        """Sum over the scales of exp(-d / tau)."""
        return laplace_kernel(squared_distances, self.scales)

    def with_slope(self, squared_distances: torch.Tensor, /) -> tuple[torch.Tensor, torch.Tensor]:
        """The sum and its derivative, -1 / (2 tau d) exp(-d / tau) per scale."""
        distances = squared_distances.sqrt()
        parts = [torch.exp(distances / -tau) for tau in self.scales]
        slopes = torch.stack([part / (-2 * tau) for part, tau in zip(parts, self.scales, strict=True)]).sum(dim=0)
        return torch.stack(parts).sum(dim=0), _over(slopes, distances)


@dataclass(frozen=True)
class DistanceKernel(ClosedFormKernel):
    """The sum of -d / tau over the scales tau: MMD^2 with it is the energy distance (Szekely and Rizzo 2013).

    It is no positive kernel, but the weights of the MMD losses sum to 0, and then it serves as one (Sejdinovic et al.
    2013). It never flattens: far pairs count as much as near ones. Its gradient counts as 0 at d = 0.
    """

    is_steep: ClassVar[bool] = True
    scales: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        check_widths("scales", self.scales)

    def __call__(self, squared_distances: torch.Tensor, /) -> torch.Tensor:
        """Minus the distance, times the sum of 1 / tau."""
        return distance_kernel(squared_distances, self.scales)

    def with_slope(self, squared_distances: torch.Tensor, /) -> tuple[torch.Tensor, torch.Tensor]:
        """The kernel, 0 for pairs that do not count and so are infinitely far, and its derivative."""
        rate = sum(1 / tau for tau in self.scales)
        distances = squared_distances.sqrt()
        values = (distances * -rate).masked_fill_(distances.isinf(), 0)
        return values, _over(torch.full_like(distances, -rate / 2), distances)


def _root(squared_distances: torch.Tensor) -> torch.Tensor:
    """d, with the gradient 0 where it is 0; NaN stays."""
    together = squared_distances <= 0
    return torch.where(together, 0, torch.where(together, 1, squared_distances).sqrt())


def _over(slopes: torch.Tensor, distances: torch.Tensor) -> torch.Tensor:
    """slopes / distances, 0 where the distance is 0."""
    return (slopes / distances).masked_fill_(distances == 0, 0)


def check_widths(name: str, widths: Sequence[float]) -> None:
    """The argument must hold one or more finite numbers above 0."""
    if not isinstance(widths, Sequence) or len(widths) == 0:
        raise ValueError(f"{name} must hold at least one number above 0, got {described(widths)}.")
    for width in widths:
        check_positive(f"each of {name}", width)
        if not _LEAST_WIDTH <= width <= 1 / _LEAST_WIDTH:
            raise ValueError(f"each of {name} must lie in {_LEAST_WIDTH:g}..{1 / _LEAST_WIDTH:g}, got {width}.")
