"""The two-parameter MMD-GAN against scipy's integrals and roots, the library's losses, and finite differences."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, stats

from equipoise.losses import GaussianKernel, mmd_discriminator_loss, mmd_generator_loss
from equipoise.simulations.quadrature import Quadrature, sample, standard_normal, uniform
from equipoise.simulations.two_parameter_mmd import (
    ATTRACTIVE,
    REPULSIVE,
    TwoParameterMMD,
    eigenvalues,
    equilibrium,
    flow,
    is_trivial,
    start_grid,
)

DISTRIBUTIONS = {"uniform": uniform(), "normal": standard_normal()}


def point(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def quantiles(name: str, count: int) -> torch.Tensor:
    """A sample without chance: the distribution's quantiles in the middle of `count` equal shares."""
    shares = (np.arange(count) + 0.5) / count
    values = stats.norm.ppf(shares) if name == "normal" else 2 * shares - 1
    return torch.from_numpy(values)


@pytest.mark.parametrize(("w1", "w2"), [(0.7, 0.3), (1.5, 0.8)])
def test_expected_kernels_are_scipys_double_integrals(w1: float, w2: float) -> None:
    def folded_normal(x: float) -> float:
        return math.sqrt(2 / math.pi) * math.exp(-(x**2) / 2)

    def expected(density_a, end_a, scale_a, density_b, end_b, scale_b) -> float:  # type: ignore[no-untyped-def]
        def integrand(b: float, a: float) -> float:
            difference = w2 * ((scale_a * a) ** 2 - (scale_b * b) ** 2)
            return density_a(a) * density_b(b) * math.exp(-2 * difference**2)

        return float(integrate.dblquad(integrand, 0, end_a, 0, end_b, epsabs=1e-9, epsrel=1e-9)[0])

    real, fake = (folded_normal, 7.0, 1.0), (lambda x: 1.0, 1.0, w1)
    got = TwoParameterMMD(standard_normal()).expected_kernels(point(w1)[0], point(w2)[0])
    expectations = [expected(*real, *real), expected(*real, *fake), expected(*fake, *fake)]
    np.testing.assert_allclose([float(value) for value in got], expectations, atol=2e-8)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
@pytest.mark.parametrize("repulsion", [-1.0, 0.5, 1.0, 2.0])
def test_losses_are_those_of_the_library_on_a_large_sample(name: str, repulsion: float) -> None:
    w1, w2 = 1.3, 0.6
    real = w2 * quantiles(name, 1200)[:, None] ** 2
    fake = w2 * (w1 * quantiles("uniform", 1200)[:, None]) ** 2
    kernel = GaussianKernel((0.5,))
    system = TwoParameterMMD(DISTRIBUTIONS[name], repulsion)
    generator, discriminator = system.generator_loss(*point(w1, w2)), system.discriminator_loss(*point(w1, w2))
    assert float(generator) == pytest.approx(float(mmd_generator_loss(real, fake, kernel, unbiased=False)), abs=2e-4)
    expected = mmd_discriminator_loss(real, fake, repulsion, kernel=kernel, unbiased=False)
    assert float(discriminator) == pytest.approx(float(expected), abs=5e-4)


