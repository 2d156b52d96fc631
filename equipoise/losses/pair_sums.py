"""The fast path of the MMD losses: value and gradient together, in closed form.

It computes what `terms.py` writes down plainly, for kernels that know their slope k' by the squared distance:
one batched matrix product for the distances, another for the gradient (or, for small batches, see `gram.py`)
d/da_i sum_j w k(||a_i - b_j||^2) = 2 sum_j w k'(||a_i - b_j||^2) (a_i - b_j).
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from equipoise.common.checks import check_no_nan, check_scores, described, transforms_are_active
from equipoise.losses import gram
from equipoise.losses.distances import in_one_type, without_rounding
from equipoise.losses.kernels import ClosedFormKernel, Kernel
from equipoise.losses.terms import FAKE, REAL, Sides, Term, total_plainly


def sum_over_pairs(
    real: torch.Tensor,
    fake: torch.Tensor,
    kernel: Kernel,
    terms: tuple[Term, ...],
    unbiased: bool,
    apart: torch.Tensor | None = None,
) -> torch.Tensor:
    """The sum of the terms whose weight is not 0, in closed form where the kernel allows it and none is `apart`."""
    if not callable(kernel):
        raise ValueError(f"kernel must be a function of squared distances, got {described(kernel)}.")
    present = tuple(term for term in terms if term.weight != 0)
    sides = in_one_type(real, fake)
    plainly = partial(total_plainly, kernel=kernel, terms=present, unbiased=unbiased, apart=apart)
    fits = apart is None and len(real) == len(fake) and not transforms_are_active()
    if isinstance(kernel, ClosedFormKernel) and fits:
        return sum_of_terms(sides, kernel, present, unbiased, plainly)
    check_scores(real=real, fake=fake)
    check_no_nan("real", real)
    check_no_nan("fake", fake)
    return plainly(sides)


def sum_of_terms(
    sides: Sides,
    kernel: ClosedFormKernel,
    terms: tuple[Term, ...],
    unbiased: bool,
    plainly: Callable[[Sides], torch.Tensor],
) -> torch.Tensor:
    """The sum of the terms, with their gradient.

    Args:
        sides: the real and the generated features, both [batch, features] in float32 or float64.
        kernel: a kernel that knows its slope.
        terms: at least one.
        unbiased: leave out the pairs i = j in every term.
        plainly: the same sum by differentiable steps, for second derivatives.
    """
    total: torch.Tensor = _SumOfTerms.apply(*sides, kernel, terms, unbiased, plainly)
    return total


class _SumOfTerms(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        real: torch.Tensor,
        fake: torch.Tensor,
        kernel: ClosedFormKernel,
        terms: tuple[Term, ...],
        unbiased: bool,
        plainly: Callable[[Sides], torch.Tensor],
    ) -> torch.Tensor:
        ctx.plainly = plainly
        if real.shape[0] <= gram.LARGEST_BATCH:
            needed = any(ctx.needs_input_grad)
            total, gradients = gram.value_and_gradients((real, fake), kernel, terms, unbiased, needed)
            if gradients is not None:
                ctx.save_for_backward(real, fake, gradients)
            return total
        sides = real, fake
        left = torch.stack([sides[term.left] for term in terms])
        right = torch.stack([sides[term.right] for term in terms])
        centres = left.mean(dim=1, keepdim=True)  # of each term, so that a far side takes no digits from the other
        left, right = left - centres, right - centres
        distances = _squared_distances(left, right, kernel.is_steep)
        for each, term in zip(distances, terms, strict=True):
            if term.left == term.right:
                each.fill_diagonal_(0)  # without its rounding, which a root would magnify
        values, slopes = kernel.with_slope(_prepared(distances, terms, unbiased))
        scales = [term.weight / _pairs(real.shape[0], unbiased) for term in terms]
        if any(ctx.needs_input_grad):
            forces = _within_limits(slopes, distances, terms)
            ctx.save_for_backward(real, fake, _gradients(left, right, forces, terms, scales))
        return _weighted(values.sum(dim=(1, 2)), scales)

    @staticmethod
    def backward(ctx: Any, *outputs: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (output,) = outputs
        real, fake, gradients = ctx.saved_tensors
        if torch.is_grad_enabled():
            gradients = _differentiable_gradients((real, fake), ctx.plainly)
        on_real, on_fake = (output * gradients).unbind()
        return on_real, on_fake, None, None, None, None


def _weighted(sums: torch.Tensor, scales: list[float]) -> torch.Tensor:
    """The sum of [terms] with these factors. They stay numbers of the host: a CUDA graph cannot hold a copy of them."""
    total = sums[0] * scales[0]
    for each, scale in zip(sums[1:], scales[1:], strict=True):
        total = total.add(each, alpha=scale)
    return total


def _squared_distances(left: torch.Tensor, right: torch.Tensor, with_zeros: bool) -> torch.Tensor:
    """Of the rows of each term; with zeros where rows coincide, or with rounding there."""
    squares = left.square().sum(dim=2)[:, :, None], right.square().sum(dim=2)[:, None, :]
    raw = (squares[0] + squares[1]).baddbmm_(left, right.mT, alpha=-2)
    return without_rounding(raw, *squares, left.shape[2] if with_zeros else None)


def _pairs(count: int, unbiased: bool) -> int:
    return count * (count - 1 if unbiased else count)


def _prepared(distances: torch.Tensor, terms: tuple[Term, ...], unbiased: bool) -> torch.Tensor:
    """The distances within their limits; infinite, so that value and slope are 0, for pairs that do not count."""
    if _has_limits(terms):
        distances = torch.stack([d.clamp(t.lowest, t.highest) for d, t in zip(distances, terms, strict=True)])
    if unbiased:
        distances.diagonal(dim1=1, dim2=2).fill_(math.inf)
    return distances


def _within_limits(slopes: torch.Tensor, distances: torch.Tensor, terms: tuple[Term, ...]) -> torch.Tensor:
    """The slopes, 0 where the distance lies outside its term's range."""
    if _has_limits(terms):
        for slope, distance, term in zip(slopes, distances, terms, strict=True):
            slope.masked_fill_((distance < term.lowest) | (distance > term.highest), 0)
    return slopes


def _has_limits(terms: tuple[Term, ...]) -> bool:
    return any(term.lowest > 0 or term.highest < math.inf for term in terms)


def _gradients(
    left: torch.Tensor, right: torch.Tensor, forces: torch.Tensor, terms: tuple[Term, ...], scales: list[float]
) -> torch.Tensor:
    """The gradient with respect to the real and the generated features, [2, batch, features]."""
    on_left = torch.baddbmm(forces.sum(dim=2, keepdim=True) * left, forces, right, alpha=-1)
    found = left.new_zeros(2, *left.shape[1:])
    for index, (term, scale) in enumerate(zip(terms, scales, strict=True)):
        one_side = term.left == term.right
        found[term.left].add_(on_left[index], alpha=(4 if one_side else 2) * scale)
        if not one_side:
            force = forces[index].mT
            on_right = torch.addmm(force.sum(dim=1, keepdim=True) * right[index], force, left[index], alpha=-1)
            found[term.right].add_(on_right, alpha=2 * scale)
    return found


def _differentiable_gradients(sides: Sides, plainly: Callable[[Sides], torch.Tensor]) -> torch.Tensor:
    inputs = [side if side.requires_grad else side.detach().requires_grad_() for side in sides]
    total = plainly((inputs[REAL], inputs[FAKE]))
    return torch.stack(torch.autograd.grad(total, inputs, create_graph=True, allow_unused=True, materialize_grads=True))
