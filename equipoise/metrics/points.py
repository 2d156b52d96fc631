"""Modes reached by points in the plane: the ring and the grid of Gaussians."""

from dataclasses import dataclass

import torch

from equipoise.common.checks import check_positive, check_whole
from equipoise.metrics.arrays import Array
from equipoise.metrics.distances import nearest
from equipoise.metrics.histogram import coverage_of_counts

_ROUNDING = 1e-12
"""Of three times a deviation, as 3 * 0.1 is above 0.3."""


@dataclass(frozen=True)
class PointCoverage:
    """How well points cover known centres. "Near" is within 3 deviations, "loosely" within the loose radius.

    Attributes:
        modes: centres there are.
        covered: centres with at least the minimum of points near.
        covered_loosely: the same, loosely.
        share_near: share of the points near some centre, the "high-quality samples".
        share_loose: the same, loosely.
        divergence: KL(points per nearest centre, of the near ones || uniform) in nats; None if no point is near.
    """

    modes: int
    covered: int
    covered_loosely: int
    share_near: float
    share_loose: float
    divergence: float | None


def point_coverage(
    points: Array, centres: Array, deviation: float, loose_radius: float, minimum: int = 1
) -> PointCoverage:
    """Modes of a mixture of Gaussians that points reach; each point counts for its nearest centre; higher is better.

    Args:
        points: [samples, dimensions].
        centres: [modes, dimensions].
        deviation: of each Gaussian; near means within 3 of them (0.3 for the ring of Che et al. 2017).
        loose_radius: a second, larger radius (1.0 for that ring): few points within the first, many within this one,
            mean modes found but not yet sharp.
        minimum: points that make a mode covered.
    """
    check_positive("deviation", deviation)
    check_positive("loose_radius", loose_radius)
    if loose_radius < 3 * deviation * (1 - _ROUNDING):
        raise ValueError(f"loose_radius must be at least 3 deviations, got {loose_radius} and deviation {deviation}.")
    minimum = check_whole("minimum", minimum, 1)
    distances, places = nearest("points", points, "centres", centres)
    near = torch.bincount(places[distances <= 3 * deviation], minlength=len(centres))
    loose = torch.bincount(places[distances <= loose_radius], minlength=len(centres))
    return PointCoverage(
        modes=len(centres),
        covered=int((near >= minimum).sum()),
        covered_loosely=int((loose >= minimum).sum()),
        share_near=int(near.sum()) / len(distances),
        share_loose=int(loose.sum()) / len(distances),
        divergence=coverage_of_counts(near).divergence if int(near.sum()) else None,
    )
