import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from equipoise.common.errors import EquipoiseError
from equipoise.data.grid import Grid
from equipoise.data.ring import Ring


def everything(store):
    return store.items.gather(torch.arange(len(store))).numpy().astype(np.float64)


@pytest.mark.parametrize("data", [Ring(), Ring(8, 2.0, 0.02, 40_000), Grid(), Grid(3, 1.0, 0.2, 30_000)])
def test_points_are_gaussian_around_their_centres(data):
    store = data.load(seed=1)
    points, labels = everything(store), store.labels.numpy()
    offsets = (points - np.array(data.centres())[labels]) / data.deviation
    assert stats.kstest(offsets[:, 0], "norm").pvalue > 1e-4
    assert stats.kstest(offsets[:, 1], "norm").pvalue > 1e-4
    assert abs(np.corrcoef(offsets.T)[0, 1]) < 5 / np.sqrt(len(points))
    assert stats.chisquare(np.bincount(labels, minlength=store.classes)).pvalue > 1e-4


def test_the_papers_ring():
    store = Ring().load()
    assert (len(store), store.shape, store.classes, store.holds_images) == (100_000, (2,), 6, False)
    centres = np.array(Ring().centres())
    np.testing.assert_allclose(np.hypot(*centres.T), 5.0)
    neighbours = np.linalg.norm(centres - np.roll(centres, 1, axis=0), axis=1)
    np.testing.assert_allclose(neighbours, 5.0)  # a hexagon's sides are as long as its radius


def test_the_grid_is_centred():
    centres = np.array(Grid().centres())
    assert centres.shape == (25, 2)
    assert len(np.unique(centres, axis=0)) == 25
    np.testing.assert_allclose(centres.mean(axis=0), 0)
    assert sorted(set(centres.flatten().tolist())) == [-4, -2, 0, 2, 4]


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 5))
def test_a_larger_count_continues_a_smaller_one(few, more, seed):
    small, large = Ring(count=few).load(seed=seed), Ring(count=few + more).load(seed=seed)
    assert torch.equal(small.items.gather(torch.arange(few)), large.items.gather(torch.arange(few)))
    assert torch.equal(small.labels, large.labels[:few])


def test_points_are_a_function_of_the_seed_alone():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first, again, other = Ring().load(seed=3), Ring().load(seed=3), Ring().load(seed=4)
    assert first.content_hash == again.content_hash != other.content_hash
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Ring(modes=0),
        lambda: Ring(radius=0.0),
        lambda: Ring(deviation=float("nan")),
        lambda: Ring(count=1.5),
        lambda: Grid(side=-1),
        lambda: Grid(spacing=float("inf")),
        lambda: Grid(deviation="0.1"),
        lambda: Grid(count=True),
    ],
)
def test_impossible_fields_are_refused_in_one_sentence(make):
    with pytest.raises(EquipoiseError, match=r"^\w+ of (ring|grid) must be a .*, not .*\.$"):
        make()
