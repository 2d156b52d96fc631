"""Gaussians on a circle: the toy that shows missing modes (Che et al. 2017: 6 of them, radius 5, deviation 0.1)."""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from equipoise.data.data_set import DataSet
from equipoise.data.fields import check_above_zero, check_whole

if TYPE_CHECKING:
    from equipoise.data.store import Store


@dataclass(frozen=True)
class Ring(DataSet):
    """Points in the plane, each from one of `modes` equally likely Gaussians; the label is the Gaussian's number.

    Args:
        modes: how many Gaussians; their centres divide the circle evenly, the first at (radius, 0).
        radius: of the circle.
        deviation: of each Gaussian, in both directions.
        count: how many points; a larger count continues the points of a smaller one.
    """

    modes: int = 6
    radius: float = 5.0
    deviation: float = 0.1
    count: int = 100_000
    is_small: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_whole(self.name, "modes", self.modes, 1, 10_000)
        check_whole(self.name, "count", self.count, 1, 100_000_000)
        check_above_zero(self.name, "radius", self.radius)
        check_above_zero(self.name, "deviation", self.deviation)

    @property
    def name(self) -> str:
        """The data set's name."""
        return "ring"

    def centres(self) -> list[tuple[float, float]]:
        """The Gaussians' centres.

        Examples:
            >>> [(round(x, 3), round(y, 3)) for x, y in Ring(modes=4, radius=2.0).centres()]
            [(2.0, 0.0), (0.0, 2.0), (-2.0, 0.0), (-0.0, -2.0)]
        """
        angles = [2 * math.pi * mode / self.modes for mode in range(self.modes)]
        return [(self.radius * math.cos(angle), self.radius * math.sin(angle)) for angle in angles]

    @property
    def item_shape(self) -> tuple[int, ...]:
        """Points of the plane."""
        return (2,)

    def stand_in(self, count: int) -> "Ring":
        """So many points."""
        return replace(self, count=count)

    def gaussians(self) -> tuple[list[tuple[float, float]], float]:
        """The centres and the deviation."""
        return self.centres(), self.deviation

    def load(self, root: Path | None = None, seed: int = 0) -> "Store":
        """Draw the points of this seed; the root plays no part."""
        from equipoise.data.gaussians import mixture

        return mixture(self.centres(), self.deviation, self.count, seed, "data/ring")
