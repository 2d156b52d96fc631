"""R1 and R2 without double backward, and either of them every k-th step only.

A penalty on a gradient asks for the derivative of a derivative, which fused attention, some compiled and some
checkpointed networks do not have. Differences of scores need first derivatives alone: with v a unit direction,

    <grad D(x), v> = (D(x + h v) - D(x - h v)) / (2 h) + O(h^2)

In the direction of the gradient itself this is the gradient's norm. That direction may be held constant: it is the
steepest one, so that turning it changes nothing to first order, and the derivative in the parameters is the exact one.
In a random direction u with E[u u'] = 1, <grad D, u>^2 is the squared norm on average (the approximated R1 of Lin et
al. 2025 is such a difference): noisier, and it needs no gradient of the input at all.
"""

import math

import torch
from torch import Tensor, nn

from equipoise.common.checks import (
    check_at_least,
    check_floating,
    check_positive,
    check_same_shape,
    check_whole,
    transforms_are_active,
)
from equipoise.common.precision import full_precision, widened
from equipoise.common.random import Reseedable
from equipoise.constraints.scored import Discriminator, check_scored, columns, transformed_gradients

STEP = 0.01
"""How far a point is moved to either side: the root mean square over its entries."""


def r1_by_differences(
    discriminator: Discriminator, real: Tensor, step: float = STEP, directions: Tensor | None = None
) -> Tensor:
    """The mean over the batch of `r1_by_differences_per_sample`; 0-dimensional."""
    return r1_by_differences_per_sample(discriminator, real, step, directions).mean()


def r1_by_differences_per_sample(
    discriminator: Discriminator, real: Tensor, step: float = STEP, directions: Tensor | None = None
) -> Tensor:
    """`r1_penalty_per_sample` by central differences of the scores, up to an error of order step^2.

    Args:
        discriminator: images -> scores: [batch], [batch, features], a map or several maps. Computed in full precision,
            also under autocast; without dropout, as both sides of a difference must see the same network.
        real: [batch, ...] in float32 or float64; held constant.
        step: how far each sample is moved to either side, as the root mean square over its entries: far enough for the
            scores' digits, so near that the discriminator bends little on the way.
        directions: None for the direction of each sample's gradient, which costs a first derivative by the input and,
            for vectors, a pass for each feature; or random ones of the shape of `real` with mean 0 and variance 1,
            which give the penalty on average.

    Returns: [batch].
    """
    return _penalty(discriminator, "real", real, step, directions)


def r2_by_differences(
    discriminator: Discriminator, fake: Tensor, step: float = STEP, directions: Tensor | None = None
) -> Tensor:
    """The mean over the batch of `r2_by_differences_per_sample`; 0-dimensional."""
    return r2_by_differences_per_sample(discriminator, fake, step, directions).mean()


def r2_by_differences_per_sample(
    discriminator: Discriminator, fake: Tensor, step: float = STEP, directions: Tensor | None = None
) -> Tensor:
    """`r2_penalty_per_sample` by central differences of the scores. Arguments as for R1, at generated samples."""
    return _penalty(discriminator, "fake", fake, step, directions)


def lazy_weight(weight: float, step: int, every: int) -> float:
    """`every` times the weight on each `every`-th step, 0 on the others: lazy regularisation (Karras et al. 2020, B).

    Skip the penalty where this is 0. The strength stays that of `weight` on average, for a fraction of the cost.

    Args:
        weight: at least 0.
        step: the number of the discriminator's step, from 0 on.
        every: k, at least 1.
    """
    check_at_least("weight", weight, 0.0)
    return weight * every if acts(step, every) else 0.0


def acts(step: int, every: int) -> bool:
    """Whether a penalty that is added every so many steps is added on this one, counted from 0."""
    return check_whole("step", step, 0) % check_whole("every", every, 1) == 0


