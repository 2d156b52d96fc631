"""The distance of each point to its nearest other points: the radius of its ball."""

import torch

from equipoise.common.checks import check_whole
from equipoise.metrics.floors import Block, Cloud, of_unit_size
from equipoise.metrics.near_pairs import Tile


def nearest_radii(points: torch.Tensor, neighbours: int) -> torch.Tensor:
    """Each point's distance to the k-th nearest of the others, [samples].

    Every block meets itself, then all later ones, from both sides. A pair is looked at only where it may be nearer than
    what a point has met so far.

    Args:
        points: [samples, features] in float64.
        neighbours: k, less than the samples.
    """
    neighbours = check_whole("neighbours", neighbours, 1, len(points) - 1)
    scale, (points,) = of_unit_size(points)
    every = Cloud(points, points.mean(dim=0)).blocks()
    nearest = points.new_full((len(points), neighbours), torch.inf)
    reach = torch.cat([_first_reach(block, neighbours) for block in every])
    for place, rows in enumerate(every):
        for columns in every[place:]:
            tile = Tile(rows, columns)
            _learn(tile, nearest, reach)
            if columns is not rows:
                _learn(tile.turned(), nearest, reach)
    return reach / scale


def _first_reach(block: Block, neighbours: int) -> torch.Tensor:
    """Distances [rows] that certainly hold enough others: those to the likeliest of its own block, if it has enough."""
    if len(block) <= neighbours:
        return block.cloud.points.new_full((len(block),), torch.inf)
    tile = Tile(block, block)
    floors = tile.floors(tile.precisions()[0]).clone().fill_diagonal_(torch.inf)
    likeliest = floors.topk(neighbours, dim=1, largest=False).indices
    row = torch.arange(len(block), device=floors.device).repeat_interleave(neighbours)
    return tile.distances(row, likeliest.flatten()).reshape(-1, neighbours).amax(dim=1)


def _learn(tile: Tile, nearest: torch.Tensor, reach: torch.Tensor) -> None:
    """Take what the tile's pairs tell of its rows; one that has enough others at distance 0 has nothing to learn."""
    known = reach[tile.rows.positions]
    row, column, distance = tile.near(torch.where(known > 0, known, -torch.inf))
    row, column = tile.rows.positions[row], tile.columns.positions[column]
    others = row != column
    met = _keep_least(nearest, row[others], distance[others])
    reach[met] = torch.minimum(reach[met], nearest[met].amax(dim=1))


def _keep_least(nearest: torch.Tensor, row: torch.Tensor, distance: torch.Tensor) -> torch.Tensor:
    """Put the distances among the least of their rows, in place, and give the rows."""
    order = distance.argsort()
    order = order[row[order].argsort(stable=True)]
    met: torch.Tensor
    met, owner, counts = torch.unique_consecutive(row[order], return_inverse=True, return_counts=True)
    rank = torch.arange(len(order), device=row.device) - (counts.cumsum(dim=0) - counts)[owner]
    least = rank < nearest.shape[1]
    found = nearest.new_full((len(met), nearest.shape[1]), torch.inf)
    found[owner[least], rank[least]] = distance[order][least]
    nearest[met] = torch.cat([nearest[met], found], dim=1).topk(nearest.shape[1], dim=1, largest=False).values
    return met
