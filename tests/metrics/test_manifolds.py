import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.metrics import distances
from equipoise.metrics.manifolds import density_coverage, precision_recall

neighbors = pytest.importorskip("sklearn.neighbors")
pairwise = pytest.importorskip("sklearn.metrics")


def radii(rows: np.ndarray, k: int) -> np.ndarray:
    return neighbors.NearestNeighbors(n_neighbors=k).fit(rows).kneighbors()[0][:, -1]


@pytest.mark.parametrize(("block", "counts"), [(16, (70, 90)), (1024, (120, 60))])
def test_against_scikit_learn(
    numbers: np.random.Generator, monkeypatch: pytest.MonkeyPatch, block: int, counts: tuple[int, int]
) -> None:
    monkeypatch.setattr(distances, "_BLOCK", block)
    real, generated = numbers.normal(size=(counts[0], 6)), 0.8 * numbers.normal(size=(counts[1], 6)) + 0.4
    apart = pairwise.pairwise_distances(real, generated)
    in_real, in_generated = apart <= radii(real, 3)[:, None], apart <= radii(generated, 3)[None]
    expected = (in_real.any(axis=0).mean(), in_generated.any(axis=1).mean())
    assert precision_recall(real, generated) == pytest.approx(expected, abs=1e-12)
    assert 0 < expected[0] < 1
    held = apart <= radii(real, 5)[:, None]
    expected = (held.sum(axis=0).mean() / 5, held.any(axis=1).mean())
    assert density_coverage(real, torch.from_numpy(generated)) == pytest.approx(expected, abs=1e-12)


def test_samples_that_are_there_twice_are_at_no_distance(
    numbers: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distances, "_BLOCK", 8)
    once = torch.from_numpy(numbers.normal(size=(30, 5)) + 1000)
    twice = once.repeat(2, 1)
    assert torch.equal(distances.squared_radii(twice, 1), torch.zeros(60, dtype=torch.float64))
    assert precision_recall(twice, once, 1) == (1.0, 1.0)
    apart = torch.cat([squared for _, squared in distances.distance_blocks(once, twice)])
    assert torch.equal((apart == 0).sum(dim=1), torch.full((30,), 2))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), shift=st.floats(-1e6, 1e6))
def test_moving_everything_changes_nothing(seed: int, shift: float) -> None:
    numbers = np.random.default_rng(seed)
    real, generated = numbers.normal(size=(2, 30, 3))
    assert precision_recall(real, generated, 2) == precision_recall(real + shift, generated + shift, 2)


def test_copies_far_samples_and_one_point() -> None:
    real = torch.arange(40, dtype=torch.float64).reshape(20, 2)
    assert precision_recall(real, real) == (1.0, 1.0)
    assert precision_recall(real, real + 1e4) == (0.0, 0.0)
    assert density_coverage(real, real + 1e4) == (0.0, 0.0)
    collapsed = real[10:11].repeat(20, 1)
    assert precision_recall(real, collapsed) == (1.0, 1 / 20)


def test_half_the_data_keeps_precision_and_loses_recall(digits: dict[str, torch.Tensor]) -> None:
    pixels, low = digits["images"].flatten(1), digits["labels"] < 5
    real, generated = pixels[:700], pixels[700:][low[700:]]
    precision, recall = precision_recall(real, generated)
    _, coverage = density_coverage(real, generated)
    assert precision > 0.8
    assert recall < 0.65
    assert coverage < 0.65


def test_bad_input_is_refused(numbers: np.random.Generator) -> None:
    rows = numbers.normal(size=(4, 2))
    with pytest.raises(ValueError, match=r"neighbours must lie in 1\.\.3"):
        precision_recall(rows, rows, neighbours=4)
    with pytest.raises(ValueError, match="generated must have 2 features"):
        density_coverage(rows, rows[:, :1])
