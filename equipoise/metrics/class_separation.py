"""How far a network's features keep the classes of labelled samples apart: silhouette and purity of neighbours."""

from collections.abc import Iterator

import torch

from equipoise.common.checks import check_whole
from equipoise.metrics.arrays import Array, as_float64, as_labels
from equipoise.metrics.distances import blocks
from equipoise.metrics.floors import of_unit_size

_BLOCK = 256


def class_silhouette(features: Array, labels: Array) -> float:
    """Mean silhouette coefficient of the samples, with their classes as clusters (Rousseeuw 1987); higher is better.

        s = (b - a) / max(a, b),    a: mean distance to the rest of its own class,    b: to the nearest other class

    Args:
        features: [samples, features]; distances are Euclidean.
        labels: [samples] whole numbers of two classes or more. A sample that is alone in its class counts as 0.

    Returns: -1 to 1; near 1 where each class is a tight cluster of its own, near 0 where classes overlap.
    """
    points, classes = _labelled(features, labels)
    members = torch.nn.functional.one_hot(classes).to(points.dtype)
    sizes = members.sum(dim=0)
    total = points.new_zeros(())
    for rows, distances in _distances(points):
        own = classes[rows, None]
        sums = distances @ members
        within = sums.gather(1, own)[:, 0] / (sizes[classes[rows]] - 1).clamp_min(1)
        nearest = (sums / sizes).scatter(1, own, torch.inf).amin(dim=1)
        larger = torch.maximum(within, nearest)
        counts = (sizes[classes[rows]] > 1) & (larger > 0)
        total += torch.where(counts, (nearest - within) / larger.where(larger > 0, 1), 0).sum()
    return float(total / len(points))


def neighbour_purity(features: Array, labels: Array, neighbours: int = 10) -> float:
    """The mean share of a sample's nearest neighbours that are of its own class, without itself; higher is better.

    Args:
        features: [samples, features]; distances are Euclidean.
        labels: [samples] whole numbers of two classes or more.
        neighbours: how many nearest ones, below the number of samples.

    Returns: 0 to 1. Features that know nothing of the classes give the chance that two samples share one.
    """
    points, classes = _labelled(features, labels)
    neighbours = check_whole("neighbours", neighbours, 1, len(points) - 1, ", below the number of samples")
    alike = points.new_zeros(())
    for rows, distances in _distances(points):
        distances[torch.arange(len(distances)), torch.arange(rows.start, rows.start + len(distances))] = torch.inf
        nearest = distances.topk(neighbours, dim=1, largest=False).indices
        alike += (classes[nearest] == classes[rows, None]).sum()
    return float(alike / (len(points) * neighbours))


def _labelled(features: Array, labels: Array) -> tuple[torch.Tensor, torch.Tensor]:
    """The features in float64 at unit size, and the classes numbered from 0 without gaps, on one device."""
    _, (points,) = of_unit_size(as_float64("features", features, "samples, features"))
    numbers = as_labels("labels", labels, torch.iinfo(torch.int64).max).to(points.device)
    if len(numbers) != len(points):
        raise ValueError(f"labels must be as many as the {len(points)} samples, got {len(numbers)}.")
    found, classes = numbers.unique(return_inverse=True)
    if len(found) < 2:
        raise ValueError("labels must hold two classes at least.")
    return points, classes


def _distances(points: torch.Tensor) -> Iterator[tuple[slice, torch.Tensor]]:
    """Some rows at a time, and their distances [rows, samples], from differences: equal ones are equal."""
    for rows in blocks(len(points), _BLOCK):
        yield rows, torch.cdist(points[rows], points, compute_mode="donot_use_mm_for_euclid_dist")
