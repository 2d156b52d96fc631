"""Drifts and MMD flow against plain loops in float64, what they have in common, and what becomes of far starts."""

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from equipoise.common.errors import UnknownName
from equipoise.losses import DistanceKernel, GaussianKernel, LaplaceKernel, squared_mmd
from equipoise.losses.drift import drift, drifting_loss, witness

KERNELS: dict[str, Callable[[float, float], float]] = {
    "laplace": lambda d, tau: math.exp(-d / tau),
    "gaussian": lambda d, sigma: math.exp(-d * d / (2 * sigma**2)),
    "rational-quadratic": lambda d, alpha: (1 + d * d / (2 * alpha)) ** -alpha,
}


def drawn(count: int, seed: int, features: int = 3) -> Tensor:
    return torch.randn(count, features, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


POINTS, REAL, FAKE = drawn(4, 0), drawn(5, 1), drawn(6, 2) + 0.5


def plain(points: np.ndarray, real: np.ndarray, fake: np.ndarray | None, name: str, widths: tuple[float, ...]) -> dict:
    """The drift with repulsion 0.7 in loops, by division."""
    found = {"sides": np.zeros_like(points), "joint": np.zeros_like(points)}
    others = points if fake is None else fake
    for width in widths:
        k = np.array([[KERNELS[name](float(np.linalg.norm(x - y)), width) for y in [*real, *others]] for x in points])
        if fake is None:
            k[np.arange(len(points)), len(real) + np.arange(len(points))] = 0
        for i, x in enumerate(points):
            pull = sum(k[i, j] * (y - x) for j, y in enumerate(real)) / k[i, : len(real)].sum()
            push = sum(k[i, len(real) + j] * (y - x) for j, y in enumerate(others)) / k[i, len(real) :].sum()
            found["sides"][i] += (pull - 0.7 * push) / len(widths)
            a = [math.sqrt(k[i, j] / k[i].sum() * k[i, j] / k[:, j].sum()) for j in range(k.shape[1])]
            on_real, on_fake = sum(a[: len(real)]), sum(a[len(real) :])
            pull = on_fake * sum(a[j] * (y - x) for j, y in enumerate(real))
            push = on_real * sum(a[len(real) + j] * (y - x) for j, y in enumerate(others))
            found["joint"][i] += (pull - 0.7 * push) / len(widths)
    return found


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("fake", [None, FAKE], ids=["among each other", "from others"])
def test_a_drift_is_that_of_plain_loops(name: str, fake: Tensor | None) -> None:
    expected = plain(POINTS.numpy(), REAL.numpy(), None if fake is None else fake.numpy(), name, (0.5, 2.0))
    for division, values in expected.items():
        found = drift(POINTS, REAL, fake, name, (0.5, 2.0), 0.7, division)  # type: ignore[arg-type]
        np.testing.assert_allclose(found.numpy(), values, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("division", ["sides", "joint"])
def test_a_drift_vanishes_where_both_sets_are_equal_and_turns_with_their_roles(division: str) -> None:
    assert float(drift(POINTS, REAL, REAL, division=division).abs().max()) < 1e-15  # type: ignore[arg-type]
    there = drift(POINTS, REAL, FAKE, division=division)  # type: ignore[arg-type]
    back = drift(POINTS, FAKE, REAL, division=division)  # type: ignore[arg-type]
    torch.testing.assert_close(there, -back)
    given = (POINTS[:3, :2].clone().requires_grad_(), REAL[:2, :2].clone().requires_grad_())
    assert torch.autograd.gradcheck(lambda x, y: drift(x, y, None, "laplace", (0.7,), 0.5, division), given)  # type: ignore[arg-type]


def slope(points: Tensor, real: Tensor, fake: Tensor, kernel: Callable[[Tensor], Tensor]) -> Tensor:
    free = points.clone().requires_grad_()
    return torch.autograd.grad(witness(free, real, fake, kernel).sum(), free)[0]


def test_a_drift_is_a_flow_whose_sides_are_divided_by_their_weights() -> None:
    """Laplace's mean shift is the flow of tau (tau + d) exp(-d / tau), whose slope by d^2 is -exp(-d / tau) / 2."""
    tau = 0.8

    def matern(squared: Tensor) -> Tensor:
        return tau * (tau + squared.sqrt()) * torch.exp(-squared.sqrt() / tau)

    to_real, to_fake = (drift(POINTS, each, REAL, "laplace", (tau,), repulsion=0.0) for each in (REAL, FAKE))
    weights = [torch.exp(-torch.cdist(POINTS, each) / tau).mean(dim=1, keepdim=True) for each in (REAL, FAKE)]
    flow = weights[0] * to_real - weights[1] * to_fake
    torch.testing.assert_close(-slope(POINTS, REAL, FAKE, matern), flow, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kernel", [GaussianKernel((0.7, 2.0)), LaplaceKernel((0.8,)), DistanceKernel()])
def test_flow_is_the_slope_of_mmd_and_moment_matching_the_regression_on_it(kernel: GaussianKernel) -> None:
    free = POINTS.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(squared_mmd(REAL, free, kernel, unbiased=False), free)
    torch.testing.assert_close(slope(POINTS, REAL, POINTS, kernel), gradient * len(POINTS) / 2)
    (regressed,) = torch.autograd.grad(
        drifting_loss(REAL, free, lambda fake, real: -slope(fake, real, fake, kernel)), free
    )
    torch.testing.assert_close(regressed, gradient)


@pytest.mark.parametrize("kernel", [GaussianKernel((1.0,)), LaplaceKernel((1.0,)), DistanceKernel()])
def test_mmd_falls_in_every_step_of_the_flow(kernel: GaussianKernel) -> None:
    points, values = drawn(20, 3), []
    for _ in range(40):
        values.append(float(squared_mmd(REAL, points, kernel, unbiased=False)))
        points = points - 0.1 * slope(points, REAL, points, kernel)
    assert all(after < before for before, after in itertools.pairwise(values))
    assert 0 <= values[-1] < 0.9 * values[0]


def test_from_afar_a_gaussian_has_no_slope_and_a_drift_still_knows_the_way() -> None:
    far, real = torch.tensor([[1000.0, 0.0], [1000.0, 1.0]]), torch.zeros(3, 2)
    assert torch.equal(slope(far, real, real, GaussianKernel((1.0,))), torch.zeros(2, 2))
    ahead = -slope(far[:1], real, far[:1], DistanceKernel())
    torch.testing.assert_close(ahead, torch.tensor([[-1.0, 0.0]]))
    for kernel in ("laplace", "gaussian"):
        found = drift(far, real, None, kernel, repulsion=0.0)  # type: ignore[arg-type]
        torch.testing.assert_close(found, -far)
    joint = drift(far, real, None, "laplace", division="joint")  # Algorithm 2, before its drift is scaled to one size
    assert float(joint.norm(dim=1).max()) < 1e-30


@pytest.mark.parametrize("offset", [1e3, 1e5])
def test_float32_keeps_the_digits_of_a_drift_far_from_the_origin(offset: float) -> None:
    sides = [(side + offset).float() for side in (POINTS, REAL, FAKE)]
    found, expected = drift(*sides), drift(*[side.double() for side in sides])
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-5)


def test_the_loss_is_the_drifts_mean_square() -> None:
    fake = FAKE.clone().requires_grad_()
    loss = drifting_loss(REAL, fake, lambda fake, real: drift(fake, real, None))
    moved = drift(FAKE, REAL, None)
    torch.testing.assert_close(loss, moved.square().sum(dim=1).mean())
    torch.testing.assert_close(torch.autograd.grad(loss, fake)[0], -2 * moved / len(FAKE))


def test_impossible_arguments_are_refused() -> None:
    with pytest.raises(UnknownName, match="laplace"):
        drift(POINTS, REAL, kernel="laplac")  # type: ignore[arg-type]
    with pytest.raises(UnknownName, match="joint"):
        drift(POINTS, REAL, division="join")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least two"):
        drift(POINTS[:1], REAL)
    with pytest.raises(ValueError, match="widths"):
        drift(POINTS, REAL, widths=())
    with pytest.raises(ValueError, match="repulsion"):
        drift(POINTS, REAL, repulsion=-1.0)
