"""Gradient penalties against central differences and loops in numpy float64, which know nothing of autograd."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from equipoise.common.modules import only_linear
from equipoise.common.random import stream
from equipoise.constraints import (
    gradient_penalty,
    gradient_penalty_per_sample,
    interpolate,
    r1_penalty,
    r1_penalty_per_sample,
    r2_penalty,
    r2_penalty_per_sample,
    scaled_mmd_loss,
    scaled_repulsive_loss,
    squared_jacobian_norm,
)

SHAPES = ["scalar", "vector", "map"]
PENALTIES = [gradient_penalty, r1_penalty, r2_penalty]
PER_SAMPLE = {
    gradient_penalty: gradient_penalty_per_sample,
    r1_penalty: r1_penalty_per_sample,
    r2_penalty: r2_penalty_per_sample,
}


def _normal(*shape, purpose="points", seed=0):
    return torch.randn(shape, generator=stream(seed, purpose), dtype=torch.float64)


class _Critic(nn.Module):
    """Smooth, so that finite differences hold everywhere; its output is a scalar, a vector of 3 or a 2 x 2 map."""

    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.hidden = nn.Parameter(_normal(5, 6, purpose="hidden"))
        self.last = nn.Parameter(_normal(4, 5, purpose="last"))

    def forward(self, points):
        outputs = torch.tanh(points.flatten(1) @ self.hidden.T) @ self.last.T
        return {"scalar": outputs[:, 0], "vector": outputs[:, :3], "map": outputs.reshape(-1, 2, 2)}[self.shape]


def _differenced_gradients(critic, points):
    """[batch, outputs, entries] by central differences: the mean of a map, every entry of a vector."""
    step, flat = 1e-5, points.detach().numpy().reshape(len(points), -1)

    def outputs(values):
        with torch.no_grad():
            scores = critic(torch.from_numpy(values)).numpy()
        return scores.mean(axis=(1, 2))[:, None] if scores.ndim == 3 else scores.reshape(len(scores), -1)

    columns = []
    for entry in range(flat.shape[1]):
        up, down = flat.copy(), flat.copy()
        up[:, entry] += step
        down[:, entry] -= step
        columns.append((outputs(up) - outputs(down)) / (2 * step))
    return np.stack(columns, axis=2)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("one_sided", [False, True])
@pytest.mark.parametrize("target", [0.0, 1.0, 2.5])
def test_gradient_penalty_equals_finite_differences(shape, one_sided, target):
    critic, points = _Critic(shape), _normal(7, 2, 3) / 2
    expected = []
    for jacobian in _differenced_gradients(critic, points):
        excess = np.sqrt((jacobian**2).sum()) - target
        expected.append(max(excess, 0.0) ** 2 if one_sided else excess**2)
    result = gradient_penalty_per_sample(critic, points, target, one_sided)
    np.testing.assert_allclose(result.detach().numpy(), expected, rtol=1e-7, atol=1e-9)
    mean = gradient_penalty(critic, points, target, one_sided).item()
    assert mean == pytest.approx(np.mean(expected), rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("penalty", [r1_penalty, r2_penalty])
def test_r1_and_r2_equal_finite_differences(shape, penalty):
    critic, points = _Critic(shape), _normal(5, 6)
    expected = [(jacobian**2).sum() / 2 for jacobian in _differenced_gradients(critic, points)]
    np.testing.assert_allclose(PER_SAMPLE[penalty](critic, points).detach().numpy(), expected, rtol=1e-7)
    assert penalty(critic, points).item() == pytest.approx(np.mean(expected), rel=1e-7)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("penalty", PENALTIES)
def test_gradcheck_in_the_parameters(shape, penalty):
    critic, points = _Critic(shape), _normal(2, 6)

    def of_parameters(hidden, last):
        return penalty(lambda x: torch.func.functional_call(critic, {"hidden": hidden, "last": last}, x), points)

    hidden, last = critic.hidden.detach().clone(), critic.last.detach().clone()
    assert torch.autograd.gradcheck(of_parameters, (hidden.requires_grad_(), last.requires_grad_()))


def test_a_map_is_measured_by_its_mean_so_that_its_size_does_not_matter():
    """Differentiating the sum of an n x n map would multiply the norm by n^2; the mean keeps the target of one."""
    direction = torch.nn.functional.normalize(_normal(1, 6), dim=1)[0]
    for side in (1, 4, 8):
        scores = gradient_penalty_per_sample(
            lambda x, n=side: (x @ direction)[:, None, None].expand(-1, n, n), _normal(3, 6)
        )
        torch.testing.assert_close(scores, torch.zeros(3, dtype=torch.float64), atol=1e-28, rtol=0)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_several_maps_are_measured_by_the_mean_of_their_means(penalty):
    critic, points = _Critic("map"), _normal(4, 6)

    def maps(x):
        return [critic(x)[:, None], critic(2 * x).flatten(1), critic(3 * x)[:, 0, 0]]

    def mean(x):
        first, second, third = maps(x)
        return (first.mean(dim=(1, 2, 3)) + second.mean(dim=1) + third) / 3

    torch.testing.assert_close(penalty(maps, points), penalty(mean, points))
    torch.testing.assert_close(penalty(lambda x: critic(x)[:, None], points), penalty(critic, points))
    two = penalty(lambda x: [critic(x), critic(2 * x)], points)
    torch.testing.assert_close(penalty(lambda x: torch.stack([critic(x), critic(2 * x)], 1), points), two)


def test_a_vector_of_one_is_a_scalar():
    critic, points = _Critic("scalar"), _normal(4, 6)
    one = gradient_penalty_per_sample(lambda x: critic(x)[:, None], points)
    assert torch.equal(one, gradient_penalty_per_sample(critic, points))


@pytest.mark.parametrize("penalty", [gradient_penalty_per_sample, r1_penalty_per_sample, r2_penalty_per_sample])
def test_linear_layers_give_all_gradients_in_one_pass_and_the_same_numbers(penalty):
    layers = [nn.Flatten(1), nn.Linear(6, 9), nn.LeakyReLU(0.2), nn.Linear(9, 7), nn.Softplus(), nn.Linear(7, 5)]
    critic, points = nn.Sequential(*layers).double(), _normal(4, 2, 3)
    assert only_linear(critic)

    def found(discriminator):
        value = penalty(discriminator, points)
        weights = [critic[1].weight, critic[3].weight, critic[5].weight]
        return value, *torch.autograd.grad(value.sum(), weights)

    for at_once, one_by_one in zip(found(critic), found(lambda x: critic(x)), strict=True):
        torch.testing.assert_close(at_once, one_by_one, rtol=1e-12, atol=1e-14)


def test_squared_jacobian_norm_counts_every_output():
    for shape, count in (("scalar", 1), ("vector", 3), ("map", 4)):
        critic, points = _Critic(shape), _normal(5, 6).requires_grad_()
        flat = _differenced_gradients(lambda x, c=critic: c(x).reshape(len(x), -1), points)
        assert flat.shape == (5, count, 6)
        result = squared_jacobian_norm(critic(points), points)
        np.testing.assert_allclose(result.detach().numpy(), (flat**2).sum(axis=(1, 2)), rtol=1e-7)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("shape", SHAPES)
def test_permuting_the_batch_permutes_the_penalties(penalty, shape):
    critic, points, order = _Critic(shape), _normal(5, 6), [3, 1, 4, 0, 2]
    torch.testing.assert_close(PER_SAMPLE[penalty](critic, points[order]), PER_SAMPLE[penalty](critic, points)[order])


@pytest.mark.parametrize("penalty", PENALTIES)
def test_points_are_constants_and_the_caller_s_tensor_is_left_alone(penalty):
    points = _normal(3, 6).requires_grad_()
    penalty(_Critic("scalar"), points).backward()
    assert points.grad is None
    assert not _normal(3, 6).requires_grad


@pytest.mark.parametrize("penalty", PENALTIES)
def test_it_works_under_no_grad(penalty):
    critic, points = _Critic("map"), _normal(3, 6)
    with torch.no_grad():
        assert penalty(critic, points).item() == penalty(critic, points.clone()).item()
    assert penalty(critic, points).requires_grad


def test_a_zero_gradient_has_a_finite_derivative():
    weight = torch.zeros(6, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(gradient_penalty(lambda x: x @ weight, _normal(3, 6)), weight)
    assert torch.equal(gradient, torch.zeros(6, dtype=torch.float64))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 100))
def test_scale_laws(seed, factor):
    """For D -> a D the squared norms grow by a^2; the one-sided penalty never exceeds the two-sided one."""
    critic, points = _Critic("scalar"), _normal(4, 6, seed=seed)
    scaled = r1_penalty_per_sample(lambda x: factor * critic(x), points)
    torch.testing.assert_close(scaled, factor**2 * r1_penalty_per_sample(critic, points), rtol=1e-10, atol=0)
    two, one = (gradient_penalty_per_sample(critic, points, one_sided=side) for side in (False, True))
    assert bool((one <= two).all())
    assert bool((one >= 0).all())


def test_float32_agrees_with_float64():
    critic, points = _Critic("vector"), _normal(4, 6)
    double = gradient_penalty(critic, points).item()
    assert gradient_penalty(critic.float(), points.float()).item() == pytest.approx(double, rel=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_interpolate_equals_a_loop(mixing):
    real, fake = _normal(len(mixing), 2, 3, purpose="real"), _normal(len(mixing), 2, 3, purpose="fake")
    expected = [e * x + (1 - e) * y for e, x, y in zip(mixing, real.numpy(), fake.numpy(), strict=True)]
    result = interpolate(real, fake, torch.tensor(mixing, dtype=torch.float64))
    np.testing.assert_allclose(result.numpy(), expected, rtol=1e-14)


@settings(max_examples=60, deadline=None)
@given(st.floats(-1, 1), st.lists(st.floats(0, 50), min_size=1, max_size=8), st.floats(0, 10))
def test_scaled_losses_equal_the_formulas_and_keep_their_range(loss, squared, weight):
    norms = torch.tensor(squared, dtype=torch.float64)
    scale = 1 + weight * sum(squared) / len(squared)
    value = torch.tensor(loss, dtype=torch.float64)
    assert scaled_mmd_loss(value, norms, weight).item() == pytest.approx(loss / scale, rel=1e-12, abs=1e-15)
    repulsive = scaled_repulsive_loss(value, norms, weight).item()
    assert repulsive == pytest.approx((loss - 1) / scale, rel=1e-12, abs=1e-15)
    assert -2 <= repulsive <= 0


def test_scaled_losses_pass_gradcheck():
    loss, norms = torch.tensor(0.3, dtype=torch.float64, requires_grad=True), _normal(4).square().requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b: scaled_mmd_loss(a, b, 10.0), (loss, norms))
    assert torch.autograd.gradcheck(scaled_repulsive_loss, (loss, norms))


def test_lowering_the_repulsive_quotient_lowers_both_loss_and_gradient():
    """The -1 keeps the numerator negative; without it the sign of the gradient's pressure would follow the loss's."""
    norms = torch.tensor([2.0], dtype=torch.float64, requires_grad=True)
    for loss in (-0.9, 0.0, 0.9):
        (pressure,) = torch.autograd.grad(scaled_repulsive_loss(torch.tensor(loss).double(), norms), norms)
        assert pressure.item() > 0
    (without,) = torch.autograd.grad(scaled_mmd_loss(torch.tensor(0.9).double(), norms, 0.1), norms)
    assert without.item() < 0


_POINTS = torch.zeros(2, 6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: interpolate(_POINTS, torch.zeros(2, 5), torch.zeros(2)),
            r"fake must have the shape of real, \(2, 6\)",
        ),
        (lambda: interpolate(_POINTS, _POINTS, torch.zeros(3)), r"mixing must have shape \(2,\), got \(3,\)"),
        (lambda: gradient_penalty(lambda x: x.sum(1), _POINTS, target=-1.0), "target must be a finite number"),
        (lambda: gradient_penalty(lambda x: x.sum(1), _POINTS[:0]), "points must not be empty"),
        (lambda: gradient_penalty(lambda x: x.sum(1), _POINTS.long()), "points must be floating-point"),
        (lambda: gradient_penalty(lambda x: x.sum(1), _POINTS * float("nan")), r"points of shape \(2, 6\) holds NaN"),
        (lambda: gradient_penalty(lambda x: x.sum(), _POINTS), r"outputs must have a batch of 2, got shape \(\)"),
        (lambda: gradient_penalty(lambda x: x[:, :, None, None], _POINTS), r"got shape \(2, 6, 1, 1\)"),
        (lambda: scaled_mmd_loss(torch.zeros(2), torch.ones(2), 1.0), r"loss must be 0-dimensional, got shape \(2,\)"),
        (lambda: scaled_mmd_loss(torch.zeros(()), torch.ones(()), 1.0), r"squared_jacobian must have shape \[batch\]"),
        (lambda: scaled_mmd_loss(torch.zeros(()), torch.ones(0), 1.0), "squared_jacobian must not be empty"),
        (lambda: scaled_repulsive_loss(torch.zeros(()), torch.ones(2), -0.1), "weight must be a finite number"),
        (
            lambda: squared_jacobian_norm(torch.ones(3, 1), _POINTS),
            r"outputs must have a batch of 2, got shape \(3, 1\)",
        ),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


BY_SOURCE = {
    "points": gradient_penalty_per_sample,
    "real": r1_penalty_per_sample,
    "fake": r2_penalty_per_sample,
}


def critic(dtype=torch.float64):
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Tanh(), torch.nn.Linear(5, 2)).to(dtype)


def points_of(dtype=torch.float64):
    return torch.randn(4, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64).to(dtype)


@pytest.mark.parametrize("name", BY_SOURCE)
def test_penalties_work_under_the_transforms_of_torch_func(name):
    network, points = critic(), points_of()
    parameters = dict(network.named_parameters())

    def loss(values):
        return BY_SOURCE[name](lambda x: torch.func.functional_call(network, values, x), points).mean()

    expected = torch.autograd.grad(
        BY_SOURCE[name](network, points).mean(), list(parameters.values()), allow_unused=True
    )
    found = torch.func.grad(loss)({key: value.detach() for key, value in parameters.items()})
    for ours, theirs in zip(found.values(), expected, strict=True):
        torch.testing.assert_close(ours, torch.zeros_like(ours) if theirs is None else theirs)
    both = torch.func.vmap(lambda x: BY_SOURCE[name](network, x))(torch.stack([points, 2 * points]))
    torch.testing.assert_close(both[1], BY_SOURCE[name](network, 2 * points))


@pytest.mark.parametrize("name", BY_SOURCE)
def test_penalties_take_what_inference_mode_made_and_work_inside_it(name):
    network, points = critic(), points_of()
    expected = BY_SOURCE[name](network, points)
    with torch.inference_mode():
        made = points.clone()
        inside = BY_SOURCE[name](network, made)
    torch.testing.assert_close(inside, expected)
    torch.testing.assert_close(BY_SOURCE[name](network, made), expected)


@pytest.mark.parametrize("name", BY_SOURCE)
def test_penalties_of_half_precision_are_summed_in_float32(name):
    network, points = critic(torch.bfloat16), points_of(torch.bfloat16)
    found = BY_SOURCE[name](network, points)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), BY_SOURCE[name](network.double(), points.double()), rtol=0.05, atol=0.02)


@pytest.mark.parametrize("name", BY_SOURCE)
def test_what_does_not_fit_is_named(name):
    penalty, points = BY_SOURCE[name], points_of()
    with pytest.raises(ValueError, match=f"{name} must be of the discriminator's type torch.float32, got"):
        penalty(critic(torch.float32), points)
    with pytest.raises(ValueError, match=f"{name} must be a torch.Tensor, got ndarray"):
        penalty(critic(), points.numpy())
    with pytest.raises(ValueError, match=r"discriminator's output must be a torch.Tensor, got dict"):
        penalty(lambda x: {"scores": x}, points)
    with pytest.raises(ValueError, match=r"discriminator's output must be a torch.Tensor, got NoneType"):
        penalty(lambda x: [x, None], points)
    with pytest.raises(ValueError, match=r"discriminator must be a module or a function, got Tensor"):
        penalty(points, points)


@pytest.mark.parametrize("scores", [torch.zeros(4), torch.zeros(4, requires_grad=True)])
@pytest.mark.parametrize("penalty", PENALTIES)
def test_a_discriminator_without_a_gradient_is_refused_in_one_sentence(penalty, scores):
    with pytest.raises(ValueError, match=r"discriminator's output must depend on its input by operations that have"):
        penalty(lambda x: scores * 1, points_of())


def test_the_arguments_of_another_library_are_refused_in_one_sentence():
    points = points_of()
    with pytest.raises(ValueError, match=r"target must be a finite number .* got Tensor of shape \(4, 3\)"):
        gradient_penalty(critic(), points, points)
    with pytest.raises(ValueError, match=r"mixing must be a torch.Tensor, got float"):
        interpolate(points, points, 0.5)
    with pytest.raises(ValueError, match=r"loss must be a torch.Tensor, got float"):
        scaled_mmd_loss(0.5, points[:, 0], 0.1)
    with pytest.raises(ValueError, match=r"outputs must be computed from inputs that require a gradient"):
        squared_jacobian_norm(points, points)
