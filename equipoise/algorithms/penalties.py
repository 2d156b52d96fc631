"""Gradient penalties as an algorithm's option: each by name, per sample, from a real and a generated batch."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from equipoise.algorithms.catalogue import PENALTIES
from equipoise.common.checks import check_at_least, check_fields, check_whole, described
from equipoise.constraints import (
    gradient_penalty_per_sample,
    interpolate,
    lazy_weight,
    r1_by_differences_per_sample,
    r1_penalty_per_sample,
    r2_by_differences_per_sample,
    r2_penalty_per_sample,
)
from equipoise.constraints.finite_differences import acts
from equipoise.training.distributed import gather
from equipoise.training.draw import Draw


@dataclass(frozen=True)
class Penalty:
    """One penalty in a discriminator's loss.

    Attributes:
        kind: which, of `equipoise.algorithms.catalogue.PENALTIES`.
        weight: what it is multiplied by, at least 0: lambda for "wgan-gp", gamma for "r1" and "r2".
        every: on which steps of the discriminator it is added: each `every`-th from the first on, times `every`, so
            that its strength is the same on average (lazy regularisation, Karras et al. 2020).
    """

    kind: str
    weight: float
    every: int = 1

    def __post_init__(self) -> None:
        check_fields(self)
        PENALTIES.check(self.kind)
        check_at_least(f"weight of {self.kind}", self.weight, 0)
        check_whole(f"every of {self.kind}", self.every, 1)


def two_sided(discriminator: nn.Module, fake: Tensor, draw: Draw) -> Tensor:
    """(|grad D| - 1)^2 at points between real and generated images. Returns: [batch]."""
    return gradient_penalty_per_sample(discriminator, _between(fake, draw))


def one_sided(discriminator: nn.Module, fake: Tensor, draw: Draw) -> Tensor:
    """The same where the norm is above 1. Returns: [batch]."""
    return gradient_penalty_per_sample(discriminator, _between(fake, draw), one_sided=True)


def r1(discriminator: nn.Module, fake: Tensor, draw: Draw) -> Tensor:
    """|grad D|^2 / 2 at real images. Returns: [batch]."""
    return r1_penalty_per_sample(discriminator, draw.real)


def r2(discriminator: nn.Module, fake: Tensor, draw: Draw) -> Tensor:
    """|grad D|^2 / 2 at generated images. Returns: [batch]."""
    return r2_penalty_per_sample(discriminator, fake.detach())


def r1_differences(discriminator: nn.Module, fake: Tensor, draw: Draw) -> Tensor:
    """R1 by differences of scores. Returns: [batch]."""
    return r1_by_differences_per_sample(discriminator, draw.real)


def r2_differences(discriminator: nn.Module, fake: Tensor, draw: Draw) -> Tensor:
    """R2 by differences of scores. Returns: [batch]."""
    return r2_by_differences_per_sample(discriminator, fake.detach())


def _between(fake: Tensor, draw: Draw) -> Tensor:
    return interpolate(draw.real, fake.detach(), draw.uniform("interpolation"))


def check_penalties(penalties: tuple[Penalty, ...]) -> None:
    """The field must be a tuple of penalties, each kind at most once."""
    if not isinstance(penalties, tuple) or not all(isinstance(each, Penalty) for each in penalties):
        raise ValueError(f'penalties must be a tuple, as in (Penalty("r1", 10.0),), got {described(penalties)}.')
    kinds = [each.kind for each in penalties]
    if len(set(kinds)) < len(kinds):
        raise ValueError(f"penalties must name each kind once, got {', '.join(kinds)}.")


def added(penalties: Sequence[Penalty], position: int) -> tuple[str, ...]:
    """The penalties that are added on the discriminator's step of this number, from 0 on, by their kinds."""
    return tuple(each.kind for each in penalties if acts(position, each.every))


def penalised(
    loss: Tensor, penalties: Sequence[Penalty], discriminator: nn.Module, fake: Tensor, draw: Draw
) -> tuple[Tensor, dict[str, Tensor]]:
    """A discriminator's loss with its penalties: their means over the batch of all processes, times their weights.

    A lazy penalty is there `every` times on each `every`-th step, as the draw's position counts them, and 0 otherwise.

    Args:
        loss: 0-dimensional.
        penalties: which.
        discriminator: without batch normalisation, as samples must not meet inside it.
        fake: [batch, ...], generated images; held constant, as are the real ones.
        draw: the real batch, and where the interpolation points come from.

    Returns:
        The sum, and the means for the log: "penalty", or "penalty_KIND" where there are several.

    Raises:
        ValueError: a penalty does not return one number for each sample.
    """
    measures: dict[str, Tensor] = {}
    for each in penalties:
        found = loss.new_zeros(())
        if scale := lazy_weight(1.0, draw.position, each.every):
            of_each = PENALTIES.load(each.kind)(discriminator, fake, draw)
            if of_each.shape != (len(fake),):
                raise ValueError(f"the penalty {each.kind} must return [batch], got shape {tuple(of_each.shape)}.")
            found = scale * gather(of_each).mean()
            loss = loss + each.weight * found
        measures["penalty" if len(penalties) == 1 else f"penalty_{each.kind}"] = found
    return loss, measures
