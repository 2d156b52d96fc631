"""Gradient penalties as an algorithm's option: each by name, per sample, from a real and a generated batch."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from equipoise.common.checks import check_fields, described
from equipoise.constraints import (
    gradient_penalty_per_sample,
    interpolate,
    r1_penalty_per_sample,
    r2_penalty_per_sample,
)
from equipoise.training.distributed import gather
from equipoise.training.draw import Draw

PenaltyName = Literal["wgan-gp", "wgan-gp-one-sided", "r1", "r2"]
"""The gradient penalties, by name."""
_PerSample = Callable[[nn.Module, Tensor, Draw], Tensor]


@dataclass(frozen=True)
class Penalty:
    """One penalty in a discriminator's loss.

    Attributes:
        kind: which.
        weight: what it is multiplied by, at least 0: lambda for "wgan-gp", gamma for "r1" and "r2".
    """

    kind: PenaltyName
    weight: float

    def __post_init__(self) -> None:
        check_fields(self)
        if not 0 <= self.weight < math.inf:
            raise ValueError(f"weight of {self.kind} must be a finite number of at least 0, got {self.weight}.")


def _two_sided(discriminator: nn.Module, fake: Tensor, draw: Draw) -> Tensor:
    return gradient_penalty_per_sample(discriminator, _between(fake, draw))


def _one_sided(discriminator: nn.Module, fake: Tensor, draw: Draw) -> Tensor:
    return gradient_penalty_per_sample(discriminator, _between(fake, draw), one_sided=True)


def _r1(discriminator: nn.Module, fake: Tensor, draw: Draw) -> Tensor:
    return r1_penalty_per_sample(discriminator, draw.real)


def _r2(discriminator: nn.Module, fake: Tensor, draw: Draw) -> Tensor:
    return r2_penalty_per_sample(discriminator, fake.detach())


def _between(fake: Tensor, draw: Draw) -> Tensor:
    return interpolate(draw.real, fake.detach(), draw.uniform("interpolation"))


PENALTIES: dict[PenaltyName, _PerSample] = {
    "wgan-gp": _two_sided,
    "wgan-gp-one-sided": _one_sided,
    "r1": _r1,
    "r2": _r2,
}
"""By name."""


def check_penalties(penalties: tuple[Penalty, ...]) -> None:
    """The field must be a tuple of penalties, each kind at most once."""
    if not isinstance(penalties, tuple) or not all(isinstance(each, Penalty) for each in penalties):
        raise ValueError(f'penalties must be a tuple, as in (Penalty("r1", 10.0),), got {described(penalties)}.')
    kinds = [each.kind for each in penalties]
    if len(set(kinds)) < len(kinds):
        raise ValueError(f"penalties must name each kind once, got {', '.join(kinds)}.")


def penalised(
    loss: Tensor, penalties: Sequence[Penalty], discriminator: nn.Module, fake: Tensor, draw: Draw
) -> tuple[Tensor, dict[str, Tensor]]:
    """A discriminator's loss with its penalties: their means over the batch of all processes, times their weights.

    Args:
        loss: 0-dimensional.
        penalties: which.
        discriminator: without batch normalisation, as samples must not meet inside it.
        fake: [batch, ...], generated images; held constant, as are the real ones.
        draw: the real batch, and where the interpolation points come from.

    Returns:
        The sum, and the means for the log: "penalty", or "penalty_KIND" where there are several.
    """
    measures: dict[str, Tensor] = {}
    for each in penalties:
        found = gather(PENALTIES[each.kind](discriminator, fake, draw)).mean()
        loss = loss + each.weight * found
        measures["penalty" if len(penalties) == 1 else f"penalty_{each.kind}"] = found
    return loss, measures
