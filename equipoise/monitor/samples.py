"""The newest samples of a training, until they are measured."""

from collections import deque

import torch
from torch import Tensor

from equipoise.common.checks import described


class Newest:
    """Keeps the newest `count` samples, in batches of any size; they are copied only when they are taken.

    Args:
        count: how many.
        width: how many numbers each sample holds.
    """

    def __init__(self, count: int, width: int):
        self._count, self._width = count, width
        self._batches: deque[Tensor] = deque()

    def keep(self, samples: Tensor) -> None:
        """Add samples [count, ...]; older ones that are no longer needed are dropped."""
        if not isinstance(samples, Tensor) or samples.ndim < 2 or samples[:1].numel() not in (0, self._width):
            wanted = f"samples must be a tensor [count, ...] of {self._width} numbers each, as the real items are"
            raise ValueError(f"{wanted}, got {described(samples)}.")
        self._batches.append(samples.detach())
        while sum(map(len, self._batches)) - len(self._batches[0]) >= self._count:
            self._batches.popleft()

    def take(self) -> Tensor | None:
        """Take out the newest `count` samples; None if there are fewer, which are kept, or if not all are finite."""
        if sum(map(len, self._batches)) < self._count:
            return None
        found = torch.cat(tuple(self._batches))[-self._count :]
        self.clear()
        return found if bool(torch.isfinite(found).all()) else None

    def clear(self) -> None:
        """Drop them."""
        self._batches.clear()
