"""The exact spectral norm of a layer, for tests and for diagnostics; too slow for a training loop."""

import math

import torch
from torch import Tensor, nn

from equipoise.common.random import stream
from equipoise.constraints.linear_maps import (
    LinearMap,
    check_initialised,
    layer_map,
    layer_vector_shape,
    map_and_transpose,
)

_LARGEST_DENSE_SIDE = 1024
_MOST_STEPS = 500
_RESIDUAL = 1e-8


@torch.no_grad()
def exact_spectral_norm(layer: nn.Module, input_size: tuple[int, int] | None = None) -> Tensor:
    """The largest singular value of the layer as it is used, after any normalisation: 0-dimensional, float64.

    A linear layer: the singular values of its weight. A circular convolution of stride one that keeps its size: the
    Fourier transform makes it a product of small matrices (Sedghi et al. 2019, Theorem 6). Any other convolution: the
    singular values of its dense matrix where the input has at most 1024 entries, else the Lanczos method in float64.

    Args:
        layer: Linear, Conv2d or ConvTranspose2d.
        input_size: (height, width) of a convolution's input.
    """
    check_initialised(layer)
    shape = layer_vector_shape(layer, input_size)
    assert isinstance(layer.weight, Tensor)
    weight = layer.weight.detach().double()
    if isinstance(layer, nn.Linear):
        return _largest_singular_value(weight)
    apply = layer_map(layer)
    if isinstance(layer, nn.Conv2d) and _is_circular_filter(layer, apply, weight, shape):
        return _fourier_norm(weight, shape[-2:], layer.dilation)
    if math.prod(shape) <= _LARGEST_DENSE_SIDE:
        return _largest_singular_value(dense_matrix(apply, weight, shape))
    return _lanczos_norm(apply, weight, shape)


def dense_matrix(apply: LinearMap, weight: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The matrix of the map, [outputs, inputs], from the images of all unit vectors."""
    entries = math.prod(shape)
    units = torch.eye(entries, dtype=weight.dtype, device=weight.device).reshape(entries, *shape[1:])
    return apply(weight, units).flatten(1).T


def _is_circular_filter(layer: nn.Conv2d, apply: LinearMap, weight: Tensor, shape: tuple[int, ...]) -> bool:
    keeps_size = apply(weight, weight.new_zeros(shape)).shape[-2:] == shape[-2:]
    reach = [d * (k - 1) for d, k in zip(layer.dilation, layer.kernel_size, strict=True)]
    fits = reach[0] < shape[-2] and reach[1] < shape[-1]
    plain = set(layer.stride) == {1} and layer.groups == 1
    return layer.padding_mode == "circular" and plain and keeps_size and fits


def _fourier_norm(weight: Tensor, size: tuple[int, ...], dilation: tuple[int, ...]) -> Tensor:
    out_channels, in_channels, height, width = weight.shape
    padded = weight.new_zeros(out_channels, in_channels, *size)
    rows = torch.arange(height, device=weight.device) * dilation[0]
    columns = torch.arange(width, device=weight.device) * dilation[1]
    padded[:, :, rows[:, None], columns[None, :]] = weight
    spectra = torch.fft.fft2(padded).permute(2, 3, 0, 1)
    return _largest_singular_value(spectra)


def _largest_singular_value(matrices: Tensor) -> Tensor:
    values: Tensor = torch.linalg.svdvals(matrices)
    return values.max()


def _lanczos_norm(apply: LinearMap, weight: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The largest eigenvalue of A'A from a Krylov space, kept orthogonal, until its residual is below 1e-8 of it."""
    start = torch.randn(shape, generator=stream(0, "exact spectral norm"), dtype=torch.float64).to(weight.device)
    basis = [start.flatten() / torch.linalg.vector_norm(start)]
    diagonal: list[Tensor] = []
    below: list[Tensor] = []
    for _ in range(min(start.numel(), _MOST_STEPS)):
        image, transpose = map_and_transpose(apply, weight, basis[-1].reshape(shape))
        following = transpose(image).flatten()
        diagonal.append(following @ basis[-1])
        spanned = torch.stack(basis)
        for _ in range(2):
            following = following - (spanned @ following) @ spanned
        below.append(torch.linalg.vector_norm(following))
        values, vectors = torch.linalg.eigh(_tridiagonal(diagonal, below[:-1]))
        if below[-1] * vectors[-1, -1].abs() <= _RESIDUAL * values[-1]:
            break
        basis.append(following / below[-1])
    largest: Tensor = values[-1]
    return largest.clamp_min(0).sqrt()


def _tridiagonal(diagonal: list[Tensor], beside: list[Tensor]) -> Tensor:
    matrix = torch.diag(torch.stack(diagonal))
    for row, value in enumerate(beside):
        matrix[row, row + 1] = matrix[row + 1, row] = value
    return matrix
