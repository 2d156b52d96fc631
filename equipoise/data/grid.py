"""Gaussians on a square grid: 25 of them by default."""

from dataclasses import dataclass

from equipoise.data.fields import check_above_zero, check_whole
from equipoise.data.gaussians import Gaussians


@dataclass(frozen=True)
class Grid(Gaussians):
    """Points in the plane, each from one of side x side equally likely Gaussians; the label is the Gaussian's number.

    Args:
        side: how many Gaussians in a row; the grid is centred on the origin.
        spacing: between neighbouring centres.
        deviation: of each Gaussian, in both directions.
        count: how many points; a larger count continues the points of a smaller one.
    """

    name = "grid"
    side: int = 5
    spacing: float = 2.0
    deviation: float = 0.05
    count: int = 100_000

    def __post_init__(self) -> None:
        check_whole(self.name, "side", self.side, 1, 100)
        check_whole(self.name, "count", self.count, 1, 100_000_000)
        check_above_zero(self.name, "spacing", self.spacing)
        check_above_zero(self.name, "deviation", self.deviation)

    def centres(self) -> list[tuple[float, float]]:
        """The Gaussians' centres, row by row.

        Examples:
            >>> Grid(side=2, spacing=2.0).centres()
            [(-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)]
        """
        places = [(index - (self.side - 1) / 2) * self.spacing for index in range(self.side)]
        return [(x, y) for y in places for x in places]
