from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.metrics.floors import Cloud, of_unit_size, slack
from equipoise.metrics.near_pairs import Tile


def tile_of(a: np.ndarray, b: np.ndarray) -> Tile:
    _, (first, second) = of_unit_size(torch.from_numpy(a), torch.from_numpy(b))
    clouds = [Cloud(points, first.mean(dim=0)) for points in (first, second)]
    return Tile(clouds[0].blocks()[0], clouds[1].blocks()[0])


def exactly_squared(x: torch.Tensor, y: torch.Tensor) -> Fraction:
    return sum(((Fraction(p) - Fraction(q)) ** 2 for p, q in zip(x.tolist(), y.tolist(), strict=True)), Fraction(0))


@settings(max_examples=16, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    features=st.sampled_from([1, 3, 40]),
    spread=st.sampled_from([1.0, 1e-6, 1e-30]),
    dtype=st.sampled_from([torch.float32, torch.float64]),
)
def test_no_floor_is_above_the_exact_distance(seed: int, features: int, spread: float, dtype: torch.dtype) -> None:
    numbers = np.random.default_rng(seed)
    a, b = spread * numbers.normal(size=(2, 8, features)) * 10.0 ** numbers.integers(-6, 3, size=(2, 8, 1))
    a[0] += numbers.normal(size=features)  # its fellows lie in a cluster whose squares may be too small for float32
    b[1] = a[1]
    tile = tile_of(a, b)
    for i, x in enumerate(tile.rows.cloud.points):
        for j, y in enumerate(tile.columns.cloud.points):
            squared = exactly_squared(x, y)
            floor = Fraction(float(tile.floors(dtype)[i, j]))
            norms = sum(exactly_squared(p, tile.rows.cloud._centre) for p in (x, y))
            assert floor <= squared <= floor + Fraction(2.5 * slack(features, dtype)) * norms + Fraction(1, 10**30)


def test_most_pairs_are_dismissed_and_clusters_are_looked_at_more_finely(numbers: np.random.Generator) -> None:
    a, b = numbers.normal(size=(2, 300, 20))
    tile = tile_of(a, b)
    distances = np.sqrt(((a[:, None] - b) ** 2).sum(axis=2))
    limit = float(np.sort(distances.ravel())[40])
    scale, _ = of_unit_size(torch.from_numpy(a), torch.from_numpy(b))
    reach = torch.full((300,), limit * scale, dtype=torch.float64)
    row, column, distance = tile.near(reach)
    assert len(row) in (40, 41)  # the last one's distance is the limit up to its last digit
    np.testing.assert_allclose(distance.numpy() / scale, distances[row, column], rtol=1e-14)
    assert list(tile._floors) == [torch.float32]
    places = numbers.integers(0, 3, size=(300, 20))[:, :1] + np.zeros(20)
    clusters = tile_of(places + 1e-5 * a, places)
    row, _, _ = clusters.near(torch.full((300,), 1e-6, dtype=torch.float64))
    assert len(row) == 0
    assert list(clusters._floors) == [torch.float32, torch.float64]


def test_a_certain_distance_is_not_computed(numbers: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = numbers.normal(size=(2, 50, 20))
    tile, asked = tile_of(a, b), []
    compute = tile.distances
    monkeypatch.setattr(tile, "distances", lambda row, column: asked.append(len(row)) or compute(row, column))
    for reach in (3.0, 1e-6):
        row, _ = tile.within(torch.full((50,), reach, dtype=torch.float64))
        assert len(row) == (2500 if reach == 3.0 else 0)
    assert asked == [0, 0]


def test_from_both_sides_it_is_one_answer(numbers: np.random.Generator) -> None:
    a, b = numbers.normal(size=(40, 5)), numbers.normal(size=(33, 5))
    for coarse in ("highest", "medium"):
        torch.set_float32_matmul_precision(coarse)
        try:
            tile = tile_of(a, b)
            row, column = tile.within(torch.full((40,), 0.3, dtype=torch.float64))
            other, again, _ = tile.turned().near(torch.full((33,), 0.3, dtype=torch.float64))
            assert set(zip(row.tolist(), column.tolist(), strict=True)) == set(
                zip(again.tolist(), other.tolist(), strict=True)
            )
            assert 0 < len(row) < 40 * 33
            assert (torch.float32 in tile._floors) == (coarse == "highest")
        finally:
            torch.set_float32_matmul_precision("highest")


def test_half_precision_around_it_changes_nothing(numbers: np.random.Generator) -> None:
    a, b = numbers.normal(size=(2, 30, 5))
    expected = tile_of(a, b).near(torch.full((30,), 0.3, dtype=torch.float64))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = tile_of(a, b).near(torch.full((30,), 0.3, dtype=torch.float64))
    assert set(zip(*(x.tolist() for x in found), strict=True)) == set(zip(*(x.tolist() for x in expected), strict=True))
