"""3x3 convolutions by Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray 2016): a quarter of the products.

Each 4x4 tile of the result is A' [(G g G') * (B' d B)] A, with d the 6x6 tile of the input, g the kernel and * the
product of entries, summed over channels: 36 products of matrices, one for each entry. The tiles of some images at a
time are transformed, from one buffer to another and back, few enough that both stay in the cache. Sides that are no
multiple of 4 are filled up with zeros.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import prod

import torch
from torch import Tensor
from torch.nn import functional

from equipoise.kernels.borders import bordered

_TILE_BYTES = 5 << 20
_PRODUCT_COST, _TRANSFORM_COST, _KERNEL_COST, _MARGIN = 1.4, 65, 110, 1.05
"""Measured on one core, where 36 products of a direct convolution cost 1: a tile's products for each pair of channels,
its transforms for each channel, and the kernel of a pair. A gain below the margin is none."""
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
    """Whether this is a 3x3 convolution with stride and padding 1 that is large enough to gain from it.

    Of narrow maps the transforms cost what the products save, of few tiles the kernel's, and of small maps the borders.
    """
    same_size = (tuple(window), tuple(stride), tuple(padding)) == ((3, 3), (1, 1), (1, 1))
    height, width = maps.shape[2:]
    rows, columns = _counts(height, width)
    tiles, direct = len(maps) * rows * columns, len(maps) * height * width / 4
    cost = tiles * (_PRODUCT_COST + _TRANSFORM_COST * sum(1 / each for each in channels)) + _KERNEL_COST
    return same_size and _MARGIN * cost < direct


def convolve3x3(values: Tensor, kernel: Tensor) -> Tensor:
    """The 3x3 convolution with padding 1 and stride 1.

    Args:
        values: [batch, channels, height, width].
        kernel: [outputs, channels, 3, 3].

    Returns: [batch, outputs, height, width], channels last.
    """
    batch, (height, width) = len(values), values.shape[2:]
    rows, columns = _counts(height, width)
    turns, spectrum = _Turns(values), _kernel_spectrum(kernel)
    sides = batch, len(kernel), 4 * rows, 4 * columns
    maps = torch.empty(sides, dtype=values.dtype, device=values.device, memory_format=torch.channels_last)
    by_tile = maps.permute(0, 2, 3, 1).unflatten(2, (columns, 4)).unflatten(1, (rows, 4))
    for place, tiles in _tiles(values):
        spectra = _spectra(tiles, turns)
        found = torch.bmm(spectra, spectrum, out=turns.take(36, spectra.shape[1], len(kernel))).view(6, 6, -1)
        tile = _both_ways("output", found, turns).view(4, 4, len(tiles), rows, columns, -1)
        by_tile[place] = tile.permute(2, 3, 0, 4, 1, 5)
    if maps.shape[2:] == (height, width):
        return maps
    return maps[..., :height, :width].clone(memory_format=torch.channels_last)


def kernel_gradient3x3(values: Tensor, gradient: Tensor) -> Tensor:
    """The gradient of the kernel of `convolve3x3`, [outputs, channels, 3, 3], from that of the maps."""
    outputs, (rows, columns) = gradient.shape[1], _counts(*gradient.shape[2:])
    maps = gradient.permute(0, 2, 3, 1)
    if gradient.shape[2:] != (4 * rows, 4 * columns):
        maps = functional.pad(maps, (0, 0, 0, 4 * columns - maps.shape[2], 0, 4 * rows - maps.shape[1]))
    maps = maps.unflatten(2, (columns, 4)).unflatten(1, (rows, 4))
    total = values.new_zeros(36, values.shape[1], outputs)
    forth, back = _Turns(values), _Turns(values)
    for place, tiles in _tiles(values):
        entries = maps[place].permute(2, 4, 0, 1, 3, 5)
        slopes = _both_ways("output", back.copied(entries).view(4, 4, -1), back, adjoint=True)
        total.baddbmm_(_spectra(tiles, forth).mT, slopes.view(36, -1, outputs))
    found = _both_ways("kernel", total.view(6, 6, -1), _Turns(total), adjoint=True)
    return found.view(3, 3, values.shape[1], outputs).permute(3, 2, 0, 1)


class _Turns:
    """Two buffers that are written in turns: what is read lies in one of them, what is written in the other."""

    def __init__(self, like: Tensor):
        self._last, self._next = like.new_empty(0), like.new_empty(0)

    def take(self, *shape: int) -> Tensor:
        """The buffer that was not taken last, as this shape; it grows where it is too small."""
        size = prod(shape)
        self._last, self._next = self._next, self._last
        if len(self._last) < size:
            self._last = self._last.new_empty(size)
        return self._last[:size].view(shape)

    def copied(self, values: Tensor) -> Tensor:
        """The values in the next buffer."""
        return self.take(*values.shape).copy_(values)


def _counts(height: int, width: int) -> tuple[int, int]:
    """How many rows and columns of tiles cover the maps."""
    return -(-height // 4), -(-width // 4)


def _tiles(values: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Which images, and a view [images, rows, columns, 6, 6, channels] of them; the tiles overlap by two."""
    channels, height, width = values.shape[1:]
    rows, columns = _counts(height, width)
    images = max(1, _TILE_BYTES // (rows * columns * 36 * channels * values.element_size()))
    borders = (1, 4 * rows + 1 - height), (1, 4 * columns + 1 - width)
    for place, padded in bordered(values.permute(0, 2, 3, 1), images, *borders):
        image, row, column, channel = padded.stride()
        steps = (image, 4 * row, 4 * column, row, column, channel)
        yield place, padded.as_strided((len(padded), rows, columns, 6, 6, channels), steps)


def _spectra(tiles: Tensor, turns: _Turns) -> Tensor:
    """[images, rows, columns, 6, 6, channels] -> [36, images * rows * columns, channels]."""
    entries = turns.copied(tiles.permute(3, 4, 0, 1, 2, 5)).view(6, 6, -1)
    return _both_ways("input", entries, turns).view(36, -1, tiles.shape[-1])


def _kernel_spectrum(kernel: Tensor) -> Tensor:
    """[outputs, channels, 3, 3] -> [36, channels, outputs]."""
    entries = kernel.permute(2, 3, 1, 0).reshape(3, 3, -1)
    return _both_ways("kernel", entries, _Turns(kernel)).view(36, kernel.shape[1], -1)


def _both_ways(name: str, entries: Tensor, turns: _Turns, adjoint: bool = False) -> Tensor:
    """The matrix of that name, or its transpose, on the rows and on the columns of the first two dimensions."""
    matrix = _matrix(name, entries.dtype)
    matrix = matrix.T if adjoint else matrix
    size, (sides, length) = len(matrix), entries.shape[1:]
    rows = torch.mm(matrix, entries.flatten(1), out=turns.take(size, sides * length))
    columns = matrix.expand(size, *matrix.shape)
    return torch.bmm(columns, rows.view(size, sides, length), out=turns.take(size, size, length))


@lru_cache(maxsize=8)
def _matrix(name: str, dtype: torch.dtype) -> Tensor:
    return torch.tensor({"input": _INPUT, "kernel": _KERNEL, "output": _OUTPUT}[name], dtype=torch.float64).to(dtype)
