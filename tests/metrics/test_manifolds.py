from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.metrics import floors
from equipoise.metrics.manifolds import density_coverage, precision_recall

neighbors = pytest.importorskip("sklearn.neighbors")
pairwise = pytest.importorskip("sklearn.metrics")


def radii(rows: np.ndarray, k: int) -> np.ndarray:
    return neighbors.NearestNeighbors(n_neighbors=k).fit(rows).kneighbors()[0][:, -1]


@pytest.mark.parametrize(("block", "counts"), [(16, (70, 90)), (1024, (120, 60))])
def test_against_scikit_learn(
    numbers: np.random.Generator, monkeypatch: pytest.MonkeyPatch, block: int, counts: tuple[int, int]
) -> None:
    monkeypatch.setattr(floors, "_BLOCK", block)
    real, generated = numbers.normal(size=(counts[0], 6)), 0.8 * numbers.normal(size=(counts[1], 6)) + 0.4
    apart = pairwise.pairwise_distances(real, generated)
    in_real, in_generated = apart <= radii(real, 3)[:, None], apart <= radii(generated, 3)[None]
    expected = (in_real.any(axis=0).mean(), in_generated.any(axis=1).mean())
    assert precision_recall(real, generated) == pytest.approx(expected, abs=1e-12)
    assert 0 < expected[0] < 1
    held = apart <= radii(real, 5)[:, None]
    expected = (held.sum(axis=0).mean() / 5, held.any(axis=1).mean())
    assert density_coverage(real, torch.from_numpy(generated)) == pytest.approx(expected, abs=1e-12)


def plain_shares(real: np.ndarray, generated: np.ndarray, k: int) -> tuple[float, float, float, float]:
    """Precision, recall, density and coverage from whole matrices of float64 differences."""

    def apart(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.sqrt(((x[:, None] - y) ** 2).sum(axis=2))

    reach_real, reach_generated = (np.sort(apart(x, x), axis=1)[:, k] for x in (real, generated))
    between = apart(real, generated)
    held, other = between <= reach_real[:, None], between <= reach_generated
    return held.any(axis=0).mean(), other.any(axis=1).mean(), held.sum() / len(generated) / k, held.any(axis=1).mean()


KINDS = ("normal", "ties", "copies", "tight clusters", "collapsed", "one far away")


def awkward(numbers: np.random.Generator, kind: str, count: int, features: int) -> np.ndarray:
    """Points in multiples of 2^-30, so that float64 differences are exact and so are ties."""
    points = numbers.normal(size=(count, features))
    if kind == "ties":
        points = numbers.integers(0, 3, size=(count, features)).astype(float)
    if kind == "copies":
        points = points[numbers.integers(0, count // 3, size=count)]
    if kind == "tight clusters":
        points = 2.0**-20 * points + numbers.integers(0, 2, size=(count, features))
    if kind == "collapsed":
        points = np.repeat(points[:1], count, axis=0)
    if kind == "one far away":
        points[0] += 2.0**18
    return np.round(points * 2**30) / 2**30


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    kinds=st.tuples(st.sampled_from(KINDS), st.sampled_from(KINDS)),
    offset=st.sampled_from([0.0, 2.0**20]),
    scale=st.sampled_from([2.0**-700, 1.0, 2.0**600]),
    block=st.sampled_from([12, 1024]),
    k=st.integers(1, 4),
)
def test_all_four_are_those_of_plain_float64(
    seed: int, kinds: tuple[str, str], offset: float, scale: float, block: int, k: int
) -> None:
    numbers = np.random.default_rng(seed)
    real, generated = (awkward(numbers, kind, count, 3) for kind, count in zip(kinds, (41, 37), strict=True))
    shared = numbers.integers(0, 37, size=5)
    generated[shared] = real[shared]  # memorised samples, at distances that balls reach exactly
    expected = plain_shares(real, generated, k)
    real, generated = ((points + offset) * scale for points in (real, generated))
    with mock.patch.object(floors, "_BLOCK", block):
        found = (*precision_recall(real, generated, k), *density_coverage(real, generated, k))
    assert found == pytest.approx(expected, rel=1e-14)


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
    with pytest.raises(ValueError, match=r"generated of shape .* holds 1 values that are not finite"):
        precision_recall(rows, np.where(rows == rows.max(), np.nan, rows))
    with pytest.raises(ValueError, match="generated must have 2 features"):
        density_coverage(rows, rows[:, :1])
