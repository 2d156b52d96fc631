"""What a penalty on a discriminator's gradient differentiates: scalars, vectors, score maps and lists of score maps.

"The gradient" of a sample is the gradient of its scalar; the whole Jacobian of its vector, measured by the Frobenius
norm, which bounds the vector's Lipschitz constant; the gradient of the mean of its map, so that a target of one means
the same for a map of any size; of several maps, as from a multi-scale discriminator, the gradient of the mean of their
means, as the losses see them.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from equipoise.common.checks import check_floating, check_no_nan, check_not_empty, described

Discriminator = Callable[[Tensor], Tensor | Sequence[Tensor]]
"""From samples to scores: one tensor, or a list of score maps."""


def check_scored(discriminator: Discriminator, name: str, points: Tensor) -> None:
    """The argument must be callable, and a module must have the points' dtype."""
    check_floating(name, points)
    check_not_empty(name, points)
    check_no_nan(name, points)
    if not callable(discriminator):
        raise ValueError(f"discriminator must be a module or a function, got {described(discriminator)}.")
    held = next(discriminator.parameters(), None) if isinstance(discriminator, nn.Module) else None
    narrow = torch.is_autocast_enabled(points.device.type) if points.device.type in ("cpu", "cuda") else False
    if held is not None and held.is_floating_point() and held.dtype != points.dtype and not narrow:
        raise ValueError(f"{name} must be of the discriminator's type {held.dtype}, got {points.dtype}.")


def columns(discriminator: Discriminator, points: Tensor) -> Tensor:
    """The scores whose gradients count, [batch, outputs]."""
    found = discriminator(points)
    if isinstance(found, Sequence):
        if len(found) == 0:
            raise ValueError("discriminator must return at least one score map, got an empty list.")
        means = [_checked(each, points).reshape(len(points), -1).mean(1) for each in found]
        return torch.stack(means).mean(0)[:, None]
    scores = _checked(found, points)
    if scores.ndim == 1:
        return scores[:, None]
    if scores.ndim == 2:
        return scores
    if scores.ndim == 3 or (scores.ndim == 4 and (scores.shape[1] == 1 or scores[0, 0].numel() > 1)):
        return scores.flatten(1).mean(1, keepdim=True)
    raise ValueError(
        "discriminator must return [batch], [batch, features], a map [batch, height, width], maps of one size [batch, "
        f"maps, height, width], or a list of maps, got shape {tuple(scores.shape)}."
    )


def transformed_gradients(discriminator: Discriminator, points: Tensor) -> tuple[Tensor, ...]:
    """Each output's gradient inside `torch.func`'s transforms, where tensors cannot be asked for gradients."""
    found: tuple[Any, ...] = torch.func.vjp(lambda source: columns(discriminator, source), points)
    outputs, pull = found
    units = torch.eye(outputs.shape[1], dtype=outputs.dtype, device=outputs.device)
    return tuple(pull(unit.expand_as(outputs))[0] for unit in units.unbind())


def check_batch(outputs: Tensor, inputs: Tensor) -> None:
    """The outputs must have a row for each input."""
    if outputs.ndim == 0 or outputs.shape[0] != inputs.shape[0]:
        raise ValueError(f"outputs must have a batch of {inputs.shape[0]}, got shape {tuple(outputs.shape)}.")


def _checked(scores: Tensor, points: Tensor) -> Tensor:
    check_floating("discriminator's output", scores)
    check_batch(scores, points)
    return scores
