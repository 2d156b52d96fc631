"""Properties of the kernels, of the MMD's estimators and of the attractive, repulsive and bounded losses."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from equipoise import losses
from equipoise.losses import DistanceKernel, GaussianKernel, LaplaceKernel, RationalQuadraticKernel, squared_mmd
from equipoise.losses.kernels import GAUSSIAN_MIXTURE

KERNELS = [GaussianKernel(), GaussianKernel(GAUSSIAN_MIXTURE), GaussianKernel((0.7, 3.0)), RationalQuadraticKernel()]
KERNELS += [LaplaceKernel(), DistanceKernel((0.5, 2.0))]
BOUNDS = (0.25, 4.0)
every_kernel = pytest.mark.parametrize("kernel", KERNELS, ids=["one", "five", "two", "rational", "laplace", "distance"])


def features(count=6, width=3, seed=0, dtype=torch.float64):
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@every_kernel
@given(shift=st.lists(st.floats(-100, 100), min_size=3, max_size=3), seed=st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_a_translation_of_all_features_changes_nothing(kernel, shift, seed):
    real, fake, by = features(seed=seed), features(seed=seed + 1), torch.tensor(shift, dtype=torch.float64)
    moved = losses.squared_mmd(real + by, fake + by, kernel)
    torch.testing.assert_close(moved, losses.squared_mmd(real, fake, kernel), rtol=1e-10, atol=1e-10)


@given(st.floats(0.1, 10))
@settings(max_examples=25, deadline=None)
def test_scaled_features_and_bandwidths_cancel(scale):
    real, fake = features(), features(seed=1)
    scaled = losses.squared_mmd(scale * real, scale * fake, GaussianKernel((scale, 2 * scale)))
    torch.testing.assert_close(scaled, losses.squared_mmd(real, fake, GaussianKernel((1.0, 2.0))))


@every_kernel
def test_the_mmd_of_a_sample_with_itself_is_zero(kernel):
    real = features()
    torch.testing.assert_close(losses.squared_mmd(real, real.clone(), kernel), torch.tensor(0.0).double())
    biased = losses.squared_mmd(real, real.clone(), kernel, unbiased=False)
    limit = 1e-8 if isinstance(kernel, LaplaceKernel | DistanceKernel) else 1e-15  # a root magnifies rounding
    torch.testing.assert_close(biased, torch.tensor(0.0).double(), rtol=0, atol=limit)


@every_kernel
@given(seed=st.integers(0, 1000), count=st.integers(1, 8))
@settings(max_examples=25, deadline=None)
def test_the_biased_estimator_is_never_negative(kernel, seed, count):
    real, fake = features(count, seed=seed), features(count, seed=seed + 1)
    assert losses.squared_mmd(real, fake, kernel, unbiased=False) >= -1e-14


@every_kernel
def test_the_unbiased_estimator_has_mean_zero_for_equal_distributions_and_the_biased_one_has_not(kernel):
    generator = torch.Generator().manual_seed(11)
    draws = torch.randn(800, 2, 8, 2, generator=generator, dtype=torch.float64)
    found = torch.stack([losses.squared_mmd(real, fake, kernel) for real, fake in draws])
    biased = torch.stack([losses.squared_mmd(real, fake, kernel, unbiased=False) for real, fake in draws])
    standard_error = found.std() / len(found) ** 0.5
    assert found.mean().abs() < 4 * standard_error
    assert biased.mean() > 4 * standard_error


@every_kernel
@given(order=st.permutations(range(6)))
@settings(max_examples=20, deadline=None)
def test_pairs_may_be_permuted_together_and_the_biased_estimator_apart(kernel, order):
    real, fake = features(), features(seed=1)
    together = losses.squared_mmd(real[list(order)], fake[list(order)], kernel)
    torch.testing.assert_close(together, losses.squared_mmd(real, fake, kernel))
    apart = losses.squared_mmd(real[list(order)], fake, kernel, unbiased=False)
    torch.testing.assert_close(apart, losses.squared_mmd(real, fake, kernel, unbiased=False))


def test_every_sum_leaves_out_the_diagonal_the_cross_term_too():
    real, fake = features(), features(seed=1)
    near = fake.clone()
    near[2] = real[2]  # an i = j pair at distance 0 must not count in Exy

    def cross(fake):
        return losses.mmd_discriminator_loss(real, fake, repulsion=0.0) - losses.mmd_discriminator_loss(
            real, fake, repulsion=1.0
        )

    kernel = losses.gaussian_kernel(losses.squared_distances(real, near), (1.0,))
    both = losses.gaussian_kernel(losses.squared_distances(real, real), (1.0,))
    expected = ((kernel.sum() - kernel.trace()) - (both.sum() - both.trace())) / 30
    torch.testing.assert_close(cross(near), expected)


@every_kernel
def test_lambda_minus_one_is_the_attractive_and_one_the_repulsive_loss(kernel):
    real, fake = features(), features(seed=1)
    attractive = losses.mmd_discriminator_loss(real, fake, repulsion=-1.0, kernel=kernel)
    torch.testing.assert_close(attractive, -losses.squared_mmd(real, fake, kernel), rtol=1e-13, atol=1e-15)
    within = [kernel(losses.squared_distances(z, z)) for z in (real, fake)]
    expected = [(k.sum() - k.trace()) / 30 for k in within]
    repulsive = losses.mmd_discriminator_loss(real, fake, repulsion=1.0, kernel=kernel)
    torch.testing.assert_close(repulsive, expected[0] - expected[1], rtol=1e-13, atol=1e-15)


@given(repulsion=st.floats(-3, 3), bounded=st.booleans())
@settings(max_examples=40, deadline=None)
def test_the_weights_sum_to_zero_so_that_a_constant_discriminator_loses_nothing(repulsion, bounded):
    constant = torch.full((5, 3), 0.7, dtype=torch.float64)
    loss = losses.mmd_discriminator_loss(constant, constant, repulsion, (0.0, 4.0) if bounded else None)
    assert loss.abs() < 1e-14


@pytest.mark.parametrize("repulsion", [-1.0, -0.5, 0.0, 0.5, 1.0, 2.0])
def test_the_gradient_is_finite_at_coinciding_points(repulsion):
    real = torch.zeros(4, 3, requires_grad=True)
    fake = torch.zeros(4, 3, requires_grad=True)
    for bounds in (None, BOUNDS):
        loss = losses.mmd_discriminator_loss(real, fake, repulsion, bounds)
        gradients = torch.autograd.grad(loss, (real, fake))
        assert all((g == 0).all() for g in gradients)


@every_kernel
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_the_gradient_is_finite_for_scores_of_ten_thousand(kernel, dtype):
    real = (1e4 * features(dtype=torch.float32)).to(dtype).requires_grad_()
    fake = (-1e4 * features(seed=1, dtype=torch.float32)).to(dtype).requires_grad_()
    for loss in (losses.mmd_generator_loss, losses.mmd_discriminator_loss):
        value = loss(real, fake, kernel=kernel)
        gradients = torch.autograd.grad(value, (real, fake))
        assert torch.isfinite(value)
        assert all(torch.isfinite(g).all() for g in gradients)


def pair(squared_distance):
    """Two samples at this squared distance, far from everything else."""
    return torch.tensor([[0.0, 0.0], [squared_distance**0.5, 0.0]], dtype=torch.float64)


def on_pair(squared_distance, which, repulsion):
    """The discriminator's gradient on a real or fake pair at a squared distance, and whether it contracts it."""
    moving, other = pair(squared_distance).requires_grad_(), pair(2.0) + 1e3
    arguments = (moving, other) if which == "real" else (other, moving)
    (gradient,) = torch.autograd.grad(losses.mmd_discriminator_loss(*arguments, repulsion, BOUNDS), moving)
    return -gradient[1, 0].item()  # the move of the right-hand sample under descent: negative contracts


