"""R1 and R2 by differences of scores against the exact penalties, and lazy penalties against the whole of a cycle."""

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from equipoise.common.random import stream
from equipoise.constraints import (
    lazy_weight,
    r1_by_differences,
    r1_by_differences_per_sample,
    r1_penalty,
    r1_penalty_per_sample,
    r2_by_differences,
    r2_by_differences_per_sample,
    r2_penalty_per_sample,
)
from equipoise.testing.constraints import Critic, check_penalty, normal, squared_jacobian

PAIRS = [(r1_by_differences_per_sample, r1_penalty_per_sample), (r2_by_differences_per_sample, r2_penalty_per_sample)]


def smooth(points):
    """[batch, 5] -> [batch], bent everywhere."""
    return torch.tanh(points @ normal(5, purpose="direction")) * points.square().sum(1)


OUTPUTS = {
    "scalar": lambda critic: lambda x: critic(x)[:, 0],
    "vector": lambda critic: critic,
    "map": lambda critic: lambda x: critic(x).reshape(-1, 1, 3, 1),
    "maps": lambda critic: lambda x: [critic(x).reshape(-1, 3, 1), critic(2 * x)[:, :2], critic(x)[:, 0]],
}


@pytest.mark.parametrize("outputs", OUTPUTS)
@pytest.mark.parametrize(("ours", "exact"), PAIRS)
def test_values_and_gradients_are_the_exact_ones_up_to_the_square_of_the_step(ours, exact, outputs):
    critic, points = Critic(), normal(4, 5) / 2
    discriminator, parameters = OUTPUTS[outputs](critic), list(critic.parameters())
    expected = exact(discriminator, points)
    slopes = torch.autograd.grad(expected.mean(), parameters)
    errors = []
    for step in (1e-2, 1e-3):
        found = ours(discriminator, points, step)
        gradients = torch.autograd.grad(found.mean(), parameters)
        pairs = zip((found, *gradients), (expected, *slopes), strict=True)
        errors.append(max((a - b).abs().max().item() for a, b in pairs))
    assert errors[0] < 1e-2
    assert errors[1] == pytest.approx(errors[0] / 100, rel=0.1)


def test_values_equal_loops_over_a_gradient_written_by_hand():
    critic, points = Critic(), normal(4, 5)
    expected = [squared_jacobian(critic, point) / 2 for point in points.numpy()]
    found = r1_by_differences_per_sample(critic, points, 1e-5)
    assert found.tolist() == pytest.approx(expected, rel=1e-7)
    assert r1_by_differences(critic, points, 1e-5).item() == pytest.approx(sum(expected) / 4, rel=1e-7)
    assert torch.equal(r2_by_differences(critic, points), r1_by_differences(critic, points))


def test_gradcheck_along_given_directions():
    """Along the gradient, the direction moves with the parameters, which changes the value to second order only."""
    critic, points, directions = Critic(), normal(3, 5), normal(3, 5, purpose="directions")

    def of_parameters(hidden, last):
        values = {"hidden": hidden, "last": last}
        return r1_by_differences(lambda x: torch.func.functional_call(critic, values, x), points, 0.1, directions)

    leaves = [each.detach().clone().requires_grad_() for each in critic.parameters()]
    assert torch.autograd.gradcheck(of_parameters, leaves)


def test_random_directions_give_the_penalty_on_average():
    critic, points = Critic(), normal(1, 5).expand(20000, 5)
    directions = torch.randn(20000, 5, generator=stream(0, "directions"), dtype=torch.float64)
    found = r1_by_differences_per_sample(critic, points, 1e-4, directions)
    exact = r1_penalty(critic, points[:1]).item()
    assert abs(found.mean().item() - exact) < 4 * found.std().item() / 20000**0.5
    assert found.std().item() < 2 * exact


@pytest.mark.parametrize("penalty", [each for each, _ in PAIRS])
def test_samples_are_treated_one_by_one(penalty):
    critic, points = Critic(), normal(6, 5)
    halves = torch.cat([penalty(critic, points[:3]), penalty(critic, points[3:])])
    torch.testing.assert_close(halves, penalty(critic, points), rtol=1e-10, atol=0)
    with pytest.raises(ValueError, match=r"must not be empty"):
        penalty(critic, points[:0])


@pytest.mark.parametrize("autocast", [False, True])
@pytest.mark.parametrize("directions", [None, "random"])
def test_float32_keeps_enough_digits_also_under_autocast(autocast, directions):
    network = nn.Sequential(nn.Linear(5, 16), nn.SiLU(), nn.Linear(16, 1)).double()
    for position, each in enumerate(network.parameters()):
        each.data = normal(*each.shape, purpose=f"weights {position}")
    points = normal(8, 5)
    along = None if directions is None else normal(8, 5, purpose="along")
    exact = r1_by_differences_per_sample(network, points, directions=along)
    slopes = torch.autograd.grad(exact.mean(), list(network.parameters())[:3])
    network = network.float()
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        found = r1_by_differences_per_sample(
            network, points.float(), directions=None if along is None else along.float()
        )
    gradients = torch.autograd.grad(found.mean(), list(network.parameters())[:3])
    assert found.dtype == torch.float32
    for ours, theirs in zip((found, *gradients), (exact, *slopes), strict=True):
        assert torch.linalg.vector_norm(ours - theirs) < 2e-3 * torch.linalg.vector_norm(theirs)


