"""Nearest training neighbours: did the generator learn the data, or memorise it?"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch

from equipoise.metrics.arrays import Array
from equipoise.metrics.distances import distance_blocks, nearest, scaled_points


def nearest_neighbours(samples: Array, training: Array) -> tuple[torch.Tensor, torch.Tensor]:
    """The nearest training sample of each sample, by Euclidean distance.

    Args:
        samples: [samples, features], features or flattened pixels.
        training: [training_samples, features].

    Returns:
        Distances [samples] in float64, and positions [samples] in the training set.
    """
    return nearest("samples", samples, "training", training)


def several_nearest(samples: Array, training: Iterable[Array], count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The nearest training samples of each sample, by Euclidean distance, from training data that come in parts.

    Args:
        samples: [samples, features], features or flattened pixels.
        training: parts [training_samples, features], one after the other.
        count: how many neighbours; fewer where there are fewer.

    Returns:
        Distances [samples, count] in float64, nearest first, and positions [samples, count] over all parts.
    """
    known, places, done = torch.empty(len(samples), 0, dtype=torch.float64), torch.empty(len(samples), 0).long(), 0
    for part in training:
        scale, (a, b) = scaled_points("samples", samples, "training", part)
        found = torch.cat([squared for _, squared in distance_blocks(a, b)]).sqrt() / scale
        here = torch.arange(done, done + len(part)).expand(len(samples), -1)
        known, places, done = torch.cat([known, found], 1), torch.cat([places, here], 1), done + len(part)
        chosen = known.argsort(dim=1, stable=True)[:, :count]
        known, places = known.gather(1, chosen), places.gather(1, chosen)
    return known, places


@dataclass(frozen=True)
class Memorisation:
    """How near the samples are to the training set, compared with held-out data.

    Attributes:
        ratio: median distance of the samples over that of the held-out data; well below 1 is suspicious, well above
            means samples that look like no data.
        share_nearer: share of the samples that are nearer than 95 of 100 held-out images; about 0.05 is honest.
        copies: samples at distance 0.
    """

    ratio: float
    share_nearer: float
    copies: int


def memorisation(samples: Array, training: Array, held_out: Array) -> Memorisation:
    """Compare the samples' distances to the training set with those of held-out data; all [count, features]."""
    near, _ = nearest_neighbours(samples, training)
    honest, _ = nearest_neighbours(held_out, training)
    usual = float(honest.median())
    if usual == 0:
        raise ValueError("held_out must not repeat the training data: half of it or more is at distance 0.")
    threshold = torch.quantile(honest, 0.05)
    return Memorisation(float(near.median()) / usual, float((near < threshold).double().mean()), int((near == 0).sum()))
