"""One table of all constraints. A new public name must join it, and passes every contract below.

Each row holds a constraint against a reference that shares nothing with it: loops and singular values in numpy float64.
Run this file as a script to print the table with the deviations.
"""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from equipoise import constraints
from equipoise.common.random import stream
from equipoise.testing.constraints import (
    CONSTRAINT_CONTRACTS,
    IMAGES,
    PENALTY_CONTRACTS,
    Critic,
    check_constraint,
    check_penalty,
    normal,
    small_player,
    squared_jacobian,
)

# ---------------------------------------------------------------- references: numpy float64, loops


def largest(matrix: np.ndarray) -> float:
    return float(np.linalg.svd(matrix, compute_uv=False)[0])


def unrolled(kernel: np.ndarray, size: int, stride: int, padding: int) -> np.ndarray:
    outputs, inputs, side, _ = kernel.shape
    count = (size + 2 * padding - side) // stride + 1
    matrix = np.zeros((outputs, count, count, inputs, size, size))
    for row, column, i, j in np.ndindex(count, count, side, side):
        y, x = row * stride + i - padding, column * stride + j - padding
        if 0 <= y < size and 0 <= x < size:
            matrix[:, row, column, :, y, x] += kernel[:, :, i, j]
    return matrix.reshape(outputs * count * count, -1)


def double_backward(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
    source = images.clone().requires_grad_()
    scores = network(source)
    rows = [torch.autograd.grad(column.sum(), source, create_graph=True)[0].flatten(1) for column in scores.unbind(1)]
    return (torch.cat(rows, 1).norm(dim=1) - 1).square().mean()


# ---------------------------------------------------------------- deviations


def relative(value: Any, expected: Any) -> float:
    value = value.detach().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)
    return float(np.max(np.abs(value - expected) / np.maximum(np.abs(expected), 1e-9)))


def attached(method: str, scale: float = 1.0, iterations: int = 2000) -> nn.Sequential:
    network = small_player()
    constraints.SpectralNorm(method, scale).attach(network, IMAGES, stream(11, "vectors"))
    constraints.advance_spectral_norms(network, iterations)
    return network


def spectral_norm_deviation() -> float:
    matrix, convolution = attached("matrix", 1.8), attached("convolution", 1.8)
    return max(
        relative(largest(matrix[0].weight.detach().numpy().reshape(3, -1)), 1.8),
        relative(largest(unrolled(convolution[0].weight.detach().numpy(), 6, 2, 1)), 1.8),
        relative(largest(matrix[3].weight.detach().numpy()), 1.8),
    )


def advance_deviation() -> float:
    network = attached("matrix", iterations=0)
    chain = network[3].parametrizations.weight
    matrix, v = chain.original.detach().numpy(), chain[0].right.numpy().flatten().copy()
    constraints.advance_spectral_norms(network, 1)
    u = matrix @ v / np.linalg.norm(matrix @ v)
    v = matrix.T @ u / np.linalg.norm(matrix.T @ u)
    return float(np.abs(chain[0].right.numpy().flatten() - v).max())


def spectral_norms_deviation() -> float:
    network = attached("convolution")
    kernel = network[0].parametrizations.weight.original.detach().numpy()
    return relative(constraints.spectral_norms(network)["0"], largest(unrolled(kernel, 6, 2, 1)))


def exact_deviation() -> float:
    layer = small_player()[0]
    return relative(
        constraints.exact_spectral_norm(layer, (6, 6)), largest(unrolled(layer.weight.detach().numpy(), 6, 2, 1))
    )


def weight_clip_deviation() -> float:
    network = small_player()
    expected = [[min(max(v, -0.01), 0.01) for v in p.detach().flatten().tolist()] for p in network.parameters()]
    constraints.WeightClip().after_step(network)
    return max(
        relative(p.detach().flatten(), np.array(values))
        for p, values in zip(network.parameters(), expected, strict=True)
    )


def masks_deviation() -> float:
    network = small_player()
    ours, plain = (
        torch.autograd.grad(penalty(network, IMAGES), (network[0].weight, network[3].weight))
        for penalty in (constraints.gradient_penalty, double_backward)
    )
    return max(relative(a, b.numpy()) for a, b in zip(ours, plain, strict=True))


def of_jacobian(
    penalty: Callable[..., torch.Tensor], formula: Callable[[float], float], mean: bool
) -> Callable[[], float]:
    def deviation() -> float:
        critic, points = Critic(), normal(4, 5)
        expected = np.array([formula(squared_jacobian(critic, point)) for point in points.numpy()])
        return relative(penalty(critic, points), expected.mean() if mean else expected)

    return deviation


