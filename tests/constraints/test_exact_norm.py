"""The exact norm against the singular values of a matrix unrolled with loops."""

import numpy as np
import pytest
import torch
from torch import nn

from equipoise.common.random import stream
from equipoise.constraints import exact_spectral_norm


def _normal(shape, purpose="weights"):
    return torch.randn(shape, generator=stream(3, purpose), dtype=torch.float64)


def _with_weight(layer):
    layer = layer.double()
    layer.weight.data = _normal(layer.weight.shape)
    return layer


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("kernel", [1, 3, 4])
@pytest.mark.parametrize("size", [(5, 6), (8, 8)])
def test_convolution_equals_unrolled_matrix(
    unrolled_convolution, largest_singular_value, kernel, padding, stride, size
):
    layer = _with_weight(nn.Conv2d(2, 3, kernel, stride, padding))
    matrix = unrolled_convolution(layer.weight.detach().numpy(), size, stride, padding)
    assert exact_spectral_norm(layer, size).item() == pytest.approx(largest_singular_value(matrix), rel=1e-12)


@pytest.mark.parametrize("stride", [1, 2])
def test_transposed_convolution_equals_the_transpose(unrolled_convolution, largest_singular_value, stride):
    layer = _with_weight(nn.ConvTranspose2d(3, 2, 4, stride, 1))
    out_size = (4 * stride + 2 - stride, 5 * stride + 2 - stride)
    matrix = unrolled_convolution(layer.weight.detach().numpy(), out_size, stride, 1)
    assert matrix.shape[0] == 3 * 4 * 5
    assert exact_spectral_norm(layer, (4, 5)).item() == pytest.approx(largest_singular_value(matrix), rel=1e-12)


@pytest.mark.parametrize(("kernel", "padding"), [(3, 1), (5, 2)])
def test_fourier_route_equals_unrolled_circular_matrix(unrolled_convolution, largest_singular_value, kernel, padding):
    layer = _with_weight(nn.Conv2d(3, 4, kernel, 1, padding, padding_mode="circular"))
    matrix = unrolled_convolution(layer.weight.detach().numpy(), (6, 7), 1, padding, circular=True)
    assert exact_spectral_norm(layer, (6, 7)).item() == pytest.approx(largest_singular_value(matrix), rel=1e-12)


def test_circular_padding_with_a_stride_takes_the_dense_route(unrolled_convolution, largest_singular_value):
    layer = _with_weight(nn.Conv2d(2, 3, 3, 2, 1, padding_mode="circular"))
    matrix = unrolled_convolution(layer.weight.detach().numpy(), (6, 6), 2, 1, circular=True)
    assert exact_spectral_norm(layer, (6, 6)).item() == pytest.approx(largest_singular_value(matrix), rel=1e-12)


def test_lanczos_route_equals_unrolled_matrix(unrolled_convolution, largest_singular_value):
    layer = _with_weight(nn.Conv2d(8, 6, 3, 1, 1))
    matrix = unrolled_convolution(layer.weight.detach().numpy(), (12, 12), 1, 1)
    assert matrix.shape[1] > 1024, "the input must be too large for the dense route"
    assert exact_spectral_norm(layer, (12, 12)).item() == pytest.approx(largest_singular_value(matrix), rel=1e-11)


def test_lanczos_route_of_a_zero_kernel_is_zero():
    layer = nn.Conv2d(8, 6, 3, 1, 1)
    layer.weight.data.zero_()
    assert exact_spectral_norm(layer, (12, 12)).item() == 0.0


def test_same_padding_and_groups_equal_the_block_diagonal(unrolled_convolution, largest_singular_value):
    layer = _with_weight(nn.Conv2d(4, 6, 3, padding="same", groups=2))
    kernel = layer.weight.detach().numpy()
    blocks = [unrolled_convolution(part, (5, 5), 1, 1) for part in (kernel[:3], kernel[3:])]
    expected = max(largest_singular_value(block) for block in blocks)
    assert exact_spectral_norm(layer, (5, 5)).item() == pytest.approx(expected, rel=1e-12)


def test_linear_equals_numpy():
    layer = _with_weight(nn.Linear(7, 5))
    expected = np.linalg.norm(layer.weight.detach().numpy(), 2)
    assert exact_spectral_norm(layer).item() == pytest.approx(expected, rel=1e-13)


def test_a_convolution_without_its_size_is_refused():
    with pytest.raises(ValueError, match=r"input_size must be \(height, width\)"):
        exact_spectral_norm(nn.Conv2d(1, 1, 3))


def test_another_layer_is_refused():
    with pytest.raises(ValueError, match="layer must be a Linear, Conv2d or ConvTranspose2d, got ReLU"):
        exact_spectral_norm(nn.ReLU())
