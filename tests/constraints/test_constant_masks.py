"""The cheaper route equals plain double backward, and is cheaper."""

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from equipoise.common.random import stream
from equipoise.constraints import ConstantMasks, SpectralNorm, gradient_penalty, r1_penalty


class _Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first, self.second = nn.Conv2d(channels, channels, 3, 1, 1), nn.Conv2d(channels, channels, 3, 1, 1)

    def forward(self, features):
        return features + self.second(torch.relu(self.first(functional.relu(features))))


class _SoftPlus(nn.Module):
    """Smooth activations and a max-pool beside the rectifiers: the context must leave their curvature alone."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 4, 3, 1, 1), nn.Linear(4 * 16, 1)

    def forward(self, images):
        hidden = functional.max_pool2d(functional.leaky_relu(functional.softplus(self.first(images)) - 0.7), 2)
        return self.last(torch.tanh(hidden).flatten(1))


NETWORKS = {
    "convolutions with a map": lambda: nn.Sequential(
        nn.Conv2d(3, 6, 5, 2, 2),
        nn.LeakyReLU(0.2),
        nn.Conv2d(6, 8, 3, 1, 1),
        nn.ReLU(),
        nn.Conv2d(8, 1, 1),
        nn.Flatten(1, 2),
    ),
    "in place": lambda: nn.Sequential(
        nn.Conv2d(3, 6, 3),
        nn.ReLU(inplace=True),
        nn.Flatten(),
        nn.Linear(216, 9),
        nn.LeakyReLU(0.1, True),
        nn.Linear(9, 1),
    ),
    "residual sums and average pools": lambda: nn.Sequential(
        nn.Conv2d(3, 4, 3, 1, 1), _Residual(4), nn.AvgPool2d(2), _Residual(4), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3)
    ),
    "smooth activations": _SoftPlus,
    "deep": lambda: nn.Sequential(
        nn.Conv2d(3, 8, 1),
        *[part for _ in range(4) for part in (nn.Conv2d(8, 8, 3, 1, 1), nn.ReLU())],
        nn.Flatten(1, 2),
    ),
}


def _built(name):
    network = NETWORKS[name]().double()
    for position, parameter in enumerate(network.parameters()):
        values = torch.randn(parameter.shape, generator=stream(0, "weights", position), dtype=torch.float64)
        parameter.data = values / max(parameter[0].numel(), 1) ** 0.5
    return network


def _images(batch=4):
    return torch.randn(batch, 3, 8, 8, generator=stream(0, "images"), dtype=torch.float64)


def _plain_gradient_penalty(network, images):
    """Double backward as everybody writes it, without the context."""
    source = images.clone().requires_grad_()
    scores = network(source)
    scores = scores.mean(dim=(1, 2))[:, None] if scores.ndim == 3 else scores
    rows = [torch.autograd.grad(column.sum(), source, create_graph=True)[0].flatten(1) for column in scores.unbind(1)]
    return (torch.cat(rows, 1).norm(dim=1) - 1).square().mean()


def _parameter_gradients(penalty, network, images):
    values = torch.autograd.grad(penalty(network, images), list(network.parameters()), allow_unused=True)
    return [torch.zeros_like(p) if v is None else v for p, v in zip(network.parameters(), values, strict=True)]


@pytest.mark.parametrize("name", NETWORKS)
def test_equal_to_double_backward(name):
    network, images = _built(name), _images()
    assert gradient_penalty(network, images).item() == pytest.approx(
        _plain_gradient_penalty(network, images).item(), rel=1e-12
    )
    ours, plain = (_parameter_gradients(p, network, images) for p in (gradient_penalty, _plain_gradient_penalty))
    assert max(value.abs().max() for value in plain) > 1e-3
    for mine, theirs in zip(ours, plain, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-9)


def test_equal_to_double_backward_with_spectral_norm():
    network, images = _built("convolutions with a map"), _images()
    SpectralNorm("convolution", scale=1.5).attach(network, images, stream(0, "vectors"))
    ours, plain = (_parameter_gradients(p, network, images) for p in (gradient_penalty, _plain_gradient_penalty))
    for mine, theirs in zip(ours, plain, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("function", [functional.relu, torch.relu, torch.Tensor.relu, functional.leaky_relu])
def test_values_and_first_derivatives_are_the_rectifiers(function):
    values = torch.tensor([-2.0, -0.0, 0.0, 1e-30, 3.0, float("inf")], requires_grad=True)
    plain = function(values)
    with ConstantMasks():
        masked = function(values)
    finite = slice(0, 5)
    assert torch.equal(masked[finite], plain[finite])
    (a,) = torch.autograd.grad(plain.sum(), values)
    (b,) = torch.autograd.grad(masked.sum(), values)
    assert torch.equal(a, b)


def test_in_place_writes_in_place():
    values = torch.tensor([-1.0, 2.0])
    with ConstantMasks():
        functional.relu(values, inplace=True)
    assert values.tolist() == [0.0, 2.0]


def test_outside_the_context_the_rectifiers_are_torchs_own():
    with ConstantMasks():
        pass
    assert "Relu" in type(torch.relu(torch.ones(1, requires_grad=True)).grad_fn).__name__


class _OperationCount(TorchDispatchMode):
    total = 0

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        result = function(*arguments, **(keywords or {}))
        cost = flop_registry.get(function._overloadpacket)
        self.total += cost(*arguments, **(keywords or {}), out_val=result) if cost else 0
        return result


@pytest.mark.parametrize("penalty", [gradient_penalty, r1_penalty])
def test_a_third_of_the_operations_is_saved(penalty):
    """Six passes of the network's cost with double backward, four with constant masks."""
    network, images = _built("deep"), _images()
    with _OperationCount() as ours:
        _parameter_gradients(penalty, network, images)
    with _OperationCount() as plain:
        _parameter_gradients(_plain_gradient_penalty, network, images)
    assert plain.total / ours.total > 1.4


