"""3x3 convolutions by Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray 2016): a quarter of the products.

Each 4x4 tile of the result is A' [(G g G') * (B' d B)] A, with d the 6x6 tile of the input, g the kernel and * the
product of entries, summed over channels: 36 products of matrices, one for each entry. The tiles of some images at a
time are transformed, few enough to stay in the cache. Sides that are no multiple of 4 are filled up with zeros.
"""

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

_TILE_BYTES = 1 << 22
_LEAST_CHANNELS, _LEAST_SIDE, _LEAST_TILES = 128, 8, 64
"""Measured on one core: with fewer channels the tiles' transforms cost what the products save, with fewer tiles the
kernel's, and on 4x4 maps the borders."""
_INPUT = (
    (4, 0, -5, 0, 1, 0),
    (0, -4, -4, 1, 1, 0),
    (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0),
    (0, 2, -1, -2, 1, 0),
    (0, 4, 0, -5, 0, 1),
)
_KERNEL = (
    (1 / 4, 0, 0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0, 0, 1),
)
_OUTPUT = ((1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1))


def gains(
    maps: Tensor, channels: Sequence[int], window: Sequence[int], stride: Sequence[int], padding: Sequence[int]
) -> bool:
    """Whether this is a 3x3 convolution with stride and padding 1 that is large enough to be faster so."""
    same_size = (tuple(window), tuple(stride), tuple(padding)) == ((3, 3), (1, 1), (1, 1))
    height, width = maps.shape[2:]
    enough = min(channels) >= _LEAST_CHANNELS and min(height, width) >= _LEAST_SIDE
    return same_size and enough and len(maps) * height * width >= _LEAST_TILES * 16


def convolve3x3(values: Tensor, kernel: Tensor) -> Tensor:
    """The 3x3 convolution with padding 1 and stride 1.

    Args:
        values: [batch, channels, height, width].
        kernel: [outputs, channels, 3, 3].

    Returns: [batch, outputs, height, width], channels last.
    """
    height, width = values.shape[2:]
    spectrum = _transform("kernel", values.dtype) @ kernel.permute(2, 3, 1, 0).reshape(9, -1)
    spectrum = spectrum.view(36, kernel.shape[1], kernel.shape[0])
    tiles = _tiles(values)
    rows, columns = tiles.shape[1:3]
    maps = values.new_empty(len(values), rows, 4, columns, 4, len(kernel))
    for some, out in zip(tiles.split(_images(tiles)), maps.split(_images(tiles)), strict=True):
        found = torch.bmm(_spectra(some, "input"), spectrum)
        tile = _transform("output", values.dtype) @ found.flatten(1)
        out.copy_(tile.view(4, 4, len(some), rows, columns, -1).permute(2, 3, 0, 4, 1, 5))
    return maps.view(len(values), 4 * rows, 4 * columns, -1)[:, :height, :width].permute(0, 3, 1, 2)


def kernel_gradient3x3(values: Tensor, gradient: Tensor) -> Tensor:
    """The gradient of the kernel of `convolve3x3`, [outputs, channels, 3, 3], from that of the maps."""
    tiles = _tiles(values)
    rows, columns = tiles.shape[1:3]
    pads = (0, 0, 0, 4 * columns - gradient.shape[3], 0, 4 * rows - gradient.shape[2])
    maps = functional.pad(gradient.permute(0, 2, 3, 1), pads).unflatten(2, (columns, 4)).unflatten(1, (rows, 4))
    total = values.new_zeros(36, values.shape[1], gradient.shape[1])
    for some, same in zip(tiles.split(_images(tiles)), maps.split(_images(tiles)), strict=True):
        entries = same.permute(2, 4, 0, 1, 3, 5).reshape(16, -1)
        spectra = (_transform("output", values.dtype).T @ entries).view(36, -1, gradient.shape[1])
        total.baddbmm_(_spectra(some, "input").mT, spectra)
    found = _transform("kernel", values.dtype).T @ total.flatten(1)
    return found.view(3, 3, values.shape[1], -1).permute(3, 2, 0, 1)


def _tiles(values: Tensor) -> Tensor:
    """A view [batch, rows, columns, 6, 6, channels] of the padded maps, tiles overlapping by two."""
    batch, channels, height, width = values.shape
    rows, columns = -(-height // 4), -(-width // 4)
    pads = (0, 0, 1, 4 * columns + 1 - width, 1, 4 * rows + 1 - height)
    padded = functional.pad(values.permute(0, 2, 3, 1), pads).contiguous()
    image, row, column, channel = padded.stride()
    return padded.as_strided((batch, rows, columns, 6, 6, channels), (image, 4 * row, 4 * column, row, column, channel))


def _images(tiles: Tensor) -> int:
    """How many images are transformed at a time."""
    return max(1, _TILE_BYTES // (tiles[0].numel() * tiles.element_size()))


def _spectra(tiles: Tensor, name: str) -> Tensor:
    """[images, rows, columns, 6, 6, channels] -> [36, images * rows * columns, channels]."""
    entries = tiles.permute(3, 4, 0, 1, 2, 5).reshape(36, -1)
    return (_transform(name, tiles.dtype) @ entries).view(36, -1, tiles.shape[-1])


@lru_cache(maxsize=8)
def _transform(name: str, dtype: torch.dtype) -> Tensor:
    """A matrix on rows and columns at once."""
    matrix = torch.tensor({"input": _INPUT, "kernel": _KERNEL, "output": _OUTPUT}[name], dtype=torch.float64)
    return torch.kron(matrix, matrix).to(dtype)
