"""The closed form of the MMD losses against the plain, step-by-step one."""

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch._subclasses.fake_tensor import FakeTensorMode

from equipoise.common.checks import NotFiniteError
from equipoise.losses import (
    DistanceKernel,
    GaussianKernel,
    LaplaceKernel,
    RationalQuadraticKernel,
    gram,
    mmd_discriminator_loss,
    squared_mmd,
)
from equipoise.losses.kernels import GAUSSIAN_MIXTURE
from equipoise.losses.pair_sums import sum_of_terms
from equipoise.losses.terms import FAKE, REAL, Term, total_plainly

KERNELS = [
    GaussianKernel(),
    GaussianKernel(GAUSSIAN_MIXTURE),
    GaussianKernel((3.0, 0.7, 1.0, 2**0.5)),
    RationalQuadraticKernel(),
    LaplaceKernel((0.5, 2.0)),
    DistanceKernel(),
]


@pytest.fixture(params=["one Gram matrix", "one Gram matrix, unread", "term by term"], autouse=True)
def route(request, monkeypatch):
    """Every test here takes every route, whatever the batch; numbers of a GPU are not read."""
    if request.param == "term by term":
        monkeypatch.setattr(gram, "LARGEST_BATCH", 0)
    if request.param == "one Gram matrix, unread":
        monkeypatch.setattr(gram, "is_readable", lambda value: False)


def drawn(seed, count, width, scale):
    generator = torch.Generator().manual_seed(seed)
    return [scale * torch.randn(count, width, generator=generator, dtype=torch.float64) for _ in range(2)]


def lost(sides, kernel):
    """What rounding may take from the closed form.

    A Gram matrix finds a squared distance d to within eps |z|^2 / d of itself. The slopes of kernels of the distance
    divide by its root, so that two rows next to each other lose as much; of kernels of the square they do not.
    """
    if not isinstance(kernel, LaplaceKernel | DistanceKernel):
        return 0.0
    rows = torch.cat(sides)
    rows = rows - rows.mean(0)
    nearest = torch.pdist(rows).square().min()
    return float(torch.finfo(rows.dtype).eps * rows.square().sum(1).max() / nearest)


def both(seed, count, width, kernel, terms, unbiased, scale):
    """The total and its gradients, in closed form and plainly."""
    sides = [side.requires_grad_() for side in drawn(seed, count, width, scale)]

    def plainly(sides):
        return total_plainly(sides, kernel, terms, unbiased)

    totals = [sum_of_terms(tuple(sides), kernel, terms, unbiased, plainly), plainly(sides)]
    return [(total, *torch.autograd.grad(total, sides)) for total in totals]


