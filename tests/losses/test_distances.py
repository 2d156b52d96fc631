"""Squared distances by one matrix product: exact at coinciding rows, precise far from the origin, smooth twice."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from equipoise.losses import squared_distances


def rows(count, features, seed=0, dtype=torch.float64):
    return torch.randn(count, features, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.mark.parametrize("features", [1, 3, 16, 301])
@pytest.mark.parametrize("shift", [0.0, 1e4])
def test_it_equals_scipy(features, shift):
    a, b = rows(7, features) + shift, rows(5, features, 1) + shift
    np.testing.assert_allclose(squared_distances(a, b), cdist(a, b, "sqeuclidean"), rtol=1e-11, atol=1e-9)


@given(
    features=st.integers(1, 40),
    seed=st.integers(0, 10_000),
    shift=st.floats(-1e3, 1e3),
    dtype=st.sampled_from([torch.float32, torch.float64]),
)
@settings(max_examples=60, deadline=None)
def test_rows_that_coincide_are_at_distance_zero_exactly(features, seed, shift, dtype):
    a = rows(9, features, seed, dtype) + shift
    a[3] = a[0]
    b = torch.cat([a[4:6], a[[0]], rows(2, features, seed + 1, dtype)])
    within, across = squared_distances(a, a), squared_distances(a, b)
    assert within.diagonal().tolist() == [0.0] * 9
    assert within[0, 3] == 0
    assert across[4, 0] == across[5, 1] == across[0, 2] == across[3, 2] == 0
    assert (within >= 0).all()
    assert (across >= 0).all()


def test_a_transposed_view_has_exact_zeros_too():
    wide = rows(16, 33, 5, torch.float32).T
    assert squared_distances(wide, wide.clone(memory_format=torch.contiguous_format)).diagonal().tolist() == [0.0] * 33


def test_the_gradient_is_exact_and_finite_at_coinciding_rows():
    a, b = rows(4, 3).requires_grad_(), rows(4, 3).clone()
    b[0] += 1
    b.requires_grad_()
    weights = rows(4, 4, 2)
    on_a, on_b = torch.autograd.grad((weights * squared_distances(a, b)).sum(), (a, b))
    difference = a.detach()[:, None] - b.detach()[None]
    torch.testing.assert_close(on_a, 2 * (weights[..., None] * difference).sum(1), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(on_b, -2 * (weights[..., None] * difference).sum(0), rtol=1e-12, atol=1e-12)


def test_gradients_of_first_and_second_order_with_coinciding_rows():
    a = rows(4, 3)
    a[2] = a[1]
    b = torch.cat([a[:2], rows(2, 3, 1)])
    arguments = (a.requires_grad_(), b.requires_grad_())
    assert torch.autograd.gradcheck(squared_distances, arguments)
    assert torch.autograd.gradgradcheck(squared_distances, arguments)


@given(st.floats(0.01, 100))
@settings(max_examples=20, deadline=None)
def test_distances_scale_with_the_square(scale):
    a, b = rows(4, 3), rows(5, 3, 1)
    torch.testing.assert_close(squared_distances(scale * a, scale * b), scale**2 * squared_distances(a, b))


def test_float32_far_from_the_origin_keeps_its_digits():
    a, b = rows(6, 8) + 1000, rows(6, 8, 1) + 1000
    single = squared_distances(a.float(), b.float()).double()
    exact = squared_distances(a.float().double(), b.float().double())
    torch.testing.assert_close(single, exact, rtol=1e-5, atol=1e-5)


def test_narrow_types_and_autocast_are_computed_in_float32():
    a, b = rows(6, 8).bfloat16(), rows(6, 8, 1).bfloat16()
    found = squared_distances(a, b)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), squared_distances(a.double(), b.double()), rtol=1e-5, atol=1e-5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(squared_distances(a.float(), b.float()), found)


def test_unlike_rows_are_refused():
    with pytest.raises(ValueError, match=r"b must have 3 features like a, got shape \(4, 2\)"):
        squared_distances(rows(4, 3), rows(4, 2))
    with pytest.raises(ValueError, match=r"a must have shape \[rows, features\]"):
        squared_distances(torch.zeros(3), torch.zeros(3))
