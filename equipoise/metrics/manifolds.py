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
    radii_a, radii_b = squared_radii(a, neighbours), squared_radii(b, neighbours)
    inside_real = torch.zeros(len(b), dtype=torch.bool, device=a.device)
    inside_generated = torch.zeros(len(a), dtype=torch.bool, device=a.device)
    for rows, squared in distance_blocks(a, b):
        inside_real |= (squared <= radii_a[rows, None]).any(dim=0)
        inside_generated[rows] = (squared <= radii_b).any(dim=1)
    return float(inside_real.double().mean()), float(inside_generated.double().mean())


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
    radii = squared_radii(a, neighbours)
    holders = torch.zeros(len(b), dtype=torch.int64, device=a.device)
    holds = torch.zeros(len(a), dtype=torch.bool, device=a.device)
    for rows, squared in distance_blocks(a, b):
        inside = squared <= radii[rows, None]
        holders += inside.sum(dim=0)
        holds[rows] = inside.any(dim=1)
    return float(holders.double().mean()) / neighbours, float(holds.double().mean())
