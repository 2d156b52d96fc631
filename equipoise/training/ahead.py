"""Noise that a separate thread draws ahead of time, while the device works."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from torch import Tensor

Place = tuple[str, Any]
"""A move's address, and what it asks for there."""


class Ahead:
    """Keeps the noise of each place's next play ready.

    Noise is a function of its address and always drawn on the CPU, so that it is the same on every device, whenever it
    is drawn. The thread makes no call to CUDA: while a graph is being recorded, no thread may make some of them.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "equipoise-noise")
        self._coming: dict[Place, tuple[int, Future[Tensor]]] = {}

    def take(self, place: Place, position: int, draw: Callable[[int], Tensor]) -> Tensor:
        """The noise of this position; it is ready if the previous position was taken last.

        Args:
            place: the same for every play of a move that asks for this.
            position: which of its plays.
            draw: makes the noise of any position, on the CPU.
        """
        expected, coming = self._coming.pop(place, (None, None))
        noise = coming.result() if coming is not None and expected == position else draw(position)
        self._coming[place] = position + 1, self._thread.submit(draw, position + 1)
        return noise
