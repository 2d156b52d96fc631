"""The MMD losses of small batches: one Gram matrix of both sides, so that few operations remain.

With z the real features above the generated ones, every loss is sum_ij W_ij k(||z_i - z_j||^2) with fixed symmetric
weights W, and its gradient is 4 sum_j W_ij k'(||z_i - z_j||^2) (z_i - z_j). Sides that lie far apart are centred each
by itself, so that distances within a side keep their digits.
"""

import math
from functools import cache, lru_cache
from typing import NamedTuple

import torch

from equipoise.common.checks import is_readable
from equipoise.losses.distances import without_rounding
from equipoise.losses.kernels import ClosedFormKernel
from equipoise.losses.terms import Sides, Term

LARGEST_BATCH = 128
"""Beyond it, the blocks of the matrix that no term asks for cost more than the operations that it saves."""
_NARROW = 1 / 16
"""The mean square of a side about its mean, beside a quarter of the squared gap, below which it is narrow."""


class Blocks(NamedTuple):
    """[2 batch, 2 batch] each: the weights, and the limits of the squared distances, where there are any; and ones.

    `averages`, [2, 2 batch], takes the mean of all samples, and the real samples' mean less that of the fakes.
    """

    ones: torch.Tensor
    averages: torch.Tensor
    weights: torch.Tensor
    lowest: torch.Tensor | None
    highest: torch.Tensor | None


class Gap(NamedTuple):
    """Between sides that lie far apart, each less its own mean: the difference of the means, [features].

    `squares`, [2 batch], are those of all samples less their common mean: equal for samples that coincide.
    """

    vector: torch.Tensor
    squares: torch.Tensor


def value_and_gradients(
    sides: Sides, kernel: ClosedFormKernel, terms: tuple[Term, ...], unbiased: bool, with_gradients: bool
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """The weighted sum over all pairs, and its gradient [2, batch, features] where asked for."""
    count = sides[0].shape[0]
    blocks = _blocks(sides[0], terms, unbiased)
    rows, squares, gap = _centred(sides, blocks)
    distances = (squares[:, None] + squares).addmm_(rows, rows.mT, alpha=-2)
    if gap is not None:
        _add_gap(distances, rows, gap)
    distances = without_rounding(distances, squares[:, None], squares, rows.shape[1] if kernel.is_steep else None)
    distances.fill_diagonal_(0)
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
    if gap is not None:
        across = forces[:count, count:].sum(dim=1), -forces[count:, :count].sum(dim=1)
        gradients.addr_(torch.cat(across), gap.vector, alpha=4)
    return total, gradients.view(2, count, -1)


def _centred(sides: Sides, blocks: Blocks) -> tuple[torch.Tensor, torch.Tensor, Gap | None]:
    """The rows [2 batch, features] less a common mean, and their squares; or less each side's mean, with the gap.

    Rows of a side that is narrow beside its distance from the other would lose their digits to a common mean. Where
    no number can be read, the gap counts however narrow it is.
    """
    rows = torch.cat(sides)
    averages = blocks.averages.mm(rows)
    common, gap = rows - averages[0], averages[1]
    squares = torch.linalg.vecdot(common, common)
    if is_readable(rows):
        mean, difference = blocks.averages.mv(squares).tolist()
        narrower, apart = mean - abs(difference) / 2, gap.dot(gap).item() / 4
        if narrower - apart >= _NARROW * apart:
            return common, squares, None
    by_side = rows.view(2, len(sides[0]), -1)
    means = by_side.mean(dim=1, keepdim=True)
    own = (by_side - means).flatten(0, 1)
    return own, torch.linalg.vecdot(own, own), Gap((means[0] - means[1])[0], squares)


def _add_gap(distances: torch.Tensor, rows: torch.Tensor, gap: Gap) -> None:
    """Makes squared distances of rows without their side's mean those of the samples, where these are of two sides."""
    count = len(rows) // 2
    along, (real, fake) = rows.mv(gap.vector), gap.squares.split(count)
    apart = (along[:count, None] - along[count:]).mul_(2).add_(gap.vector.dot(gap.vector))
    across = without_rounding(apart.add_(distances[:count, count:]), real[:, None], fake, rows.shape[1])
    distances[:count, count:], distances[count:, :count] = across, across.mT


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
    averages = torch.full((2, 2 * count), 0.5 / count, dtype=dtype, device=device)
    averages[1, :count].fill_(1 / count)
    averages[1, count:].fill_(-1 / count)
    return Blocks(torch.ones(2 * count, dtype=dtype, device=device), averages, weights.view(square), *limits)


_lasting_blocks, _recent_blocks = cache(_new_blocks), lru_cache(maxsize=16)(_new_blocks)
