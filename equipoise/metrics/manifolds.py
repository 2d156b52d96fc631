"""Precision, recall, density and coverage: fidelity and variety from balls around the samples."""

import torch

from equipoise.metrics.arrays import Array
from equipoise.metrics.distances import matching_rows
from equipoise.metrics.floors import Block, Cloud, of_unit_size
from equipoise.metrics.near_pairs import Tile
from equipoise.metrics.radii import nearest_radii


def precision_recall(real: Array, generated: Array, neighbours: int = 3) -> tuple[float, float]:
    """Improved precision and recall (Kynkaanniemi et al. 2019, Eq. 1 and 2); higher is better.

        precision = share of generated samples inside some real sample's ball
        recall    = share of real samples inside some generated sample's ball

    A sample's ball reaches to its k-th nearest neighbour of its own kind; the boundary belongs to it.

    Args:
        real: [samples, features].
        generated: [samples, features]; as many as real ones, since the radii shrink as samples grow.
        neighbours: k; 3 in the paper.
    """
    a, b = _samples(real, generated)
    inside_real, inside_generated = _inside_any(a, nearest_radii(a, neighbours), b, nearest_radii(b, neighbours))
    return float(inside_real.double().mean()), float(inside_generated.double().mean())


def density_coverage(real: Array, generated: Array, neighbours: int = 5) -> tuple[float, float]:
    """Density and coverage (Naeem et al. 2020, Eq. 2 and 3); higher is better.

        density  = mean over generated samples of (real balls that hold it) / k
        coverage = share of real samples whose ball holds a generated sample

    Density may exceed 1; both are about 1 for samples of the data itself (coverage 1 - 2^-k or more).

    Args:
        real: [samples, features].
        generated: [samples, features].
        neighbours: k; 5 in the paper.
    """
    a, b = _samples(real, generated)
    radii = nearest_radii(a, neighbours)
    cloud_a, cloud_b = _clouds(a, b)
    held, holds = 0, torch.zeros(len(a), dtype=torch.bool, device=a.device)
    for rows in cloud_a.blocks():
        for columns in cloud_b.blocks():
            row, _ = Tile(rows, columns).within(radii[rows.positions])
            held += len(row)
            holds[rows.positions[row]] = True
    return held / len(b) / neighbours, float(holds.double().mean())


def _samples(real: Array, generated: Array) -> tuple[torch.Tensor, torch.Tensor]:
    _, (a, b) = of_unit_size(*matching_rows("real", real, "generated", generated))
    return a, b


def _clouds(a: torch.Tensor, b: torch.Tensor) -> tuple[Cloud, Cloud]:
    centre = (a.mean(dim=0) + b.mean(dim=0)) / 2
    return Cloud(a, centre), Cloud(b, centre)


def _inside_any(
    a: torch.Tensor, radii_a: torch.Tensor, b: torch.Tensor, radii_b: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Which points of b lie inside some ball of a, and which of a inside some ball of b.

    One product serves both questions. A point that was found inside is not looked for again: each block of b meets the
    points of a that are still outside, and then those of the block that are still outside meet the other points of a.
    """
    in_a, in_b = torch.zeros_like(radii_b, dtype=torch.bool), torch.zeros_like(radii_a, dtype=torch.bool)
    cloud_a, cloud_b = _clouds(a, b)
    for columns in cloud_b.blocks():
        outside, inside = (~in_b).nonzero().flatten(), in_b.nonzero().flatten()
        for rows in cloud_a.blocks(outside):
            tile = Tile(rows, columns)
            if not bool(in_a[columns.positions].all()):
                in_a[columns.positions[tile.within(radii_a[rows.positions])[1]]] = True
            in_b[rows.positions[tile.turned().within(radii_b[columns.positions])[1]]] = True
        for rows in cloud_a.blocks(inside):
            rest = Block(cloud_b, columns.positions[~in_a[columns.positions]])
            in_a[rest.positions[Tile(rows, rest).within(radii_a[rows.positions])[1]]] = True
    return in_a, in_b
