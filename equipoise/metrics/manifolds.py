"""Precision, recall, density and coverage: fidelity and variety from balls around the samples."""

import torch

from equipoise.metrics.arrays import Array
from equipoise.metrics.distances import distance_blocks, matching_points, squared_radii


def precision_recall(real: Array, generated: Array, neighbours: int = 3) -> tuple[float, float]:
    """Improved precision and recall (Kynkaanniemi et al. 2019, Eq. 1 and 2).

        precision = share of generated samples inside some real sample's ball
        recall    = share of real samples inside some generated sample's ball

    A sample's ball reaches to its k-th nearest neighbour of its own kind; the boundary belongs to it.

    Args:
        real: [samples, features].
        generated: [samples, features]; as many as real ones, since the radii shrink as samples grow.
        neighbours: k; 3 in the paper.
    """
    a, b = matching_points("real", real, "generated", generated)
    inside_real = _balls_around(a, b, neighbours)[1]
    inside_generated = _balls_around(b, a, neighbours)[1]
    return float((inside_real > 0).double().mean()), float((inside_generated > 0).double().mean())


def density_coverage(real: Array, generated: Array, neighbours: int = 5) -> tuple[float, float]:
    """Density and coverage (Naeem et al. 2020, Eq. 2 and 3).

        density  = mean over generated samples of (real balls that hold it) / k
        coverage = share of real samples whose ball holds a generated sample

    Density may exceed 1; both are about 1 for samples of the data itself (coverage 1 - 2^-k or more).

    Args:
        real: [samples, features].
        generated: [samples, features].
        neighbours: k; 5 in the paper.
    """
    a, b = matching_points("real", real, "generated", generated)
    held, holders = _balls_around(a, b, neighbours)
    return float(holders.double().mean()) / neighbours, float((held > 0).double().mean())


def _balls_around(centres: torch.Tensor, points: torch.Tensor, neighbours: int) -> tuple[torch.Tensor, torch.Tensor]:
    """How many points each centre's ball holds, and how many balls hold each point."""
    radii = squared_radii(centres, neighbours)
    held = torch.zeros(len(centres), dtype=torch.int64, device=centres.device)
    holders = torch.zeros(len(points), dtype=torch.int64, device=centres.device)
    for rows, squared in distance_blocks(points, centres):
        inside = squared <= radii
        held += inside.sum(dim=0)
        holders[rows] = inside.sum(dim=1)
    return held, holders
