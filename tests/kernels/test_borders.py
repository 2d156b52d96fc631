"""Maps within zeros, some images at a time: every block is what torch's padding makes of it."""

import pytest
import torch
from torch.nn import functional

from equipoise.common.random import stream
from equipoise.kernels.borders import bordered


@pytest.mark.parametrize("images", [1, 2, 3, 5, 9])
@pytest.mark.parametrize(("rows", "columns"), [((1, 1), (1, 1)), ((0, 3), (2, 0)), ((0, 0), (0, 0))])
def test_blocks_are_padded_maps(images, rows, columns):
    maps = torch.randn(5, 3, 4, 2, generator=stream(0, "maps"))
    expected = functional.pad(maps, (0, 0, *columns, *rows))
    places = []
    for place, padded in bordered(maps, images, rows, columns):
        assert torch.equal(padded, expected[place])
        assert padded.is_contiguous()
        places += range(5)[place]
    assert places == list(range(5))
