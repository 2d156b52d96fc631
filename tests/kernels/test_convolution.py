"""Convolutions by faster routes: the same values and derivatives as torch's, and no needless work."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from equipoise.common.random import stream
from equipoise.constraints import gradient_penalty
from equipoise.kernels import fast_convolutions as routes
from equipoise.kernels import patches, winograd
from equipoise.kernels.fast_convolutions import FastConvolutions, fast_convolutions
from equipoise.kernels.patches import kernel_gradient

LEAST_CHANNELS = routes._LEAST_CHANNELS
WINDOWS = [(3, 1, 1, (5, 6)), (4, 2, 1, (6, 6)), (4, 2, 1, (7, 5)), (1, 1, 0, (4, 3)), (5, 2, 2, (7, 7))]


@pytest.fixture(autouse=True)
def narrow_maps_gain(monkeypatch):
    """As if they did: these tests are of small layers."""
    monkeypatch.setattr(routes, "_LEAST_CHANNELS", 32)


def drawn(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(shape, generator=stream(0, "values"), dtype=torch.float64).to(dtype)


def derivatives(convolve: Callable[[], Tensor], *inputs: Tensor) -> list[Tensor]:
    """The maps, their derivatives, and the derivatives of those."""
    maps = convolve()
    first = torch.autograd.grad((maps * maps.detach().cos()).sum(), inputs, create_graph=True)
    second = torch.autograd.grad(first[0].square().sum() + first[1].pow(3).sum(), inputs[:2])
    return [maps, *first, *second]


@pytest.mark.parametrize(("window", "stride", "padding", "side"), WINDOWS)
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-9), (torch.float32, 1e-4)])
def test_equal_to_torch(window, stride, padding, side, transposed, dtype, tolerance):
    values = drawn(3, 33, *side, dtype=dtype).requires_grad_()
    shape = (33, 34) if transposed else (34, 33)
    kernel = drawn(*shape, window, window, dtype=dtype).to(memory_format=torch.channels_last).requires_grad_()
    bias = drawn(34, dtype=dtype).requires_grad_()
    function = functional.conv_transpose2d if transposed else functional.conv2d

    def convolve() -> Tensor:
        return function(values, kernel, bias, stride, padding)

    expected = derivatives(convolve, values, kernel, bias)
    with FastConvolutions():
        found = derivatives(convolve, values, kernel, bias)
        assert "_Convolution" in type(convolve().grad_fn).__name__
    for ours, theirs in zip(found, expected, strict=True):
        limit = tolerance * float(theirs.detach().abs().max())
        torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=limit)


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-9), (torch.float32, 2e-4)])
def test_many_channels_are_filtered_minimally_and_equal_to_torch(monkeypatch, transposed, dtype, tolerance):
    monkeypatch.setattr(winograd, "_LEAST_TILES", 8)
    calls: list[int] = []
    original = winograd.convolve3x3
    monkeypatch.setattr(winograd, "convolve3x3", lambda *words: (calls.append(1), original(*words))[1])
    values = drawn(2, 128, 9, 8, dtype=dtype).requires_grad_()
    kernel = (drawn(128, 128, 3, 3, dtype=dtype) / 34).requires_grad_()
    bias = drawn(128, dtype=dtype).requires_grad_()
    function = functional.conv_transpose2d if transposed else functional.conv2d

    def convolve() -> Tensor:
        return function(values, kernel, bias, 1, 1)

    expected = derivatives(convolve, values, kernel, bias)
    with FastConvolutions():
        found = derivatives(convolve, values, kernel, bias)
    assert len(calls) >= 3
    for ours, theirs in zip(found, expected, strict=True):
        limit = tolerance * float(theirs.detach().abs().max())
        torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=limit)


@pytest.mark.parametrize("patch_bytes", [1, 1 << 14, 1 << 30])
def test_images_are_taken_in_any_number_at_a_time(monkeypatch, patch_bytes):
    monkeypatch.setattr(patches, "_PATCH_BYTES", patch_bytes)
    large, small = drawn(5, 3, 6, 6), drawn(5, 4, 3, 3)
    kernel = torch.zeros(4, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    out = (functional.conv2d(large, kernel, None, 2, 1) * small).sum()
    (expected,) = torch.autograd.grad(out, kernel)
    found = kernel_gradient(large, small, (4, 4), (2, 2), (1, 1))
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)
    assert found.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("wanted", ["values", "kernel", "both"])
def test_only_what_is_asked_for_is_computed(monkeypatch, wanted):
    """A gradient that passes through a player to another one needs none of its kernels."""
    calls: list[int] = []
    original = patches.kernel_gradient
    monkeypatch.setattr(patches, "kernel_gradient", lambda *words: (calls.append(1), original(*words))[1])
    values, kernel = drawn(2, 32, 4, 4).requires_grad_(), drawn(32, 32, 3, 3).requires_grad_()
    with FastConvolutions():
        loss = functional.conv2d(values, kernel, None, 1, 1).square().sum()
    asked = {"values": (values,), "kernel": (kernel,), "both": (values, kernel)}[wanted]
    torch.autograd.grad(loss, asked)
    assert len(calls) == (wanted != "values")


def test_a_penalty_sends_no_zeros_back(monkeypatch):
    """Behind a head that is torch's own convolution, whose second derivative leaves the gradient undefined."""
    calls: list[int] = []
    original = patches.kernel_gradient
    monkeypatch.setattr(patches, "kernel_gradient", lambda *words: (calls.append(1), original(*words))[1])
    network = nn.Sequential(nn.Conv2d(32, 32, 3), nn.ReLU(), nn.Conv2d(32, 32, 3), nn.ReLU(), nn.Conv2d(32, 1, 1))
    kernels = [value for name, value in network.double().named_parameters() if "weight" in name]
    points = drawn(2, 32, 6, 6)
    expected = torch.autograd.grad(gradient_penalty(network, points), kernels)
    with FastConvolutions():
        found = torch.autograd.grad(gradient_penalty(network, points), kernels)
    assert len(calls) == 2
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "options",
    [{"groups": 2}, {"dilation": 2}, {"padding": "same"}, {"channels": 8}],
)
def test_other_convolutions_are_torchs_own(options):
    options = dict(options)
    channels = options.pop("channels", 32)
    layer = nn.Conv2d(channels, channels, 3, **options).double()
    values = drawn(2, channels, 6, 6).requires_grad_()
    plain = layer(values)
    with FastConvolutions():
        maps = layer(values)
    assert torch.equal(maps, plain)
    assert type(maps.grad_fn) is type(plain.grad_fn)


