"""Squared distances between many points, block by block."""

from collections.abc import Iterator

import torch

from equipoise.metrics.arrays import Array, as_float64
from equipoise.metrics.floors import of_unit_size

_BLOCK = 256
"""Rows at once: few enough that what is made of a block finds it in the cache."""
_SAME_POINT = 1e-13


def matching_rows(name_a: str, a: Array, name_b: str, b: Array) -> tuple[torch.Tensor, torch.Tensor]:
    """Two sets of points [samples, features] in float64 on one device."""
    first = as_float64(name_a, a, "samples, features")
    second = as_float64(name_b, b, "samples, features").to(first.device)
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"{name_b} must have {first.shape[1]} features, got shape {tuple(second.shape)}.")
    return first, second


def scaled_points(name_a: str, a: Array, name_b: str, b: Array) -> tuple[float, tuple[torch.Tensor, torch.Tensor]]:
    """A power of two, and two sets of points as `matching_rows` times it, around 0: their squares stay in range."""
    scale, (first, second) = of_unit_size(*matching_rows(name_a, a, name_b, b))
    centre = (first.mean(dim=0) + second.mean(dim=0)) / 2
    return scale, (first - centre, second - centre)


def nearest(name_a: str, a: Array, name_b: str, b: Array) -> tuple[torch.Tensor, torch.Tensor]:
    """Of each point of a, the Euclidean distance to the nearest of b [samples_a], and that one's position."""
    scale, (first, second) = scaled_points(name_a, a, name_b, b)
    found = [squared.min(dim=1) for _, squared in distance_blocks(first, second)]
    return torch.cat([part.values for part in found]).sqrt() / scale, torch.cat([part.indices for part in found])


def distance_blocks(a: torch.Tensor, b: torch.Tensor) -> Iterator[tuple[slice, torch.Tensor]]:
    """Rows of a, and their squared distances [rows, samples_b] to all of b; what is 0 up to rounding is 0."""
    norms_a, norms_b = a.square().sum(dim=1), b.square().sum(dim=1)
    for rows in blocks(len(a), _BLOCK):
        squared = torch.addmm(norms_b, a[rows], b.mT, alpha=-2).add_(norms_a[rows, None])
        yield rows, _without_rounding(squared, norms_a[rows], norms_b)


def blocks(count: int, size: int) -> Iterator[slice]:
    """The numbers 0 .. count - 1 in stretches of this size, the last one perhaps shorter."""
    return (slice(start, min(start + size, count)) for start in range(0, count, size))


def _without_rounding(squared: torch.Tensor, norms_a: torch.Tensor, norms_b: torch.Tensor) -> torch.Tensor:
    """Squared distances in which what is 0 up to rounding is 0, in place; the closer look is rare between two sets."""
    if float(squared.amin()) <= _SAME_POINT * float(norms_a.max() + norms_b.max()):
        squared.masked_fill_(squared <= _SAME_POINT * (norms_a[:, None] + norms_b), 0.0)
    return squared
