"""The order of the real data: a function of (seed, epoch)."""

import torch
from torch import Tensor

from equipoise.common.random import stream


class Order:
    """Which items are in each batch: every pass over the data is a new permutation, cut into whole batches."""

    def __init__(self, count: int, batch_size: int, seed: int):
        """`count` items in batches of `batch_size`, which must not exceed it."""
        self._count, self._batch_size, self._seed = count, batch_size, seed
        self._epoch = -1
        self._permutation = torch.empty(0, dtype=torch.long)

    def batch(self, number: int) -> Tensor:
        """The indices of batch `number`, counted over all passes. Returns: [batch_size], int64, on the CPU."""
        epoch, place = divmod(number, self._count // self._batch_size)
        if epoch != self._epoch:
            self._permutation = permutation(self._count, self._seed, epoch)
            self._epoch = epoch
        return self._permutation[place * self._batch_size : (place + 1) * self._batch_size]


def permutation(count: int, seed: int, epoch: int) -> Tensor:
    """The items of one pass over the data, in their order: [count], int64, on the CPU."""
    return torch.randperm(count, generator=stream(seed, "order", epoch))