def of_outputs(critic: nn.Module, points: torch.Tensor) -> torch.Tensor:
    source = points.clone().requires_grad_()
    return constraints.squared_jacobian_norm(critic(source), source)


def interpolate_deviation() -> float:
    real, fake, mixing = (
        normal(3, 2, purpose="real"),
        normal(3, 2, purpose="fake"),
        torch.tensor([0.0, 0.25, 1.0]).double(),
    )
    expected = [
        [e * x + (1 - e) * y for x, y in zip(a, b, strict=True)] for e, a, b in zip(mixing, real, fake, strict=True)
    ]
    return relative(constraints.interpolate(real, fake, mixing), np.array(expected))


def scaled_deviation(function: Callable[..., torch.Tensor], shift: float) -> Callable[[], float]:
    def deviation() -> float:
        norms = [0.5, 2.0, 7.5]
        value = function(torch.tensor(-0.3).double(), torch.tensor(norms).double(), 0.1)
        return relative(value, (float(torch.tensor(-0.3).double()) - shift) / (1 + 0.1 * math.fsum(norms) / 3))

    return deviation


@dataclass(frozen=True)
class Row:
    """What a constraint was held against, how far off it may be, and a call that it must refuse."""

    reference: str
    deviation: Callable[[], float]
    tolerance: float
    refuses: Callable[[], object] | None


SQUARED = "gradient written by hand, loops"
EMPTY, SCALAR = torch.zeros(0, 5), torch.zeros(())
c = constraints

DIFFERENCES = {f"{penalty}_by_differences{of}": not of for penalty in ("r1", "r2") for of in ("", "_per_sample")}


def by_differences(name: str) -> Callable[..., torch.Tensor]:
    return lambda critic, points: getattr(constraints, name)(critic, points, 1e-5)


def refuses_empty(name: str) -> object:
    return getattr(constraints, name)(Critic(), EMPTY)


TABLE: dict[str, Row] = {
    "ConstantMasks": Row("double backward", masks_deviation, 1e-9, None),
    "SpectralNorm": Row(
        "numpy SVD of unrolled matrices", spectral_norm_deviation, 1e-9, lambda: c.SpectralNorm(scale=-1.0)
    ),
    "WeightClip": Row("loop of min and max", weight_clip_deviation, 1e-15, lambda: c.WeightClip(limit=0.0)),
    "advance_spectral_norms": Row("power iteration in numpy", advance_deviation, 1e-14, None),
    "exact_spectral_norm": Row(
        "numpy SVD of unrolled matrices", exact_deviation, 1e-12, lambda: c.exact_spectral_norm(nn.ReLU())
    ),
    "gradient_penalty": Row(
        SQUARED,
        of_jacobian(c.gradient_penalty, lambda s: (math.sqrt(s) - 1) ** 2, mean=True),
        1e-12,
        lambda: c.gradient_penalty(Critic(), EMPTY),
    ),
    "gradient_penalty_per_sample": Row(
        SQUARED,
        of_jacobian(c.gradient_penalty_per_sample, lambda s: (math.sqrt(s) - 1) ** 2, mean=False),
        1e-12,
        lambda: c.gradient_penalty_per_sample(Critic(), EMPTY),
    ),
    "interpolate": Row(
        "loops", interpolate_deviation, 1e-14, lambda: c.interpolate(EMPTY, torch.zeros(2, 5), torch.zeros(0))
    ),
    "lazy_weight": Row(
        "the formula",
        lambda: abs(sum(c.lazy_weight(1.5, step, 4) for step in range(8)) / 8 - 1.5),
        1e-15,
        lambda: c.lazy_weight(1.0, 0, 0),
    ),
    **{
        name: Row(SQUARED, of_jacobian(by_differences(name), lambda s: s / 2, mean), 1e-8, partial(refuses_empty, name))
        for name, mean in DIFFERENCES.items()
    },
    "r1_penalty": Row(
        SQUARED, of_jacobian(c.r1_penalty, lambda s: s / 2, mean=True), 1e-12, lambda: c.r1_penalty(Critic(), EMPTY)
    ),
    "r1_penalty_per_sample": Row(
        SQUARED,
        of_jacobian(c.r1_penalty_per_sample, lambda s: s / 2, mean=False),
        1e-12,
        lambda: c.r1_penalty_per_sample(Critic(), EMPTY),
    ),
    "r2_penalty": Row(
        SQUARED, of_jacobian(c.r2_penalty, lambda s: s / 2, mean=True), 1e-12, lambda: c.r2_penalty(Critic(), EMPTY)
    ),
    "r2_penalty_per_sample": Row(
        SQUARED,
        of_jacobian(c.r2_penalty_per_sample, lambda s: s / 2, mean=False),
        1e-12,
        lambda: c.r2_penalty_per_sample(Critic(), EMPTY),
    ),
    "scaled_mmd_loss": Row(
        "the formula", scaled_deviation(c.scaled_mmd_loss, 0.0), 1e-14, lambda: c.scaled_mmd_loss(SCALAR, SCALAR, 1.0)
    ),
    "scaled_repulsive_loss": Row(
        "the formula",
        scaled_deviation(c.scaled_repulsive_loss, 1.0),
        1e-14,
        lambda: c.scaled_repulsive_loss(SCALAR, torch.ones(2), -1.0),
    ),
    "spectral_norms": Row("numpy SVD of unrolled matrices", spectral_norms_deviation, 1e-9, None),
    "squared_jacobian_norm": Row(
        SQUARED, of_jacobian(of_outputs, lambda s: s, mean=False), 1e-12, lambda: c.squared_jacobian_norm(EMPTY, EMPTY)
    ),
}
PENALTIES = ["gradient_penalty", "r1_penalty", "r2_penalty"]
PLAYER_CONSTRAINTS = {
    "matrix": constraints.SpectralNorm("matrix"),
    "convolution": constraints.SpectralNorm("convolution", scale=1.7, power_iterations=2),
    "clip": constraints.WeightClip(),
    "clip except last": constraints.WeightClip(except_last=True),
}