@pytest.mark.parametrize(
    "pooling", [(2,), (2, 2), ((2, 3),), (3, 2), (2, 2, 1), (3, 3, 1, True, False), (2, 1)], ids=str
)
def test_mean_pooling_and_the_penalty_behind_it_stay_the_same(pooling):
    network = nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1),
        nn.AvgPool2d(*pooling),
        nn.ReLU(),
        nn.Conv2d(3, 2, 2),
        nn.Flatten(1),
        nn.LazyLinear(1),
    ).double()
    images = torch.rand(3, 2, 6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    plain = network(images)
    with ConstantMasks():
        torch.testing.assert_close(network(images), plain, rtol=1e-12, atol=1e-14)
    points = images.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(network(points).sum(), points, create_graph=True)
    reference = (gradient.flatten(1).norm(dim=1) - 1).square().mean()
    weights = [weight for name, weight in network.named_parameters() if "weight" in name]
    expected = torch.autograd.grad(reference, weights)
    for mine, other in zip(torch.autograd.grad(gradient_penalty(network, images), weights), expected, strict=True):
        assert other.abs().sum() > 0
        torch.testing.assert_close(mine, other, rtol=1e-9, atol=1e-12)


def test_pooled_penalties_take_four_passes():
    network = nn.Sequential(
        nn.Conv2d(2, 8, 3, padding=1), nn.AvgPool2d(2), nn.ReLU(), nn.Conv2d(8, 1, 4), nn.Flatten(0)
    )
    images = torch.rand(2, 2, 8, 8, generator=torch.Generator().manual_seed(0))
    weights = [weight for name, weight in network.named_parameters() if "weight" in name]
    with _OperationCount() as forward:
        network(images)
    with _OperationCount() as penalty:
        torch.autograd.grad(gradient_penalty(network, images), weights)
    assert 0 < penalty.total <= 4 * forward.total