def test_points_are_constants_and_no_parameter_gets_a_gradient():
    critic, points = Critic(), normal(3, 5).requires_grad_()
    value = r1_by_differences(critic, points)
    assert all(each.grad is None for each in critic.parameters())
    value.backward()
    assert points.grad is None
    with torch.no_grad():
        assert r1_by_differences(critic, points).item() == pytest.approx(value.item(), rel=1e-12)
    with torch.inference_mode():
        assert r1_by_differences(critic, points.detach().clone()).item() == pytest.approx(value.item(), rel=1e-12)


def test_it_works_under_the_transforms_of_torch_func():
    critic, points = Critic(), normal(3, 5)
    values = {name: each.detach() for name, each in critic.named_parameters()}

    def loss(values):
        return r1_by_differences(lambda x: torch.func.functional_call(critic, values, x), points)

    expected = torch.autograd.grad(r1_by_differences(critic, points), list(critic.parameters()))
    for ours, theirs in zip(torch.func.grad(loss)(values).values(), expected, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_a_zero_gradient_has_a_penalty_of_zero():
    weight = torch.zeros(5, dtype=torch.float64, requires_grad=True)
    value = r1_by_differences(lambda x: x @ weight, normal(3, 5))
    (gradient,) = torch.autograd.grad(value, weight)
    assert value.item() == 0
    assert gradient.tolist() == [0] * 5


class Once(torch.autograd.Function):
    """tanh with a first derivative only, as fused kernels have."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x.tanh())
        return x.tanh()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, gradient):
        (y,) = ctx.saved_tensors
        return gradient * (1 - y.square())


def test_a_network_without_second_derivatives_will_do():
    critic, points = Critic(), normal(4, 5)
    expected = r1_by_differences(critic, points)
    slopes = torch.autograd.grad(expected, list(critic.parameters()))

    def once(x):
        return Once.apply(x @ critic.hidden.T) @ critic.last.T

    found = r1_by_differences(once, points)
    torch.testing.assert_close(found, expected)
    for ours, theirs in zip(torch.autograd.grad(found, list(critic.parameters())), slopes, strict=True):
        torch.testing.assert_close(ours, theirs)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        r1_penalty(once, points).backward()


@pytest.mark.parametrize(("reentrant", "along"), [(False, "gradient"), (False, "random"), (True, "random")])
def test_checkpointed_networks(reentrant, along):
    critic, points = Critic(), normal(4, 5)
    directions = None if along == "gradient" else normal(4, 5, purpose="along")
    expected = torch.autograd.grad(r1_by_differences(critic, points, directions=directions), critic.last)

    def kept(x):
        return checkpoint(critic, x.requires_grad_() if reentrant else x, use_reentrant=reentrant)

    r1_by_differences(kept, points, directions=directions).backward()
    torch.testing.assert_close(critic.last.grad, expected[0])


def test_compiled_networks():
    critic, points = Critic(), normal(4, 5)
    expected = torch.autograd.grad(r1_by_differences(critic, points), list(critic.parameters()))
    found = torch.autograd.grad(
        r1_by_differences(torch.compile(critic, backend="aot_eager"), points), list(critic.parameters())
    )
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_no_graph_is_kept_as_compiled_networks_have_given_theirs_away(monkeypatch):
    asked, grad = [], torch.autograd.grad
    monkeypatch.setattr(
        torch.autograd, "grad", lambda *args, **options: asked.append(options) or grad(*args, **options)
    )
    r1_by_differences(Critic(), normal(4, 5))
    assert len(asked) == 3
    assert all(options.get("retain_graph") is options.get("create_graph") is None for options in asked)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: r1_by_differences(smooth, normal(2, 5).bfloat16()), "real must be float32 or float64, got .*bfloat16"),
        (lambda: r1_by_differences(smooth, normal(2, 5), 0.0), "step must be a finite number above 0"),
        (lambda: r2_by_differences(smooth, normal(2, 5), 0.1, normal(2, 4)), "directions must have the shape of"),
        (lambda: r2_by_differences(lambda x: [], normal(2, 5)), "at least one score map, got an empty list"),
        (lambda: r2_by_differences(lambda x: x.detach()[:, 0], normal(2, 5)), "operations that have a gradient"),
        (
            lambda: r1_by_differences(nn.Sequential(nn.Linear(5, 2), nn.Dropout(0.1)).double(), normal(2, 5)),
            "no random numbers inside, got a Dropout in training",
        ),
        (lambda: lazy_weight(1.0, 3, 0), "every must be at least 1, got 0"),
        (lambda: lazy_weight(1.0, -1, 2), "step must be at least 0"),
        (lambda: lazy_weight(-1.0, 0, 2), "weight must be a finite number of at least 0"),
    ],
)
def test_bad_input_is_refused(call, told):
    with pytest.raises(ValueError, match=told):
        call()


def test_dropout_that_is_off_is_no_hindrance():
    network = nn.Sequential(nn.Linear(5, 1), nn.Dropout(0.5)).double()
    assert r1_by_differences(network.eval(), normal(2, 5)).item() > 0
    assert r1_by_differences(nn.Sequential(nn.Linear(5, 1), nn.Dropout(0.0)).double(), normal(2, 5)).item() > 0


@pytest.mark.parametrize("every", [1, 3, 16])
def test_a_lazy_penalty_has_its_weight_on_average(every):
    weights = [lazy_weight(10.0, step, every) for step in range(2 * every)]
    assert sum(weights) / len(weights) == pytest.approx(10.0)
    assert [step for step, weight in enumerate(weights) if weight] == [0, every]


def test_the_penalties_of_an_author_keep_the_contract_with_exact_derivatives():
    check_penalty(lambda network, points: r1_penalty_per_sample(lambda x: [network(x)], points))