def test_bounds_of_the_repulsive_loss():
    assert on_pair(0.1, "fake", 1.0) == 0
    assert on_pair(5.0, "real", 1.0) == 0
    assert on_pair(5.0, "fake", 1.0) < 0
    assert on_pair(0.1, "real", 1.0) > 0


def test_bounds_of_the_attractive_loss():
    assert on_pair(0.1, "real", -1.0) == 0
    assert on_pair(0.1, "fake", -1.0) == 0
    assert on_pair(5.0, "real", -1.0) < 0
    assert on_pair(5.0, "fake", -1.0) < 0


@pytest.mark.parametrize(("repulsion", "acts"), [(-1.0, False), (0.0, False), (0.5, False), (2.0, True)])
def test_bounds_of_the_cross_term(repulsion, acts):
    # i = j pairs do not count, so the cross pairs are real[0]-fake[1] and real[1]-fake[0], both beyond the upper bound
    real = torch.zeros(2, 1, dtype=torch.float64).requires_grad_()
    fake = torch.tensor([[2.5], [-2.5]], dtype=torch.float64)
    (gradient,) = torch.autograd.grad(losses.mmd_discriminator_loss(real, fake, repulsion, BOUNDS), real)
    assert bool(gradient.abs().max() > 0) is acts


@pytest.mark.parametrize("repulsion", [-1.0, 0.5])
def test_the_authors_code_never_bounds_the_cross_term(repulsion):
    real = torch.zeros(2, 1, dtype=torch.float64).requires_grad_()
    fake = torch.tensor([[2.5], [-2.5]], dtype=torch.float64)
    found = losses.mmd_discriminator_loss(real, fake, repulsion, BOUNDS, code_compat=True)
    assert torch.autograd.grad(found, real)[0].abs().max() > 0


