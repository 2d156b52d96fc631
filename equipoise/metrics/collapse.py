"""How varied samples are compared with held-out data, without labels or a network: used by the collapse alarm."""

import math
from dataclasses import dataclass
from functools import cached_property

import torch

from equipoise.metrics.arrays import Array, as_float64
from equipoise.metrics.distances import matching_rows
from equipoise.metrics.floors import of_unit_size
from equipoise.metrics.neighbours import nearest_neighbours
from equipoise.metrics.radii import nearest_radii


@dataclass(frozen=True)
class Variety:
    """Each is 1 for samples as varied as the data, and 0 for samples that are all the same.

    Attributes:
        reach: how many of the real items are the nearest one of some sample, over the same count for held-out items.
        spread: total variance of the samples over that of the held-out items.
        spacing: median distance of a sample to its nearest other sample, over that of held-out items.
    """

    reach: float
    spread: float
    spacing: float


def variety(samples: Array, real: Array, held_out: Array) -> Variety:
    """Compare samples with held-out data; higher is better.

    Distances are Euclidean: of pixels, they tell a collapse, not small differences of quality.

    Args:
        samples: [count, features], finite; count at least 2.
        real: [real_count, features].
        held_out: [count, features]: other real items, as many as there are samples, since all three measures depend on
            the count.

    Raises:
        ValueError: a shape does not fit, a number is not finite, or half of the held-out items or more are repeated.
    """
    return Yardstick(real, held_out).variety(samples)


@dataclass(frozen=True)
class Yardstick:
    """Real and held-out data, measured once, that samples are compared with again and again.

    Attributes:
        real, held_out: as in `variety`.
    """

    real: Array
    held_out: Array

    def variety(self, samples: Array) -> Variety:
        """As the function `variety`, with the same errors."""
        ours, honest = matching_rows("samples", samples, "held_out", self.held_out)
        if len(ours) != len(honest) or len(ours) < 2:
            counts = f"{len(ours)} and {len(honest)}"
            raise ValueError(f"samples and held_out must be equally many, at least 2, got {counts}.")
        reached, scale, spread, spacing = self._usual
        if spacing == 0:
            raise ValueError("held_out must hold different items: half of them or more are repeated.")
        ratios = _spread(ours * scale) / spread, _spacing(ours) / spacing
        if not math.isfinite(sum(ratios)):
            raise ValueError("samples spread too far: the ratio of their variance to that of held_out leaves float64.")
        return Variety(_reached(samples, self.real) / reached, *ratios)

    @cached_property
    def _usual(self) -> tuple[int, float, float, float]:
        """The held-out items' own reach; the scale at which spreads are taken; their spread there; their spacing."""
        points = as_float64("held_out", self.held_out, "samples, features")
        scale, (unit,) = of_unit_size(points)
        return _reached(self.held_out, self.real), scale, _spread(unit), _spacing(points)


def _reached(samples: Array, real: Array) -> int:
    """How many different real items are the nearest one of some sample."""
    _, positions = nearest_neighbours(samples, real)
    return len(positions.unique())


def _spread(points: torch.Tensor) -> float:
    return float(points.var(dim=0).sum())


def _spacing(points: torch.Tensor) -> float:
    return float(nearest_radii(points, 1).median())