# ---------------------------------------------------------------- contracts


def test_every_public_name_is_in_the_table():
    assert sorted(TABLE) == sorted(constraints.__all__)


@pytest.mark.parametrize("name", TABLE)
def test_equals_its_reference(name):
    deviation = TABLE[name].deviation()
    assert math.isfinite(deviation)
    assert deviation <= TABLE[name].tolerance


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if row.refuses])
def test_bad_input_is_refused_in_one_sentence(name):
    with pytest.raises(ValueError, match=r"must .*got "):
        TABLE[name].refuses()


@pytest.mark.parametrize("name", TABLE)
def test_has_a_docstring(name):
    assert len(inspect.getdoc(getattr(constraints, name)) or "") > 40


@pytest.mark.parametrize("name", PENALTIES)
def test_a_penalty_is_the_mean_of_its_samples(name):
    critic, points = Critic(), normal(4, 5)
    samples = getattr(constraints, f"{name}_per_sample")(critic, points)
    assert samples.shape == (4,)
    torch.testing.assert_close(getattr(constraints, name)(critic, points), samples.mean(), rtol=1e-14, atol=0)


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("contract", PENALTY_CONTRACTS, ids=lambda contract: contract.__name__)
def test_every_penalty_keeps_the_contract(contract, name):
    contract(getattr(constraints, f"{name}_per_sample"))


@pytest.mark.parametrize("name", PLAYER_CONSTRAINTS)
@pytest.mark.parametrize("contract", CONSTRAINT_CONTRACTS, ids=lambda contract: contract.__name__)
def test_every_player_constraint_keeps_the_contract(contract, name):
    contract(PLAYER_CONSTRAINTS[name])


class Noisy(constraints.WeightClip):
    """It asks torch's global generator after each step."""

    def after_step(self, module):
        for parameter in module.parameters():
            parameter.data.add_(1e-3 * torch.randn_like(parameter))


class Remembering(constraints.WeightClip):
    """It counts in an attribute, which no state holds."""

    def after_step(self, module):
        module.steps = getattr(module, "steps", 0) + 1
        for parameter in module.parameters():
            parameter.data.mul_(1 - 0.1 / module.steps)


@pytest.mark.parametrize(("kind", "sentence"), [(Noisy, "global random number"), (Remembering, "after a resume")])
def test_a_constraint_that_breaks_the_contract_is_noticed(kind, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check_constraint(kind())


def test_a_penalty_that_breaks_the_contract_is_noticed():
    check_penalty(constraints.r1_penalty_per_sample, lambda squared: squared / 2)
    with pytest.raises(AssertionError, match="r1_penalty_per_sample"):
        check_penalty(constraints.r1_penalty_per_sample, lambda squared: squared)
    with pytest.raises(AssertionError, match=r"of 6 samples has shape \(\), expected \(6,\)"):
        check_penalty(constraints.r1_penalty)


if __name__ == "__main__":
    for name, row in TABLE.items():
        print(f"{name:30} {row.reference:34} {row.deviation():.1e}  allowed {row.tolerance:.0e}")
