"""Minimal filtering: the 3x3 convolution and its kernel's gradient, whatever the sides and the images at a time."""

import pytest
import torch
from torch.nn import functional

from equipoise.common.random import stream
from equipoise.kernels import winograd


@pytest.mark.parametrize("tile_bytes", [1, 1 << 15, 1 << 22])
@pytest.mark.parametrize("sides", [(8, 8), (4, 12), (7, 9), (1, 2)])
@pytest.mark.parametrize("outputs", [4, 7])
def test_equal_to_torch(monkeypatch, sides, tile_bytes, outputs):
    monkeypatch.setattr(winograd, "_TILE_BYTES", tile_bytes)
    noise = stream(0, "values")
    values, kernel, gradient = (
        torch.randn(shape, generator=noise, dtype=torch.float64)
        for shape in ((3, 5, *sides), (outputs, 5, 3, 3), (3, outputs, *sides))
    )
    kernel.requires_grad_()
    maps = functional.conv2d(values, kernel, None, 1, 1)
    (expected,) = torch.autograd.grad(maps, kernel, gradient)
    found = winograd.convolve3x3(values, kernel.detach())
    torch.testing.assert_close(found, maps.detach(), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(winograd.kernel_gradient3x3(values, gradient), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("batch", "side", "channels", "window", "stride", "padding", "gains"),
    [
        (16, 16, (128, 128), (3, 3), (1, 1), (1, 1), True),
        (1, 16, (128, 128), (3, 3), (1, 1), (1, 1), False),
        (32, 16, (64, 64), (3, 3), (1, 1), (1, 1), True),
        (32, 16, (32, 64), (3, 3), (1, 1), (1, 1), False),
        (128, 4, (128, 128), (3, 3), (1, 1), (1, 1), True),
        (128, 5, (128, 128), (3, 3), (1, 1), (1, 1), False),
        (16, 16, (128, 128), (4, 4), (1, 1), (1, 1), False),
        (16, 16, (128, 128), (3, 3), (2, 2), (1, 1), False),
        (16, 16, (128, 128), (3, 3), (1, 1), (0, 0), False),
    ],
)
def test_the_rule(batch, side, channels, window, stride, padding, gains):
    maps = torch.empty(batch, channels[1], side, side)
    assert winograd.gains(maps, channels, window, stride, padding) == gains
