"""Gaussians on a circle: the toy that shows missing modes (Che et al. 2017: 6 of them, radius 5, deviation 0.1)."""

import math
from dataclasses import dataclass

from equipoise.data.fields import check_above_zero, check_whole
from equipoise.data.gaussians import Gaussians


@dataclass(frozen=True)
class Ring(Gaussians):
    """Points in the plane, each from one of `modes` equally likely Gaussians; the label is the Gaussian's number.

    Args:
        modes: how many Gaussians; their centres divide the circle evenly, the first at (radius, 0).
        radius: of the circle.
        deviation: of each Gaussian, in both directions.
        count: how many points; a larger count continues the points of a smaller one.
    """

    name = "ring"
    modes: int = 6
    radius: float = 5.0
    deviation: float = 0.1
    count: int = 100_000

    def __post_init__(self) -> None:
        check_whole(self.name, "modes", self.modes, 1, 10_000)
        check_whole(self.name, "count", self.count, 1, 100_000_000)
        check_above_zero(self.name, "radius", self.radius)
        check_above_zero(self.name, "deviation", self.deviation)

    def centres(self) -> list[tuple[float, float]]:
        """The Gaussians' centres.

        Examples:
            >>> [(round(x, 3), round(y, 3)) for x, y in Ring(modes=4, radius=2.0).centres()]
            [(2.0, 0.0), (0.0, 2.0), (-2.0, 0.0), (-0.0, -2.0)]
        """
        angles = [2 * math.pi * mode / self.modes for mode in range(self.modes)]
        return [(self.radius * math.cos(angle), self.radius * math.sin(angle)) for angle in angles]
