"""The newest samples of a training, until they are looked at."""

from collections import deque

import torch
from torch import Tensor


class Newest:
    """Keeps the newest `count` samples, however many come at once; no copy is made before they are taken."""

    def __init__(self, count: int):
        self._count = count
        self._batches: deque[Tensor] = deque()

    def keep(self, samples: Tensor) -> None:
        """Keep samples [count, ...]; older ones that are no longer needed go."""
        self._batches.append(samples.detach())
        while sum(map(len, self._batches)) - len(self._batches[0]) >= self._count:
            self._batches.popleft()

    def take(self) -> Tensor | None:
        """The newest `count` samples, then none; None where there are fewer, which stay."""
        if sum(map(len, self._batches)) < self._count:
            return None
        found = torch.cat(tuple(self._batches))[-self._count :]
        self.clear()
        return found

    def clear(self) -> None:
        """Drop them."""
        self._batches.clear()
