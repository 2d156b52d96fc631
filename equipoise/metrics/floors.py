"""Sets of points, prepared for lower bounds of their squared distances that allow for rounding."""

import math

import torch

_BLOCK = 1024
"""Points of a block: the products of two of them stay in the cache."""


class Cloud:
    """A set of points.

    Attributes:
        points: [samples, features] in float64.
    """

    def __init__(self, points: torch.Tensor, centre: torch.Tensor) -> None:
        """Convert the points once.

        Args:
            points: [samples, features] in float64.
            centre: [features], subtracted before products are taken: the nearer to the points, the tighter the floors.
        """
        self.points, self._centre = points, centre
        self._single = torch.cat([self._factors(part, torch.float32) for part in points.split(_BLOCK)])

    def blocks(self, chosen: torch.Tensor | None = None) -> "list[Block]":
        """All points, or the chosen ones by their positions, in blocks."""
        positions = torch.arange(len(self.points), device=self.points.device) if chosen is None else chosen
        return [Block(self, part) for part in positions.split(_BLOCK)]

    def factors(self, positions: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """[x, 1, h] of these points, [rows, features + 2]; h is |x|^2 less all that rounding may add to it."""
        if dtype == torch.float32:
            return self._single.index_select(0, positions)
        return self._factors(self.points.index_select(0, positions), dtype)

    def _factors(self, points: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        moved = points - self._centre
        norms = moved.square().sum(dim=1, keepdim=True)
        least = (1 - slack(points.shape[1], dtype)) * norms - underflow(points.shape[1], dtype)
        return torch.cat([moved, torch.ones_like(norms), least], dim=1).to(dtype)


class Block:
    """Some points of a cloud.

    Attributes:
        cloud: the whole set.
        positions: of the points in it, [rows].
    """

    def __init__(self, cloud: Cloud, positions: torch.Tensor) -> None:
        """Nothing is taken out of the cloud yet."""
        self.cloud, self.positions = cloud, positions
        self._single: torch.Tensor | None = None

    def __len__(self) -> int:
        """How many points."""
        return len(self.positions)

    def factors(self, dtype: torch.dtype) -> torch.Tensor:
        """As the cloud's; in float32 they are kept."""
        if dtype != torch.float32:
            return self.cloud.factors(self.positions, dtype)
        if self._single is None:
            self._single = self.cloud.factors(self.positions, dtype)
        return self._single


def slack(features: int, dtype: torch.dtype) -> float:
    """The share of |x|^2 + |y|^2 that rounding may add to a squared distance in this precision, with a margin.

    With u the unit roundoff: the points are converted (4 u), the norms are summed and converted (features + 4) u, and
    features + 2 terms, together at most 2 (|x|^2 + |y|^2), are summed in any order, 2 (features + 2) u. That sum is
    below 4 (features + 16) u, also with all higher powers of u as long as this is below 1/4.
    """
    return 2 * (features + 16) * torch.finfo(dtype).eps


def underflow(features: int, dtype: torch.dtype) -> float:
    """An upper bound of the error from numbers that are too small for the precision."""
    return 64 * features * torch.finfo(dtype).tiny


def of_unit_size(*sets: torch.Tensor) -> tuple[float, tuple[torch.Tensor, ...]]:
    """A power of two, and the sets times it, which is exact: so their squares neither overflow nor vanish."""
    highest = torch.stack([points.amax(dim=0) for points in sets]).amax(dim=0)
    lowest = torch.stack([points.amin(dim=0) for points in sets]).amin(dim=0)
    halved = float((highest / 2 - lowest / 2).max())
    scale = 2.0 ** -min(max(math.frexp(halved)[1] + 1, -1000), 1000)
    return scale, tuple(points * scale for points in sets)