def test_at_lambda_one_the_authors_code_and_the_paper_agree():
    real, fake = features(), features(seed=1)
    found = losses.mmd_discriminator_loss(real, fake, 1.0, BOUNDS, code_compat=True)
    assert torch.equal(found, losses.mmd_discriminator_loss(real, fake, 1.0, BOUNDS))


def test_wide_bounds_change_nothing():
    real, fake = features(), features(seed=1)
    for repulsion in (-1.0, 0.3, 2.0):
        found = losses.mmd_discriminator_loss(real, fake, repulsion, (0.0, 1e6))
        torch.testing.assert_close(found, losses.mmd_discriminator_loss(real, fake, repulsion))


@given(scale=st.floats(0.01, 100), seed=st.integers(0, 100))
@settings(max_examples=30, deadline=None)
def test_the_repulsive_loss_of_one_gaussian_lies_between_minus_one_and_one(scale, seed):
    loss = losses.mmd_discriminator_loss(scale * features(seed=seed), scale * features(seed=seed + 1))
    assert -1 <= loss <= 1


def test_the_generators_loss_is_the_mmd():
    real, fake = features(), features(seed=1)
    assert losses.mmd_generator_loss(real, fake) == losses.squared_mmd(real, fake)


@every_kernel
def test_second_derivatives_exist(kernel):
    real, fake = features(3, 2).requires_grad_(), features(3, 2, 1).requires_grad_()
    assert torch.autograd.gradgradcheck(lambda x, y: losses.mmd_discriminator_loss(x, y, kernel=kernel), (real, fake))


def test_a_mixture_is_the_sum_of_its_kernels():
    squared = losses.squared_distances(features(), features(seed=1))
    parts = [losses.gaussian_kernel(squared, (s,)) for s in GAUSSIAN_MIXTURE]
    torch.testing.assert_close(losses.gaussian_kernel(squared, GAUSSIAN_MIXTURE), torch.stack(parts).sum(0))
    parts = [losses.rational_quadratic_kernel(squared, (a,)) for a in (0.2, 5.0)]
    torch.testing.assert_close(losses.rational_quadratic_kernel(squared, (0.2, 5.0)), torch.stack(parts).sum(0))


def test_bad_batches_are_refused():
    with pytest.raises(ValueError, match=r"real must hold at least 2 samples, got shape \(1, 3\)"):
        losses.squared_mmd(features(1), features(1))
    with pytest.raises(ValueError, match=r"fake must have the shape of real beyond the batch, \(6, 3\), got \(6, 2\)"):
        losses.mmd_generator_loss(features(), features()[:, :2])
    with pytest.raises(ValueError, match=r"fake must have the shape of real beyond the batch, \(6, 3\), got \(6,\)"):
        losses.mmd_discriminator_loss(features(), torch.zeros(6))
    with pytest.raises(ValueError, match="each of bandwidths must be a finite number above 0"):
        GaussianKernel((1.0, -2.0))


def test_the_distance_kernel_gives_the_energy_distance_of_scipy() -> None:
    one, other = (torch.randn(40, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(s)) for s in (0, 1))
    found = squared_mmd(one, other + 0.3, DistanceKernel(), unbiased=False)
    expected = stats.energy_distance(one.flatten().numpy(), (other + 0.3).flatten().numpy()) ** 2
    assert float(found) == pytest.approx(expected, rel=1e-9)
