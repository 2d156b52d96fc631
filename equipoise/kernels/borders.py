"""Pads a few images at a time with zeros, in one buffer that is cleared once and stays in the CPU's cache."""

from collections.abc import Iterator

from torch import Tensor

Pair = tuple[int, int]
"""Of the height and of the width."""


def bordered(maps: Tensor, images: int, rows: Pair, columns: Pair) -> Iterator[tuple[slice, Tensor]]:
    """Iterate over the batch, this many images at a time.

    Args:
        maps: [batch, height, width, channels].
        images: at a time, at least 1.
        rows: how many rows of zeros come before and after.
        columns: likewise.

    Yields: which images, and these with their zeros, [images or fewer, height + rows, width + columns, channels],
        contiguous; valid until the next are asked for.
    """
    batch, height, width, channels = maps.shape
    room = maps.new_zeros(min(images, batch), height + sum(rows), width + sum(columns), channels)
    inside = room[:, rows[0] : rows[0] + height, columns[0] : columns[0] + width]
    for start in range(0, batch, images):
        place = slice(start, min(start + images, batch))
        some = place.stop - start
        inside[:some].copy_(maps[place])
        yield place, room[:some]
