"""Kernels on squared distances: sums of Gaussian and of rational quadratic kernels over several widths."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from equipoise.common.checks import check_positive, check_scores

GAUSSIAN_MIXTURE = (1.0, 2.0**0.5, 2.0, 2.0**1.5, 4.0)
"""The bandwidths of MMD-rbf (Wang et al. 2019, section 5)."""
RATIONAL_QUADRATIC_MIXTURE = (0.2, 0.5, 1.0, 2.0, 5.0)
"""The alphas of MMD-rq (Wang et al. 2019, section 5)."""


class Kernel(Protocol):
    """A kernel as a function of the squared distance, applied to each element."""

    def __call__(self, squared_distances: torch.Tensor, /) -> torch.Tensor:
        """k(d^2), in the shape of squared_distances."""


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


@dataclass(frozen=True)
class GaussianKernel:
    """`gaussian_kernel` with its bandwidths, for the argument `kernel` of the MMD losses."""

    bandwidths: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        check_widths("bandwidths", self.bandwidths)

    def __call__(self, squared_distances: torch.Tensor, /) -> torch.Tensor:
        """Sum over the bandwidths of exp(-d^2 / (2 sigma^2))."""
        return gaussian_kernel(squared_distances, self.bandwidths)


@dataclass(frozen=True)
class RationalQuadraticKernel:
    """`rational_quadratic_kernel` with its alphas, for the argument `kernel` of the MMD losses."""

    alphas: tuple[float, ...] = RATIONAL_QUADRATIC_MIXTURE

    def __post_init__(self) -> None:
        check_widths("alphas", self.alphas)

    def __call__(self, squared_distances: torch.Tensor, /) -> torch.Tensor:
        """Sum over the alphas of (1 + d^2 / (2 alpha))^-alpha."""
        return rational_quadratic_kernel(squared_distances, self.alphas)


def check_widths(name: str, widths: Sequence[float]) -> None:
    """The argument must hold one or more finite numbers above 0."""
    if len(widths) == 0:
        raise ValueError(f"{name} must hold at least one number above 0, got none.")
    for width in widths:
        check_positive(f"each of {name}", width)
