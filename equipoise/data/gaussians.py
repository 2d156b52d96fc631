"""Points from an even mixture of Gaussians in the plane."""

import math

import torch

from equipoise.common.random import stream
from equipoise.data.store import Store, held


def mixture(centres: list[tuple[float, float]], deviation: float, count: int, seed: int, purpose: str) -> Store:
    """Points drawn evenly from round Gaussians; a larger count continues the points of a smaller one.

    Three uniform numbers make a point: the first chooses the Gaussian, two become normal numbers by Box and Muller.

    Returns:
        A store of float32 points [count, 2], labelled with the Gaussian's number.
    """
    uniform = torch.rand((count, 3), generator=stream(seed, purpose), dtype=torch.float64)
    labels = (uniform[:, 0] * len(centres)).long()
    lengths = deviation * torch.sqrt(-2 * torch.log1p(-uniform[:, 1]))
    angles = 2 * math.pi * uniform[:, 2]
    offsets = torch.stack([lengths * angles.cos(), lengths * angles.sin()], dim=1)
    points = torch.tensor(centres, dtype=torch.float64)[labels] + offsets
    return held(points.to(torch.float32), labels, classes=len(centres))
