"""Squared distances between many points, block by block."""

from collections.abc import Iterator

import torch

from equipoise.metrics.arrays import Array, as_float64

_BLOCK = 1024
_SAME_POINT = 1e-13


def matching_points(name_a: str, a: Array, name_b: str, b: Array) -> tuple[torch.Tensor, torch.Tensor]:
    """Two sets of points [samples, features] in float64 on one device, moved so that their common mean is 0."""
    first = as_float64(name_a, a, "samples, features")
    second = as_float64(name_b, b, "samples, features").to(first.device)
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"{name_b} must have {first.shape[1]} features, got shape {tuple(second.shape)}.")
    centre = (first.mean(dim=0) + second.mean(dim=0)) / 2
    return first - centre, second - centre


def distance_blocks(a: torch.Tensor, b: torch.Tensor) -> Iterator[tuple[slice, torch.Tensor]]:
    """Rows of a, and their squared distances [rows, samples_b] to all of b; what is 0 up to rounding is 0."""
    norms_b = b.square().sum(dim=1)
    for start in range(0, len(a), _BLOCK):
        rows = slice(start, start + _BLOCK)
        norms = a[rows].square().sum(dim=1)[:, None] + norms_b
        squared = norms - 2 * a[rows] @ b.mT
        yield rows, torch.where(squared > _SAME_POINT * norms, squared, 0.0)


def squared_radii(points: torch.Tensor, neighbours: int) -> torch.Tensor:
    """Each point's squared distance to its nearest other points' k-th, [samples]."""
    if not 1 <= neighbours < len(points):
        raise ValueError(f"neighbours must lie in 1..{len(points) - 1}, got {neighbours}.")
    radii = points.new_empty(len(points))
    for rows, squared in distance_blocks(points, points):
        squared[:, rows].fill_diagonal_(torch.inf)
        radii[rows] = squared.kthvalue(neighbours, dim=1).values
    return radii