def _penalty(discriminator: Discriminator, name: str, points: Tensor, step: float, directions: Tensor | None) -> Tensor:
    check_positive("step", step)
    _check_digits(name, points)
    with full_precision(points.device.type):
        check_scored(discriminator, name, points)
        _check_still(discriminator)
        points, distance = widened(points.detach()), step * math.sqrt(points[0].numel())
        if directions is not None:
            return _along_random(discriminator, points, distance, directions)
        return _along_gradients(discriminator, points, distance)


def _along_random(discriminator: Discriminator, points: Tensor, distance: float, directions: Tensor) -> Tensor:
    check_floating("directions", directions)
    check_same_shape(points=points, directions=directions)
    units, lengths = _units(widened(directions.detach()).to(points.dtype))
    slopes = _slopes(discriminator, points, units, distance) * lengths[:, None]
    return slopes.square().sum(dim=1) / 2


def _along_gradients(discriminator: Discriminator, points: Tensor, distance: float) -> Tensor:
    """One difference for each output, along its own gradient."""
    slopes = [
        _slopes(discriminator, points, _units(gradient)[0], distance)[:, output]
        for output, gradient in enumerate(_first_gradients(discriminator, points))
    ]
    squares: Tensor = torch.stack(slopes).square().sum(dim=0)
    return squares / 2


def _slopes(discriminator: Discriminator, points: Tensor, units: Tensor, distance: float) -> Tensor:
    """(D(x + h v) - D(x - h v)) / (2 h), in one pass: [batch, outputs]."""
    scores = columns(discriminator, torch.cat([points + distance * units, points - distance * units]))
    above, below = widened(scores).chunk(2)
    slopes: Tensor = (above - below) / (2 * distance)
    return slopes


def _first_gradients(discriminator: Discriminator, points: Tensor) -> tuple[Tensor, ...]:
    """Each output's gradient by the points, as constants: [batch, ...] for each output."""
    if transforms_are_active():
        return tuple(each.detach() for each in transformed_gradients(discriminator, points))
    found: list[Tensor] = []
    outputs = 1
    while len(found) < outputs:
        with torch.inference_mode(False), torch.enable_grad():
            source = points.clone().requires_grad_()
            scores = columns(discriminator, source)
            found.append(_first_gradient(scores[:, len(found)], source))
        outputs = scores.shape[1]
    return tuple(found)


def _first_gradient(column: Tensor, source: Tensor) -> Tensor:
    """Its graph is used up: compiled networks keep none."""
    found = torch.autograd.grad(column.sum(), source, allow_unused=True)[0] if column.requires_grad else None
    if found is None:
        raise ValueError("the discriminator's output must depend on its input by operations that have a gradient.")
    return found


def _units(vectors: Tensor) -> tuple[Tensor, Tensor]:
    """Each sample's vector at length one, or zero where it is zero; and the lengths [batch]."""
    flat = vectors.flatten(1) if vectors.ndim > 1 else vectors[:, None]
    lengths = torch.linalg.vector_norm(flat, dim=1)
    safe = torch.where(lengths > 0, lengths, torch.ones_like(lengths))
    return (flat / safe[:, None]).reshape(vectors.shape), lengths


def _check_digits(name: str, points: Tensor) -> None:
    check_floating(name, points)
    if points.dtype not in (torch.float32, torch.float64):
        raise ValueError(
            f"{name} must be float32 or float64, got {points.dtype}: a difference of nearly equal scores needs their "
            "digits; use the exact penalty."
        )


def _check_still(discriminator: Discriminator) -> None:
    """Two passes must see one network."""
    parts = discriminator.modules() if isinstance(discriminator, nn.Module) else ()
    for part in parts:
        if part.training and _draws(part):
            raise ValueError(
                f"discriminator must draw no random numbers inside, got a {type(part).__name__} in training: both "
                "sides of a difference must see the same network; use the exact penalty."
            )


def _draws(part: nn.Module) -> bool:
    return part.p > 0 if isinstance(part, nn.modules.dropout._DropoutNd) else isinstance(part, Reseedable)
