"""Gradient penalties as an algorithm's option: each by name, per sample, from a real and a generated batch."""

from collections.abc import Callable
from typing import Literal

from torch import Tensor, nn

from equipoise.constraints import (
    gradient_penalty_per_sample,
    interpolate,
    r1_penalty_per_sample,
    r2_penalty_per_sample,
)
from equipoise.training.distributed import gather
from equipoise.training.draw import Draw

PenaltyName = Literal["none", "wgan-gp", "wgan-gp-one-sided", "r1", "r2"]
_Penalty = Callable[[nn.Module, Tensor, Draw], Tensor]


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


PENALTIES: dict[PenaltyName, _Penalty] = {
    "wgan-gp": _two_sided,
    "wgan-gp-one-sided": _one_sided,
    "r1": _r1,
    "r2": _r2,
}


def penalty(name: PenaltyName, discriminator: nn.Module, fake: Tensor, draw: Draw) -> Tensor:
    """The mean penalty over the batch of all processes, 0-dimensional and without its weight.

    Args:
        name: one of `PENALTIES`.
        discriminator: without batch normalisation, as samples must not meet inside it.
        fake: [batch, ...], generated images; held constant, as are the real ones.
        draw: the real batch, and where the interpolation points come from.
    """
    return gather(PENALTIES[name](discriminator, fake, draw)).mean()
