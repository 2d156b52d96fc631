"""Several processes, one result: scores are gathered with their gradients, parameter gradients are summed.

Every process computes the loss of the whole batch from gathered scores, and only its own rows carry gradients. The sum
of the parameter gradients over the processes is then the gradient that one process with the whole batch would find,
also for losses that couple the samples of a batch.
"""

from collections.abc import Sequence
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
    return rows if current_shard().size == 1 else _Gather.apply(rows)


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, rows: Tensor) -> Tensor:
        parts = [torch.empty_like(rows) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        return current_shard().of(gradient)


def sum_over_processes(gradients: Sequence[Tensor | None]) -> None:
    """Add up every gradient over all processes, in place, in one message per dtype."""
    if current_shard().size == 1:
        return
    present = [gradient for gradient in gradients if gradient is not None]
    for dtype in sorted({gradient.dtype for gradient in present}, key=str):
        group = [gradient for gradient in present if gradient.dtype == dtype]
        flat = torch.cat([gradient.reshape(-1) for gradient in group])
        dist.all_reduce(flat)
        for gradient, part in zip(group, flat.split([gradient.numel() for gradient in group]), strict=True):
            gradient.copy_(part.view_as(gradient))
