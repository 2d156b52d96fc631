"""A data set of your own: points on a spiral.

equipoise --plugin examples/extending/my_data.py train gan-ring --data my-spiral
"""

import math
from dataclasses import dataclass, replace
from pathlib import Path

import torch

import equipoise
from equipoise.common.random import stream
from equipoise.data.data_set import DataSet
from equipoise.data.fields import check_above_zero, check_whole
from equipoise.data.store import Store, held


@dataclass(frozen=True)
class Spiral(DataSet):
    """Points in the plane, on a spiral of a few turns with a little noise.

    Args:
        turns: how many times the spiral goes round.
        noise: the standard deviation around it.
        count: how many points.
    """

    turns: float = 2.0
    noise: float = 0.05
    count: int = 10_000

    def __post_init__(self) -> None:
        check_above_zero(self.name, "turns", self.turns)
        check_above_zero(self.name, "noise", self.noise)
        check_whole(self.name, "count", self.count, 1, 10_000_000)

    @property
    def name(self) -> str:
        """The data set's name."""
        return "my-spiral"

    @property
    def item_shape(self) -> tuple[int, ...]:
        """A point of the plane."""
        return (2,)

    def stand_in(self, count: int) -> "Spiral":
        """Fewer points, for the smoke budget."""
        return replace(self, count=count)

    def load(self, root: Path | None = None, seed: int = 0) -> Store:
        """The points of this seed; `root`, the folder of published files, is not needed."""
        chance = stream(seed, "data/my-spiral")
        along = torch.rand(self.count, generator=chance)
        angle = 2 * math.pi * self.turns * along
        curve = 5 * along[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
        return held(curve + self.noise * torch.randn(self.count, 2, generator=chance))


equipoise.register(data=equipoise.DataEntry("my-spiral", "points on a spiral, in the plane", Spiral, "synthetic"))