@given(seed=st.integers(0, 10**6), repulsion=st.floats(-2, 3), w1=st.floats(-2, 2), w2=st.floats(0.05, 2))
@settings(max_examples=20, deadline=None)
def test_a_sample_in_place_of_the_population_gives_the_librarys_losses(
    seed: int, repulsion: float, w1: float, w2: float
) -> None:
    x, z = torch.randn(2, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    system = TwoParameterMMD(sample(x), repulsion, noise=sample(z))
    real, fake, kernel = (w2 * x**2)[:, None], (w2 * (w1 * z) ** 2)[:, None], GaussianKernel((0.5,))
    expected = mmd_discriminator_loss(real, fake, repulsion, kernel=kernel, unbiased=False)
    assert float(system.discriminator_loss(*point(w1, w2))) == pytest.approx(float(expected), abs=1e-10)
    generator = mmd_generator_loss(real, fake, kernel, unbiased=False)
    assert float(system.generator_loss(*point(w1, w2))) == pytest.approx(float(generator), abs=1e-10)


@pytest.mark.parametrize("repulsion", [-1.0, 0.3, 1.0])
def test_velocity_and_jacobian_are_finite_differences_of_the_losses(repulsion: float) -> None:
    system, at, step = TwoParameterMMD(standard_normal(60), repulsion), point(1.2, 0.5), 1e-5
    ahead, aside = point(step, 0), point(0, step)
    slopes = [
        (system.generator_loss(*(at + ahead)) - system.generator_loss(*(at - ahead))) / (2 * step),
        (system.discriminator_loss(*(at + aside)) - system.discriminator_loss(*(at - aside))) / (2 * step),
    ]
    torch.testing.assert_close(system.velocity(at), -torch.stack(slopes), atol=1e-9, rtol=1e-7)
    columns = [(system.velocity(at + move) - system.velocity(at - move)) / (2 * step) for move in (ahead, aside)]
    torch.testing.assert_close(system.jacobian(at), torch.stack(columns, 1), atol=1e-8, rtol=1e-7)


def test_velocity_takes_parameters_of_any_shape() -> None:
    system, grid = TwoParameterMMD(uniform(8)), torch.rand(3, 2, 2, dtype=torch.float64) + 0.1
    together = system.velocity(grid)
    assert together.shape == grid.shape
    torch.testing.assert_close(together[2, 1], system.velocity(grid[2, 1]))


@pytest.mark.parametrize(
    ("repulsion", "at", "values"),
    [(REPULSIVE, (1.554, 0.307), (-2.15, -0.26)), (ATTRACTIVE, (1.484, 0.796), (-0.38, -0.043))],
)
def test_the_equilibrium_for_normal_data_is_stable_and_scipys(
    repulsion: float, at: tuple[float, float], values: tuple[float, float]
) -> None:
    system = TwoParameterMMD(standard_normal(), repulsion)
    found = equilibrium(system)
    assert found.tolist() == pytest.approx(at, abs=1e-3)
    root = optimize.root(lambda w: system.velocity(torch.from_numpy(w)).numpy(), np.array(at), tol=1e-12)
    assert found.tolist() == pytest.approx(root.x.tolist(), abs=1e-8)
    assert eigenvalues(system, found).real.tolist() == pytest.approx(values, abs=5e-3)
    assert eigenvalues(system, found).imag.tolist() == [0, 0]


@given(bandwidth=st.floats(0.2, 3.0))
@settings(max_examples=5, deadline=None)
def test_w2_scales_with_the_bandwidth_and_w1_does_not(bandwidth: float) -> None:
    base, data = 0.5, standard_normal(60, reach=7.0)
    ours = equilibrium(TwoParameterMMD(data, bandwidth=bandwidth), (1.5, 0.8 * bandwidth))
    theirs = equilibrium(TwoParameterMMD(data, bandwidth=base))
    torch.testing.assert_close(ours, theirs * point(1, bandwidth / base), atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize(("w2", "value"), [(0.3, -0.297), (1.0, -1.77), (2.0, -2.32)])
@pytest.mark.parametrize("repulsion", [ATTRACTIVE, 0.0, REPULSIVE])
def test_uniform_data_have_a_line_of_equilibria(w2: float, value: float, repulsion: float) -> None:
    system = TwoParameterMMD(uniform(), repulsion)
    assert system.velocity(point(1, w2)).abs().max() < 1e-14
    negative, zero = eigenvalues(system, point(1, w2)).real.tolist()
    assert negative == pytest.approx(value, abs=6e-3)
    assert zero == pytest.approx(0, abs=1e-12)


def test_the_discriminator_feels_the_generator_in_proportion_to_lambda_plus_one() -> None:
    felt = [float(TwoParameterMMD(uniform(), value).jacobian(point(1, 0.7))[1, 0]) for value in (-1.0, 0.0, 1.0, 2.0)]
    assert felt == pytest.approx([felt[2] * (value + 1) / 2 for value in (-1.0, 0.0, 1.0, 2.0)], abs=1e-12)
    assert abs(felt[2]) > 0.1


def test_newton_says_when_it_found_nothing() -> None:
    with pytest.raises(ArithmeticError, match="no equilibrium was found"):
        equilibrium(TwoParameterMMD(standard_normal(40)), (0.4, 1.9), limit=1)


def test_only_the_repulsive_flow_reaches_the_trivial_solution_and_only_from_a_wide_generator() -> None:
    starts, data = start_grid(4, 3), uniform(12)
    repulsive = is_trivial(flow(TwoParameterMMD(data, REPULSIVE, noise=uniform(12)), starts))
    attractive = is_trivial(flow(TwoParameterMMD(data, ATTRACTIVE, noise=uniform(12)), starts))
    assert 0 < int(repulsive.sum()) < len(starts)
    assert float(starts[repulsive, 0].min()) > 1
    assert not attractive.any()


def test_a_faster_generator_leaves_fewer_starts_to_the_trivial_solution() -> None:
    """The opposite of what the paper says."""
    starts, system = start_grid(5, 5), TwoParameterMMD(uniform(10), REPULSIVE, noise=uniform(10))
    slow, fast = (int(is_trivial(flow(system, starts, ratio)).sum()) for ratio in (0.1, 10.0))
    assert fast < slow


def test_the_flow_ends_where_scipys_integrator_ends() -> None:
    system = TwoParameterMMD(standard_normal(30, reach=5.0), noise=uniform(12))
    start = point(1.0, 0.6)
    solved = integrate.solve_ivp(
        lambda _, w: system.velocity(torch.from_numpy(w)).numpy(), (0, 80), start.numpy(), rtol=1e-6, atol=1e-9
    )
    torch.testing.assert_close(flow(system, start[None])[0], torch.from_numpy(solved.y[:, -1]), atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_quadratures_have_the_moments_of_their_distributions(name: str) -> None:
    rule: Quadrature = DISTRIBUTIONS[name]
    distribution = stats.norm() if name == "normal" else stats.uniform(-1, 2)
    for order in (0, 2, 4, 6):
        assert float((rule.weights * rule.points**order).sum()) == pytest.approx(distribution.moment(order), rel=1e-12)


def test_a_bandwidth_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="bandwidth must be a finite number above 0, got 0"):
        TwoParameterMMD(uniform(), bandwidth=0.0)
