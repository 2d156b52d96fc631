"""Noise that a separate thread draws ahead of time, for many plays at once, while the device works."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Place = tuple[str, Any]
"""A move's address, and what it asks for there."""
_MOST_PLAYS, _MOST_BYTES = 32, 4 << 20
"""Of a block: how many plays' noise is drawn and sent together, and how large it may become."""


@dataclass(frozen=True)
class _Block:
    """The noise of some plays in a row, from position `first` to before `end`, [plays, ...]; and that of the plays
    after them, which is being drawn.
    """

    first: int
    end: int
    drawn: Tensor
    coming: Future[Tensor]


class Ahead:
    """Keeps the noise of each place's next plays ready.

    Noise is a function of its address and always drawn on the CPU, so that it is the same on every device, whenever it
    is drawn, and however many plays' noise is drawn together. The thread makes no call to CUDA: while a graph is being
    recorded, no thread may make some of them.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "equipoise-noise")
        self._blocks: dict[Place, _Block] = {}

    def take(
        self, place: Place, position: int, draw: Callable[[int], Tensor], send: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """The noise of this position; it is ready if the previous position was taken last.

        Args:
            place: the same for every play of a move that asks for this.
            position: which of its plays.
            draw: makes the noise of any position, on the CPU.
            send: brings the noise of several plays, [plays, ...], to the device.
        """
        block = self._blocks.get(place)
        if block is None or not block.first <= position < block.end:
            block = self._blocks[place] = self._block(block, position, draw, send)
        return block.drawn[position - block.first]

    def _block(
        self, last: _Block | None, position: int, draw: Callable[[int], Tensor], send: Callable[[Tensor], Tensor]
    ) -> _Block:
        """The block that begins at this position: the one that is coming, or else a single play's noise."""
        goes_on = last is not None and position == last.end
        drawn = last.coming.result() if last is not None and goes_on else draw(position)[None]
        plays = max(1, min(_MOST_PLAYS, _MOST_BYTES // max(1, drawn[0].nbytes)))
        end = position + len(drawn)
        return _Block(position, end, send(drawn), self._thread.submit(_drawn, draw, end, plays))


def _drawn(draw: Callable[[int], Tensor], first: int, plays: int) -> Tensor:
    return torch.stack([draw(position) for position in range(first, first + plays)])
