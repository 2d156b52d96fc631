"""MMD within classes: the kernel times 1 for pairs of one class and 0 for others, in every sum."""

import itertools
import math

import pytest
import torch
from torch import Tensor

from equipoise.common.checks import NotFiniteError
from equipoise.losses import (
    DistanceKernel,
    GaussianKernel,
    LaplaceKernel,
    RationalQuadraticKernel,
    mmd_discriminator_loss,
    mmd_generator_loss,
    squared_mmd,
)

KERNELS = {
    "gaussian": (GaussianKernel((0.7, 2.0)), lambda d: math.exp(-d / 0.98) + math.exp(-d / 8)),
    "rational": (RationalQuadraticKernel((0.5,)), lambda d: (1 + d) ** -0.5),
    "laplace": (LaplaceKernel((2.0,)), lambda d: math.exp(-math.sqrt(d) / 2)),
    "distance": (DistanceKernel((2.0,)), lambda d: -math.sqrt(d) / 2),
}
CLASSES = torch.tensor([0, 1, 0, 2, 1, 0, 0])


def sides(count: int = 7, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    chance = torch.Generator().manual_seed(0)
    real, fake = torch.randn(2, count, 3, generator=chance, dtype=torch.float64).to(dtype).unbind()
    return real, fake + 0.5


def by_loops(kernel, unbiased, weights, limits) -> float:
    """The three sums as double loops over pairs of one class; the divisor counts all pairs."""
    real, fake = sides()
    total = 0.0
    for (left, right), weight, (low, high) in zip(
        ((real, real), (real, fake), (fake, fake)), weights, limits, strict=True
    ):
        pairs = [(i, j) for i, j in itertools.product(range(7), repeat=2) if i != j or not unbiased]
        same = [(i, j) for i, j in pairs if CLASSES[i] == CLASSES[j]]
        values = (kernel(min(max(float((left[i] - right[j]).square().sum()), low), high)) for i, j in same)
        total += weight * sum(values) / len(pairs)
    return total


ANYWHERE = (0.0, math.inf)


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("unbiased", [True, False])
def test_only_pairs_of_one_class_count(name: str, unbiased: bool) -> None:
    kernel, function = KERNELS[name]
    expected = by_loops(function, unbiased, (1, -2, 1), (ANYWHERE,) * 3)
    for loss in (squared_mmd, mmd_generator_loss):
        assert float(loss(*sides(), kernel, unbiased, CLASSES)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", ["gaussian", "rational", "laplace"])
def test_the_discriminators_bounds_hold_within_classes(name: str) -> None:
    kernel, function = KERNELS[name]
    pushed, contracted = (0.0, 4.0), (0.25, math.inf)
    expected = by_loops(function, True, (1, 0, -1), (pushed, ANYWHERE, contracted))
    found = mmd_discriminator_loss(*sides(), 1.0, (0.25, 4.0), kernel, classes=CLASSES)
    assert float(found) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("repulsion", [-1.0, 0.5, 1.0])
def test_a_single_class_changes_nothing(repulsion: float) -> None:
    plain = mmd_discriminator_loss(*sides(), repulsion, (0.25, 4.0))
    one = mmd_discriminator_loss(*sides(), repulsion, (0.25, 4.0), classes=torch.full((7,), 5))
    torch.testing.assert_close(one, plain, rtol=1e-12, atol=1e-14)


def test_samples_of_the_wrong_class_are_told_apart() -> None:
    """As sets the two sides are equal, and only their classes differ."""
    real = torch.tensor([[0.0], [0.0], [3.0], [3.0]], dtype=torch.float64)
    classes = torch.tensor([0, 0, 1, 1])
    assert float(squared_mmd(real, real.flip(0), unbiased=False)) == pytest.approx(0, abs=1e-12)
    assert float(squared_mmd(real, real, unbiased=False, classes=classes)) == pytest.approx(0, abs=1e-12)
    assert float(squared_mmd(real, real.flip(0), unbiased=False, classes=classes)) > 0.9


@pytest.mark.parametrize("name", ["gaussian", "rational", "laplace"])
def test_the_gradient_is_that_of_finite_differences(name: str) -> None:
    inputs = [side.requires_grad_() for side in sides()]
    kernel, _ = KERNELS[name]

    def loss(real: Tensor, fake: Tensor) -> Tensor:
        return squared_mmd(real, fake, kernel, True, CLASSES)

    assert torch.autograd.gradcheck(loss, inputs)
    assert torch.autograd.gradgradcheck(loss, inputs)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_widened(dtype: torch.dtype) -> None:
    narrow = sides(dtype=dtype)
    wide = [side.float() for side in narrow]
    assert torch.equal(squared_mmd(*narrow, classes=CLASSES), squared_mmd(*wide, classes=CLASSES))


@pytest.mark.parametrize(
    "classes", [torch.zeros(6, dtype=torch.long), torch.zeros(7), torch.zeros(7, 1, dtype=torch.long)]
)
def test_classes_that_do_not_fit_are_refused(classes: Tensor) -> None:
    with pytest.raises(ValueError, match="classes must be whole numbers"):
        squared_mmd(*sides(), classes=classes)


def test_sides_of_other_sizes_have_no_classes_in_common() -> None:
    real, fake = sides()
    with pytest.raises(ValueError, match="7 real and 6 fake"):
        squared_mmd(real, fake[:6], classes=CLASSES)


def test_nan_is_named() -> None:
    real, fake = sides()
    real[0, 0] = math.nan
    with pytest.raises(NotFiniteError, match="real"):
        squared_mmd(real, fake, classes=CLASSES)