@pytest.mark.parametrize("kernel", KERNELS, ids=["one", "five", "four", "rational", "laplace", "distance"])
@given(
    seed=st.integers(0, 1000),
    count=st.integers(2, 9),
    width=st.integers(1, 20),
    weights=st.tuples(*[st.floats(-2, 2)] * 3),
    limits=st.lists(st.sampled_from([(0.0, float("inf")), (0.25, float("inf")), (0.0, 4.0)]), min_size=3, max_size=3),
    unbiased=st.booleans(),
    scale=st.sampled_from([0.1, 1.0, 30.0]),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_value_and_gradients_agree(kernel, seed, count, width, weights, limits, unbiased, scale):
    pairs = ((REAL, REAL), (REAL, FAKE), (FAKE, FAKE))
    terms = tuple(Term(w, *pair, *limit) for w, pair, limit in zip(weights, pairs, limits, strict=True))
    assume(lost(drawn(seed, count, width, scale), kernel) < 5e-11)  # the next test has the others
    closed, plain = both(seed, count, width, kernel, terms, unbiased, scale)
    for found, expected in zip(closed, plain, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("seed", [5, 115, 149, 183, 232, 262, 298, 306])
@pytest.mark.parametrize("kernel", [LaplaceKernel((0.5, 2.0)), DistanceKernel()], ids=["laplace", "distance"])
def test_rows_next_to_each_other_lose_no_more_than_rounding(kernel, seed):
    closed, plain = both(seed, 9, 1, kernel, (Term(2.0, REAL, FAKE),), False, 0.1)
    tolerance = lost(drawn(seed, 9, 1, 0.1), kernel)
    assert 1e-11 < tolerance < 1e-5
    for found, expected in zip(closed, plain, strict=True):
        torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)


def test_it_agrees_where_rows_coincide_and_lie_far_from_the_origin():
    kernel, terms = GaussianKernel(GAUSSIAN_MIXTURE), (Term(1.0, REAL, REAL), Term(-2.0, REAL, FAKE))
    real = torch.randn(6, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64) + 1e3
    fake = real.roll(2, 0).requires_grad_()
    real.requires_grad_()

    def plainly(sides):
        return total_plainly(sides, kernel, terms, True)

    closed = sum_of_terms((real, fake), kernel, terms, True, plainly)
    plain = plainly((real, fake))
    torch.testing.assert_close(closed, plain, rtol=1e-12, atol=1e-12)
    for found, expected in zip(
        torch.autograd.grad(closed, (real, fake)), torch.autograd.grad(plain, (real, fake)), strict=True
    ):
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


def by_differences(sides, kernel, weights, unbiased):
    """The total and its gradients in float64, with every difference of two rows on its own."""
    real, fake = wide = [side.double().requires_grad_() for side in sides]
    total = 0.0
    for weight, (a, b) in zip(weights, [(real, real), (real, fake), (fake, fake)], strict=True):
        similarities = kernel((a[:, None] - b).square().sum(dim=2))
        counted = similarities[~torch.eye(len(a), dtype=torch.bool)] if unbiased else similarities
        total = total + weight * counted.mean()
    return (total, *torch.autograd.grad(total, wide))


def on_narrow_and_far_sides(far, narrow, offset):
    """Of spread 1 and `narrow`, with two samples of each side at one place, and of both sides where these overlap."""
    real, fake = drawn(7, 9, 5, 1.0)
    fake = fake * narrow + far
    real[1], fake[3] = real[0], fake[2]
    if far == 0 and narrow == 1:
        real[8] = fake[2]
    return [(side + offset).float().requires_grad_() for side in (real, fake)]


@pytest.mark.parametrize("kernel", KERNELS, ids=["one", "five", "four", "rational", "laplace", "distance"])
@pytest.mark.parametrize("unbiased", [True, False])
@pytest.mark.parametrize("weights", [(1.0, 0.0, -1.0), (1.0, -2.0, 1.0)], ids=["repulsive", "mmd"])
@pytest.mark.parametrize(
    ("far", "narrow", "offset"),
    [(100, 1, 0), (1e3, 1, 0), (1e5, 1, 0), (20, 0.01, 0), (0, 1e-3, 0), (0, 1, 99)],
)
def test_float32_keeps_its_digits_however_far_the_sides_lie_apart(kernel, unbiased, weights, far, narrow, offset):
    sides = on_narrow_and_far_sides(far, narrow, offset)
    real, fake = sides
    if weights[1]:
        loss = squared_mmd(real, fake, kernel, unbiased)
    else:
        loss = mmd_discriminator_loss(real, fake, 1.0, kernel=kernel, unbiased=unbiased)
    found = (loss, *torch.autograd.grad(loss, sides))
    expected = by_differences(sides, kernel, weights, unbiased)
    for ours, exact in zip(found, expected, strict=True):
        tolerance = 2e-5 * float(exact.detach().abs().max())
        torch.testing.assert_close(ours.double(), exact, rtol=0, atol=max(tolerance, 2e-6))


@pytest.mark.parametrize("kernel", KERNELS, ids=["one", "five", "four", "rational", "laplace", "distance"])
def test_the_slope_is_the_derivative(kernel):
    squared = torch.linspace(0, 50, 40, dtype=torch.float64).requires_grad_()
    (expected,) = torch.autograd.grad(kernel(squared).sum(), squared)
    values, slopes = kernel.with_slope(squared.detach())
    torch.testing.assert_close(values, kernel(squared).detach(), rtol=1e-13, atol=1e-300)
    torch.testing.assert_close(slopes, expected, rtol=1e-13, atol=1e-300)
    assert [part.item() for part in kernel.with_slope(torch.tensor(float("inf")))] == [0, 0]


def test_only_the_side_that_wants_a_gradient_gets_one():
    real, fake = torch.zeros(3, 2), torch.ones(3, 2, requires_grad=True)
    total = sum_of_terms((real, fake), GaussianKernel(), (Term(1.0, REAL, FAKE),), False, lambda sides: sides[0].sum())
    total.backward()
    assert real.grad is None
    assert fake.grad.abs().max() > 0


@pytest.mark.parametrize("kernel", KERNELS, ids=["one", "five", "four", "rational", "laplace", "distance"])
def test_every_kernel_with_a_slope_takes_the_closed_form(kernel):
    real, fake = (torch.randn(5, 3, generator=torch.Generator().manual_seed(seed)).requires_grad_() for seed in (0, 1))
    assert type(squared_mmd(real, fake, kernel).grad_fn).__name__ == "_SumOfTermsBackward"


@pytest.mark.parametrize("name", ["real", "fake"])
@pytest.mark.parametrize("repulsion", [-1.0, 0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("bounds", [None, (0.25, 4.0)])
def test_nan_is_refused_by_its_name(name, repulsion, bounds):
    sides = {side: torch.ones(5, 3) for side in ("real", "fake")}
    sides[name][2, 1] = float("nan")
    with pytest.raises(NotFiniteError, match=rf"{name} of shape \(5, 3\) holds NaN"):
        mmd_discriminator_loss(**sides, repulsion=repulsion, bounds=bounds)


def test_tracing_leaves_nothing_to_later_calls():
    gram._recent_blocks.cache_clear()
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        squared_mmd(*(mode.from_tensor(torch.ones(12, 5)) for _ in range(2)))
    assert squared_mmd(torch.zeros(12, 5), torch.zeros(12, 5)).item() == pytest.approx(0, abs=1e-6)


def test_the_weights_that_a_recorded_graph_reads_are_never_dropped():
    terms, where = (Term(1.0, REAL, REAL), Term(-2.0, REAL, FAKE)), (torch.float64, torch.device("cpu"))
    first, recent = (kept(terms, 2, True, *where) for kept in (gram._lasting_blocks, gram._recent_blocks))
    for count in range(3, 60):
        for kept in (gram._lasting_blocks, gram._recent_blocks):
            kept(terms, count, True, *where)
    assert gram._lasting_blocks(terms, 2, True, *where) is first
    assert gram._recent_blocks(terms, 2, True, *where) is not recent