@pytest.mark.parametrize("channels", [LEAST_CHANNELS - 1, LEAST_CHANNELS])
def test_narrow_convolutions_are_torchs_own(monkeypatch, channels):
    """Where the fast routes lose: on either side, as in the networks for pictures."""
    monkeypatch.setattr(routes, "_LEAST_CHANNELS", LEAST_CHANNELS)
    values, kernel = drawn(1, LEAST_CHANNELS, 2, 2), drawn(channels, LEAST_CHANNELS, 3, 3).requires_grad_()
    with FastConvolutions():
        maps = functional.conv2d(values, kernel, None, 1, 1)
    assert ("_Convolution" in type(maps.grad_fn).__name__) == (channels == LEAST_CHANNELS)


def test_a_frozen_transposed_convolution_adds_its_bias_afterwards():
    layer = nn.ConvTranspose2d(8, 4, 4, 2, 1).double().requires_grad_(False)
    values = drawn(2, 8, 3, 3)
    with FastConvolutions():
        maps = layer(values)
    torch.testing.assert_close(maps, layer(values), rtol=1e-9, atol=1e-9)


def test_networks_without_kernels_are_left_alone():
    with fast_convolutions(nn.Linear(3, 4).parameters()) as mode:
        assert mode is None
    with fast_convolutions(nn.Conv2d(3, 4, 3).parameters()) as mode:
        assert isinstance(mode, FastConvolutions)
