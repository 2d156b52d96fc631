import numpy as np
import pytest
import torch

from equipoise.metrics import floors, near_pairs
from equipoise.metrics.radii import nearest_radii


def plain_radii(points: np.ndarray, k: int) -> np.ndarray:
    return np.sort(np.sqrt(((points[:, None] - points) ** 2).sum(axis=2)), axis=1)[:, k]


@pytest.mark.parametrize("block", [4, 16, 1024])
@pytest.mark.parametrize("k", [1, 3, 20])
def test_against_the_plain_form(
    numbers: np.random.Generator, monkeypatch: pytest.MonkeyPatch, block: int, k: int
) -> None:
    monkeypatch.setattr(floors, "_BLOCK", block)
    points = np.concatenate([numbers.normal(size=(50, 4)), 1e-5 * numbers.normal(size=(20, 4)) + 7])
    found = nearest_radii(torch.from_numpy(points), k)
    np.testing.assert_allclose(found.numpy(), plain_radii(points, k), rtol=1e-13)


def test_samples_that_are_there_twice_are_at_no_distance(
    numbers: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(floors, "_BLOCK", 8)
    once = torch.from_numpy(numbers.normal(size=(30, 5)) + 1000)
    twice = once.repeat(2, 1)
    assert torch.equal(nearest_radii(twice, 1), torch.zeros(60, dtype=torch.float64))
    np.testing.assert_allclose(nearest_radii(twice, 3).numpy()[:30], plain_radii(twice.numpy(), 3)[:30], rtol=1e-13)


def test_few_distances_are_computed(numbers: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floors, "_BLOCK", 200)
    count, compute = [0], near_pairs._distances

    def counted(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        count[0] += len(a)
        return compute(a, b)

    monkeypatch.setattr(near_pairs, "_distances", counted)
    points = numbers.normal(size=(1000, 30))
    np.testing.assert_allclose(nearest_radii(torch.from_numpy(points), 3).numpy(), plain_radii(points, 3), rtol=1e-13)
    assert 3000 < count[0] < 1000 * 1000 / 25
    count[0] = 0
    assert not nearest_radii(torch.ones(1000, 30, dtype=torch.float64), 3).any()
    assert count[0] == 3000  # all the same: known after the first look
