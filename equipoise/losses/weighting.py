"""The weight of an adversarial loss beside another loss: a warm-up, and VQGAN's adaptive weight."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from equipoise.common.checks import check_at_least, check_number, check_positive, check_whole, described
from equipoise.common.precision import full_precision, widened

LARGEST = 1e4
"""Beyond it VQGAN's adaptive weight is cut off."""


@dataclass(frozen=True)
class WarmUp:
    """A factor in [0, 1] by the number of the step: 0 before `start`, then rising evenly over `ramp` steps to 1.

    VQGAN's `disc_start` is a warm-up without a ramp.

    Args:
        start: the first step, counted from 0, on which the factor is above 0.
        ramp: on how many steps it is below 1 from there on; 0 jumps.
    """

    start: int = 0
    ramp: int = 0

    def __post_init__(self) -> None:
        check_whole("start", self.start, 0)
        check_whole("ramp", self.ramp, 0)

    def __call__(self, step: int) -> float:
        """The factor of a step, counted from 0."""
        done = check_whole("step", step, 0) - self.start + 1
        return max(0.0, min(1.0, done / (self.ramp + 1)))


def weighted(weight: float | Tensor, term: Tensor) -> Tensor:
    """The weight times a term of a loss; an infinite term counts as 0 where the weight is the number 0."""
    if isinstance(weight, Tensor) or weight:
        return weight * term
    return 0.0 * term.nan_to_num(nan=math.nan, posinf=0.0, neginf=0.0)


def adaptive_weight(
    reference: Tensor, adversarial: Tensor, last_layer: Tensor, largest: float = LARGEST, offset: float = 1e-4
) -> Tensor:
    """||grad_W reference|| / (||grad_W adversarial|| + offset), at most `largest` (Esser et al. 2021, Eq. 7).

    With this weight the adversarial loss pulls on the last layer W as strongly as the other one does. The paper's
    offset is 1e-6; 1e-4 and the cut-off at 1e4 are those of its code, `calculate_adaptive_weight` in
    taming/modules/losses/vqperceptual.py of CompVis/taming-transformers.

    Args:
        reference: the loss to keep pace with, as of a reconstruction; 0-dimensional. Its graph is kept.
        adversarial: the generator's adversarial loss; 0-dimensional. Its graph is kept.
        last_layer: the weight W of the generator's last layer; both losses must depend on it.
        largest: the cut-off.
        offset: what keeps the quotient finite.

    Returns: 0-dimensional, without a gradient.
    """
    check_number("reference", reference)
    check_number("adversarial", adversarial)
    check_at_least("offset", offset, 0.0)
    check_positive("largest", largest)
    if not isinstance(last_layer, Tensor) or not last_layer.requires_grad:
        raise ValueError(f"last_layer must be a parameter that requires a gradient, got {described(last_layer)}.")
    ours, theirs = _pull("reference", reference, last_layer), _pull("adversarial", adversarial, last_layer)
    found: Tensor = (ours / (theirs + offset)).clamp(max=largest)
    return found.nan_to_num(nan=0.0)


def _pull(name: str, loss: Tensor, last_layer: Tensor) -> Tensor:
    """The norm of the loss's gradient at the last layer."""
    found = None
    if loss.requires_grad:
        (found,) = torch.autograd.grad(loss, last_layer, retain_graph=True, allow_unused=True)
    if found is None:
        raise ValueError(f"{name} must depend on last_layer, and has no gradient there.")
    with full_precision(found.device.type):
        norm: Tensor = torch.linalg.vector_norm(widened(found))
    return norm
