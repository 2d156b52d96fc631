"""The MMD losses of small batches: one Gram matrix of both sides, so that few operations remain.

With z the real features above the generated ones, every loss is sum_ij W_ij k(||z_i - z_j||^2) with fixed symmetric
weights W, and its gradient is 4 sum_j W_ij k'(||z_i - z_j||^2) (z_i - z_j).
"""

import math
from functools import cache, lru_cache
from typing import NamedTuple

import torch

from equipoise.losses.kernels import ClosedFormKernel
from equipoise.losses.terms import Sides, Term

LARGEST_BATCH = 128
"""Beyond it, the blocks of the matrix that no term asks for cost more than the operations that it saves."""


class Blocks(NamedTuple):
    """[2 batch, 2 batch] each: the weights, and the limits of the squared distances, where there are any; and ones."""

    ones: torch.Tensor
    weights: torch.Tensor
    lowest: torch.Tensor | None
    highest: torch.Tensor | None


def value_and_gradients(
    sides: Sides, kernel: ClosedFormKernel, terms: tuple[Term, ...], unbiased: bool, with_gradients: bool
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """The weighted sum over all pairs, and its gradient [2, batch, features] where asked for."""
    count = sides[0].shape[0]
    blocks = _blocks(sides[0], terms, unbiased)
    rows = torch.cat(sides)
    rows -= rows.mean(dim=0)
    squares = torch.linalg.vecdot(rows, rows)
    distances = (squares[:, None] + squares).addmm_(rows, rows.mT, alpha=-2).clamp_(min=0).fill_diagonal_(0)
    limited = distances if blocks.lowest is None else distances.clamp(blocks.lowest, blocks.highest)
    values, forces = kernel.with_slope(limited)
    total = values.view(-1).dot(blocks.weights.view(-1))
    if not with_gradients:
        return total, None
    forces.mul_(blocks.weights)
    if blocks.lowest is not None:
        forces.masked_fill_(limited != distances, 0)
    sums = forces.mv(blocks.ones)
    gradients = torch.addmm(sums[:, None] * rows, forces, rows, beta=4, alpha=-4)
    return total, gradients.view(2, count, -1)


def _blocks(side: torch.Tensor, terms: tuple[Term, ...], unbiased: bool) -> Blocks:
    """The blocks for sides like this one, made or found again.

    On a GPU they are kept for good: a CUDA graph that was recorded with them reads their memory when it is replayed.
    Of a subclass of tensors, as while a program is traced, they are not for others.
    """
    wanted = terms, len(side), unbiased, side.dtype, side.device
    if type(side) is not torch.Tensor:
        return _new_blocks(*wanted)
    return _lasting_blocks(*wanted) if side.device.type == "cuda" else _recent_blocks(*wanted)


def _new_blocks(
    terms: tuple[Term, ...], count: int, unbiased: bool, dtype: torch.dtype, device: torch.device
) -> Blocks:
    shape = (2, count, 2, count)
    weights, lowest, highest = (torch.full(shape, value, dtype=dtype, device=device) for value in (0.0, 0.0, math.inf))
    counted = torch.ones(count, count, dtype=dtype, device=device)
    if unbiased:
        counted.fill_diagonal_(0)
    for term in terms:
        for left, right in ((term.left, term.right), (term.right, term.left)):
            weights[left, :, right] += counted * (term.weight / counted.sum() / 2)
            lowest[left, :, right], highest[left, :, right] = term.lowest, term.highest
    square = (2 * count, 2 * count)
    limited = any(term.lowest > 0 or term.highest < math.inf for term in terms)
    limits = [limit.view(square) if limited else None for limit in (lowest, highest)]
    return Blocks(torch.ones(2 * count, dtype=dtype, device=device), weights.view(square), *limits)


_lasting_blocks, _recent_blocks = cache(_new_blocks), lru_cache(maxsize=16)(_new_blocks)
