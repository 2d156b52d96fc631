"""The two-parameter MMD-GAN against scipy's quadrature, hand-derived limits and the published equilibria."""

import numpy as np
import pytest
import torch
from scipy.integrate import dblquad

from equipoise.losses import GaussianKernel, mmd_discriminator_loss, mmd_generator_loss
from equipoise.simulations.quadrature import sample, standard_normal, uniform
from equipoise.simulations.two_parameter_mmd import (
    TwoParameterMMD,
    eigenvalues,
    equilibrium,
    flow,
    is_trivial,
    start_grid,
)


def point(w1: float, w2: float) -> torch.Tensor:
    return torch.tensor([w1, w2], dtype=torch.float64)


def kernel(a: float, b: float) -> float:
    return float(np.exp(-2 * (a - b) ** 2))


def normal_density(x: float) -> float:
    return float(np.exp(-x * x / 2) / np.sqrt(2 * np.pi))


def test_expected_kernels_equal_adaptive_quadrature():
    w1, w2 = 1.3, 0.6
    xx, xy, yy = (float(v) for v in TwoParameterMMD(standard_normal()).expected_kernels(*point(w1, w2)))
    real = dblquad(lambda u, v: kernel(w2 * u * u, w2 * v * v) * normal_density(u) * normal_density(v), 0, 9, 0, 9)
    cross = dblquad(lambda u, z: kernel(w2 * u * u, w2 * (w1 * z) ** 2) * normal_density(u), 0, 1, 0, 9)
    fake = dblquad(lambda u, z: kernel(w2 * (w1 * u) ** 2, w2 * (w1 * z) ** 2), 0, 1, 0, 1)
    assert [xx, xy, yy] == pytest.approx([4 * real[0], 2 * cross[0], fake[0]], abs=1e-7)


@pytest.mark.parametrize("repulsion", [-1.0, 0.5, 1.0])
def test_velocity_equals_central_differences_of_the_losses(repulsion):
    system = TwoParameterMMD(standard_normal(), repulsion)
    w1, w2, h = torch.tensor(1.7, dtype=torch.float64), torch.tensor(0.4, dtype=torch.float64), 1e-5
    slope1 = (system.generator_loss(w1 + h, w2) - system.generator_loss(w1 - h, w2)) / (2 * h)
    slope2 = (system.discriminator_loss(w1, w2 + h) - system.discriminator_loss(w1, w2 - h)) / (2 * h)
    torch.testing.assert_close(
        system.velocity(torch.stack([w1, w2])), -torch.stack([slope1, slope2]), atol=1e-9, rtol=0
    )


@pytest.mark.parametrize(
    ("repulsion", "expected", "slopes"),
    [(1.0, (1.554, 0.307), (-2.15, -0.26)), (-1.0, (1.484, 0.796), (-0.38, -0.043))],
)
def test_equilibria_of_normal_data(repulsion, expected, slopes):
    system = TwoParameterMMD(standard_normal(), repulsion)
    found = equilibrium(system)
    assert found.tolist() == pytest.approx(expected, abs=1e-3)
    values = eigenvalues(system, found)
    assert values.real.tolist() == pytest.approx(slopes, abs=6e-3)
    assert values.imag.abs().max() == 0


def test_the_equilibrium_does_not_depend_on_the_quadrature():
    coarse, fine = (equilibrium(TwoParameterMMD(standard_normal(n), noise=uniform(n))) for n in (70, 140))
    torch.testing.assert_close(coarse, fine, atol=1e-8, rtol=0)


@pytest.mark.parametrize("repulsion", [-1.0, 1.0])
def test_w1_keeps_and_w2_grows_with_the_bandwidth(repulsion):
    base = equilibrium(TwoParameterMMD(standard_normal(), repulsion, bandwidth=0.5))
    wide = equilibrium(TwoParameterMMD(standard_normal(), repulsion, bandwidth=1.5), (1.5, 1.2))
    torch.testing.assert_close(wide, base * torch.tensor([1.0, 3.0], dtype=torch.float64), atol=1e-9, rtol=0)


@pytest.mark.parametrize(("w2", "slope"), [(0.3, -0.297), (1.0, -1.77), (2.0, -2.32)])
@pytest.mark.parametrize("repulsion", [-1.0, 0.0, 1.0])
def test_uniform_data_has_a_line_of_equilibria(repulsion, w2, slope):
    system = TwoParameterMMD(uniform(), repulsion)
    assert system.velocity(point(1.0, w2)).abs().max() < 1e-14
    jacobian = system.jacobian(point(1.0, w2))
    assert float(jacobian[0, 0]) == pytest.approx(slope, abs=6e-3)
    assert jacobian[:, 1].abs().max() < 1e-13
    attraction = TwoParameterMMD(uniform(), 1.0).jacobian(point(1.0, w2))[1, 0] * (repulsion + 1) / 2
    assert float(jacobian[1, 0]) == pytest.approx(float(attraction), abs=1e-13)


def test_near_the_trivial_solution_the_repulsive_flow_turns_where_the_variances_are_equal():
    """To first order w2' = 8 w2 (Var(x²) - w1⁴ Var(z²)); for normal data 2 against 4/45 w1⁴, so at w1 = 22.5^(1/4)."""
    w2, system = 1e-4, TwoParameterMMD(standard_normal())
    for w1 in (1.0, 2.0, 22.5**0.25, 2.5):
        expected = 8 * w2 * (2 - w1**4 * 4 / 45)
        assert float(system.velocity(point(w1, w2))[1]) == pytest.approx(expected, abs=1e-9)


def test_only_the_repulsive_loss_has_a_trivial_basin_and_only_from_large_w1():
    starts = start_grid(7, 6)
    ends = {r: is_trivial(flow(TwoParameterMMD(uniform(16), r, noise=uniform(16)), starts)) for r in (-1.0, 1.0)}
    assert not ends[-1.0].any()
    assert ends[1.0].any()
    assert (starts[ends[1.0], 0] > 1).all()


def test_the_flow_ends_at_the_equilibrium():
    system = TwoParameterMMD(standard_normal(60, reach=7.0), noise=uniform(20))
    end = flow(system, point(1.0, 0.5)[None])[0]
    torch.testing.assert_close(end, equilibrium(TwoParameterMMD(standard_normal())), atol=1e-3, rtol=0)


def test_samples_agree_with_the_library_losses():
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(50, dtype=torch.float64, generator=generator)
    z = 2 * torch.rand(50, dtype=torch.float64, generator=generator) - 1
    w1, w2 = point(1.2, 0.7)
    real, fake = (w2 * x**2)[:, None], (w2 * (w1 * z) ** 2)[:, None]
    for repulsion in (-1.0, 0.3, 1.0):
        system = TwoParameterMMD(sample(x), repulsion, noise=sample(z))
        theirs = mmd_discriminator_loss(real, fake, repulsion, kernel=GaussianKernel((0.5,)), unbiased=False)
        torch.testing.assert_close(system.discriminator_loss(w1, w2), theirs, atol=1e-12, rtol=0)
        theirs = mmd_generator_loss(real, fake, kernel=GaussianKernel((0.5,)), unbiased=False)
        torch.testing.assert_close(system.generator_loss(w1, w2), theirs, atol=1e-12, rtol=0)


def test_bad_arguments_and_a_failed_search_say_so():
    with pytest.raises(ValueError, match="bandwidth"):
        TwoParameterMMD(uniform(), bandwidth=0.0)
    with pytest.raises(ArithmeticError, match="no equilibrium"):
        equilibrium(TwoParameterMMD(standard_normal()), limit=1)
