"""Training on several processes: scores are gathered with their gradients, parameter gradients are summed.

Every process computes the loss of the whole batch from gathered scores, and only its own rows carry gradients. The sum
of the parameter gradients over the processes is then the gradient that one process with the whole batch would find,
also for losses that couple the samples of a batch.
"""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from equipoise.training.draw import Shard


def current_shard() -> Shard:
    """This process's place among all; `Shard(0, 1)` when torch.distributed is not in use."""
    if dist.is_available() and dist.is_initialized():
        return Shard(dist.get_rank(), dist.get_world_size())
    return Shard()


def gather(rows: Tensor) -> Tensor:
    """The rows of all processes in rank order, with the gradient of this process's own.

    Args:
        rows: [batch, ...], of one shape on every process.

    Returns: [processes * batch, ...]; `rows` itself when there is one process.
    """
    return gather_each(rows)[0]


def gather_each(*batches: Tensor) -> tuple[Tensor, ...]:
    """`gather` of several batches of one dtype in one message, because latency dominates small messages."""
    size = current_shard().size
    if size == 1:
        return batches
    found: Tensor = _Gather.apply(torch.cat([batch.reshape(-1) for batch in batches]))
    parts = found.split([batch.numel() for batch in batches], dim=1)
    return tuple(part.reshape(-1, *batch.shape[1:]) for part, batch in zip(parts, batches, strict=True))


class _Gather(torch.autograd.Function):
    """[entries] of every process as [processes, entries]."""

    @staticmethod
    def forward(context: Any, entries: Tensor) -> Tensor:
        parts = [torch.empty_like(entries) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, entries)
        return torch.stack(parts)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        return gradient[dist.get_rank()]


def sum_over_processes(gradient: Tensor) -> None:
    """Add up a vector of gradients over all processes, in place and in one message."""
    if current_shard().size > 1:
        dist.all_reduce(gradient)
