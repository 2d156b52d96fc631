"""Which points are near each other, decided as in float64 at about the cost of float32.

The squared distance of two points is |x|^2 + |y|^2 - 2 x.y once both are moved by the same centre. A matrix product
computes it for many pairs at once, with an error that is at most a small multiple of |x|^2 + |y|^2. Subtracting that
multiple leaves a *floor*: a number that the squared distance certainly reaches. Pairs whose floor is too high are
dismissed; what is left is few, and is decided by the distance itself, from the float64 differences of the two points.
Where float32 floors leave many pairs open (tight clusters far from the centre), floors in float64 are taken.
"""

import torch

from equipoise.common.precision import product_precision
from equipoise.metrics.floors import Block, slack, underflow

Pairs = tuple[torch.Tensor, torch.Tensor]
"""Indices of the first and of the second sample of each pair."""
_FEW = 64
"""Of so many pairs, one may be left open before the floors are taken more finely."""
_HALVINGS = 4
"""How often columns are folded onto each other before a look at single ones."""
_PAIRS_AT_ONCE = 1 << 10
"""So that their points stay in the cache."""
_ROUNDING = 2.0**-20
"""Far more than the relative error of a distance in float64 and of a limit in float32."""


class Tile:
    """A block of points against another one: the pairs that are near, by a limit for each row."""

    def __init__(self, rows: Block, columns: Block) -> None:
        """Nothing is computed yet; both blocks must have the same centre."""
        self.rows, self.columns = rows, columns
        self._floors: dict[torch.dtype, torch.Tensor] = {}

    def turned(self) -> "Tile":
        """The tile transposed; what is already computed is kept."""
        other = Tile(self.columns, self.rows)
        other._floors = {dtype: floors.mT for dtype, floors in self._floors.items()}
        return other

    def precisions(self) -> list[torch.dtype]:
        """Float32 first, unless its products may have fewer digits here, or there are too many features for it."""
        whole = product_precision(self.rows.cloud.points.device.type) == "float32"
        fits = slack(self.rows.cloud.points.shape[1], torch.float32) < 0.25
        return [torch.float32, torch.float64] if whole and fits else [torch.float64]

    def floors(self, dtype: torch.dtype) -> torch.Tensor:
        """Numbers [rows, columns] that the squared distances certainly reach."""
        if dtype not in self._floors:
            factors = self.rows.factors(dtype)
            moved, one, least = factors[:, :-2], factors[:, -2:-1], factors[:, -1:]
            self._floors[dtype] = torch.cat([-2 * moved, least, one], dim=1) @ self.columns.factors(dtype).mT
        return self._floors[dtype]

    def near(self, reach: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Row, column and distance of all pairs whose distance is at most the row's reach [rows]."""
        for dtype in self.precisions():
            row, column = self._open(reach, dtype)
            if self._is_few(row):
                break
        distance = self.distances(row, column)
        near = distance <= reach[row]
        return row[near], column[near], distance[near]

    def within(self, reach: torch.Tensor) -> Pairs:
        """Row and column of the same pairs; where a distance is certainly within reach, it is not computed."""
        for dtype in self.precisions():
            row, column = self._open(reach, dtype)
            near = self._ceilings(row, column, dtype) <= _squared(reach[row], 1 - _ROUNDING)
            unsure = (~near).nonzero().flatten()
            if self._is_few(unsure):
                break
        near[unsure] = self.distances(row[unsure], column[unsure]) <= reach[row[unsure]]
        return row[near], column[near]

    def distances(self, row: torch.Tensor, column: torch.Tensor) -> torch.Tensor:
        """Distances [pairs] by differences in float64: the same bits whichever pairs are asked for together."""
        a, b = self.rows.cloud.points, self.columns.cloud.points
        positions = self.rows.positions[row], self.columns.positions[column]
        chunks = zip(*(chosen.split(_PAIRS_AT_ONCE) for chosen in positions), strict=True)
        return torch.cat([_distances(a.index_select(0, i), b.index_select(0, j)) for i, j in chunks])

    def _open(self, reach: torch.Tensor, dtype: torch.dtype) -> Pairs:
        return _at_most(self.floors(dtype), _squared(reach, 1 + _ROUNDING).to(dtype))

    def _is_few(self, pairs: torch.Tensor) -> bool:
        return len(pairs) * _FEW <= len(self.rows) * len(self.columns)

    def _ceilings(self, row: torch.Tensor, column: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """Numbers [pairs] that the squared distances certainly do not exceed."""
        least = [block.factors(dtype)[:, -1].double() for block in (self.rows, self.columns)]
        features = self.rows.cloud.points.shape[1]
        between = 4 * slack(features, dtype) * (least[0][row] + least[1][column]) + 8 * underflow(features, dtype)
        return self.floors(dtype)[row, column] + between


def _distances(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.cdist(a[:, None], b[:, None], compute_mode="donot_use_mm_for_euclid_dist").flatten()


def _squared(reach: torch.Tensor, factor: float) -> torch.Tensor:
    """Squares that keep the sign, so that nothing is within a negative reach."""
    return reach * reach.abs() * factor


def _at_most(floors: torch.Tensor, limits: torch.Tensor) -> Pairs:
    """Row and column of all floors up to the row's limit; but for the last few columns, folds are looked at first."""
    folded = floors.shape[1] - floors.shape[1] % 2**_HALVINGS
    row, column = _at_most_by_folds(floors[:, :folded], limits)
    last_row, last_column = (floors[:, folded:] <= limits[:, None]).nonzero(as_tuple=True)
    return torch.cat([row, last_row]), torch.cat([column, last_column + folded])


def _at_most_by_folds(floors: torch.Tensor, limits: torch.Tensor) -> Pairs:
    least = floors
    for _ in range(_HALVINGS):
        least = torch.minimum(*least.tensor_split(2, dim=1))
    row, fold = (least <= limits[:, None]).nonzero(as_tuple=True)
    layers = torch.arange(2**_HALVINGS, device=floors.device) * least.shape[1]
    hit, layer = (floors[row[:, None], fold[:, None] + layers] <= limits[row, None]).nonzero(as_tuple=True)
    return row[hit], fold[hit] + layers[layer]
