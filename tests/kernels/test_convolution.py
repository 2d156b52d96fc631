"""Convolutions by minimal filtering: the same values and derivatives as torch's, and no needless work."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from equipoise.common.random import stream
from equipoise.constraints import gradient_penalty
from equipoise.kernels import winograd
from equipoise.kernels.fast_convolutions import FastConvolutions, fast_convolutions


@pytest.fixture(autouse=True)
def small_maps_gain(monkeypatch):
    """As if transforms cost little: these tests are of small layers."""
    monkeypatch.setattr(winograd, "_TRANSFORM_COST", 1.6)
    monkeypatch.setattr(winograd, "_KERNEL_COST", 0)


@pytest.fixture
def kernel_gradients(monkeypatch) -> list[int]:
    """Grows by one at each."""
    calls: list[int] = []
    original = winograd.kernel_gradient3x3
    monkeypatch.setattr(winograd, "kernel_gradient3x3", lambda *words: (calls.append(1), original(*words))[1])
    return calls


def drawn(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(shape, generator=stream(0, "values"), dtype=torch.float64).to(dtype)


def derivatives(convolve: Callable[[], Tensor], *inputs: Tensor) -> list[Tensor]:
    """The maps, their derivatives, and the derivatives of those."""
    maps = convolve()
    first = torch.autograd.grad((maps * maps.detach().cos()).sum(), inputs, create_graph=True)
    second = torch.autograd.grad(first[0].square().sum() + first[1].pow(3).sum(), inputs[:2])
    return [maps, *first, *second]


@pytest.mark.parametrize("sides", [(5, 6), (8, 8), (9, 4)])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-9), (torch.float32, 1e-4)])
def test_equal_to_torch(sides, dtype, tolerance):
    values = drawn(3, 9, *sides, dtype=dtype).requires_grad_()
    kernel = drawn(10, 9, 3, 3, dtype=dtype).to(memory_format=torch.channels_last).requires_grad_()
    bias = drawn(10, dtype=dtype).requires_grad_()

    def convolve() -> Tensor:
        return functional.conv2d(values, kernel, bias, 1, 1)

    expected = derivatives(convolve, values, kernel, bias)
    with FastConvolutions():
        found = derivatives(convolve, values, kernel, bias)
    for ours, theirs in zip(found, expected, strict=True):
        limit = tolerance * float(theirs.detach().abs().max())
        torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=limit)


def test_derivatives_of_derivatives_are_filtered_minimally(monkeypatch, kernel_gradients):
    calls: list[int] = []
    original = winograd.convolve3x3
    monkeypatch.setattr(winograd, "convolve3x3", lambda *words: (calls.append(1), original(*words))[1])
    values, kernel, bias = drawn(2, 8, 4, 4).requires_grad_(), drawn(8, 8, 3, 3).requires_grad_(), drawn(8)
    with FastConvolutions():
        maps = functional.conv2d(values, kernel, bias, 1, 1)
        (slope,) = torch.autograd.grad(maps.square().sum(), values, create_graph=True)
        assert (len(calls), len(kernel_gradients)) == (2, 0)
        torch.autograd.grad(slope.square().sum(), kernel)
    assert (len(calls), len(kernel_gradients)) == (3, 2)


@pytest.mark.parametrize("wanted", ["values", "kernel", "both"])
def test_only_what_is_asked_for_is_computed(kernel_gradients, wanted):
    """A gradient that passes through a player to another one needs none of its kernels."""
    values, kernel = drawn(2, 8, 4, 4).requires_grad_(), drawn(8, 8, 3, 3).requires_grad_()
    with FastConvolutions():
        loss = functional.conv2d(values, kernel, None, 1, 1).square().sum()
    asked = {"values": (values,), "kernel": (kernel,), "both": (values, kernel)}[wanted]
    torch.autograd.grad(loss, asked)
    assert len(kernel_gradients) == (wanted != "values")


def test_a_penalty_sends_no_zeros_back(kernel_gradients):
    """Behind a head that is torch's own convolution, whose second derivative leaves the gradient undefined."""
    layers = (layer for _ in range(2) for layer in (nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()))
    network = nn.Sequential(*layers, nn.Conv2d(8, 1, 1))
    kernels = [value for name, value in network.double().named_parameters() if "weight" in name]
    points = drawn(2, 8, 6, 6)
    expected = torch.autograd.grad(gradient_penalty(network, points), kernels)
    with FastConvolutions():
        found = torch.autograd.grad(gradient_penalty(network, points), kernels)
    assert len(kernel_gradients) == 2
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "options",
    [{"groups": 2}, {"dilation": 2}, {"padding": "same"}, {"stride": 2}, {"padding": 0}, {"channels": 4}],
)
def test_other_convolutions_are_torchs_own(options):
    options = {"padding": 1} | options
    channels = options.pop("channels", 16)
    layer = nn.Conv2d(channels, channels, 3, **options).double()
    values = drawn(2, channels, 6, 6).requires_grad_()
    plain = layer(values)
    with FastConvolutions():
        maps = layer(values)
    assert torch.equal(maps, plain)
    assert type(maps.grad_fn) is type(plain.grad_fn)


@pytest.mark.parametrize("channels", [48, 64])
def test_narrow_convolutions_are_torchs_own(monkeypatch, channels):
    """Where minimal filtering loses: on either side."""
    monkeypatch.undo()
    values, kernel = drawn(16, 64, 32, 32).float(), drawn(channels, 64, 3, 3).float().requires_grad_()
    with FastConvolutions():
        maps = functional.conv2d(values, kernel, None, 1, 1)
    assert ("_Convolution" in type(maps.grad_fn).__name__) == (channels == 64)


def test_a_frozen_transposed_convolution_adds_its_bias_afterwards():
    layer = nn.ConvTranspose2d(8, 4, 4, 2, 1).double().requires_grad_(False)
    values = drawn(2, 8, 3, 3)
    with FastConvolutions():
        maps = layer(values)
    torch.testing.assert_close(maps, layer(values), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("sides", [(5, 6), (8, 8)])
def test_what_follows_may_write_over_the_maps(sides):
    values = drawn(3, 9, *sides).requires_grad_()
    kernel, bias = drawn(10, 9, 3, 3).requires_grad_(), drawn(10).requires_grad_()

    def rectified() -> Tensor:
        return functional.relu(functional.conv2d(values, kernel, bias, 1, 1), inplace=True)

    expected = derivatives(rectified, values, kernel, bias)
    with FastConvolutions():
        found = derivatives(rectified, values, kernel, bias)
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9 * float(theirs.detach().abs().max()))


def test_networks_without_kernels_are_left_alone():
    with fast_convolutions(nn.Linear(3, 4).parameters()) as mode:
        assert mode is None
    with fast_convolutions(nn.Conv2d(3, 4, 3).parameters()) as mode:
        assert isinstance(mode, FastConvolutions)
