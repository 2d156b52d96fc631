"""Relativistic pairing with zero-centred penalties on both sides (Huang et al. 2024, "R3GAN"), made cheap for a CPU.

    L_D = E softplus(-(D(x) - D(G(z)))) + gamma (R1 + R2)        R1 = E |grad D(x)|^2 / 2,  R2 = E |grad D(G(z))|^2 / 2
    L_G = E softplus(-(D(G(z)) - D(x)))

The generator steps after the discriminator, as in the authors' code, or both step from one forward pass. The penalties
are exact, and lazy: each `penalty_every`-th step has them, with so many times their weight.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from equipoise.algorithms.scores import score_means, told_latents
from equipoise.augmentation import Augment
from equipoise.common.checks import check_non_negative, check_whole
from equipoise.constraints.finite_differences import acts
from equipoise.constraints.gradient_penalties import scores_and_squared_norms
from equipoise.losses.adversarial import RELATIVISTIC
from equipoise.training.distributed import gather_each
from equipoise.training.draw import Draw
from equipoise.training.game import Algorithm, Move, Outcome, Players, Stage
from equipoise.training.schedules import Constant, Schedule

_SHARE = 1 / 16
"""Of the newest step with penalties in the running mean of their share."""
_SURENESS_SHARE = 1 / 50
"""Of the newest batch in the running mean of the sureness."""
_STEPS_TO_DOUBLE = 500
"""So many steps on the same side of the target double an adapted gamma, or halve it."""
_LEAST, _MOST = 0.01, 30.0
"""An adapted gamma stays between these."""


class PairingMemory(nn.Module):
    """What is remembered from step to step.

    Attributes:
        augmentation: the strength of the augmentation, where there is one.
        penalty_share: 0-dimensional, a running mean of the penalties' share in the discriminator's loss.
        gamma: 0-dimensional, the weight of the penalties.
        sureness: 0-dimensional, a running mean of how sure the discriminator is of its pairs, from -1 to 1.
    """

    penalty_share: Tensor
    gamma: Tensor
    sureness: Tensor

    def __init__(self, augment: Augment | None, gamma: float) -> None:
        super().__init__()
        self.register_buffer("gamma", torch.tensor(gamma, dtype=torch.float64))
        self.register_buffer("sureness", torch.zeros((), dtype=torch.float64))
        self.augmentation = None if augment is None else augment.create_memory()
        self.register_buffer("penalty_share", torch.zeros((), dtype=torch.float64))


@dataclass(frozen=True, kw_only=True)
class RelativisticGAN(Algorithm[PairingMemory]):
    """Each real image against a generated one, with R1 and R2.

    Where the latent vectors name classes, the generated images have the classes of the real batch, and the
    discriminator is told: it takes (images, classes).

    Attributes:
        gamma: the weight of R1 + R2; where it adapts, at the start.
        gamma_target: None for a fixed gamma. A number between 0 and 1 adapts it, as ADA adapts an augmentation's
            strength (Karras et al. 2020): it doubles within 500 steps in which the discriminator is surer than this of
            its pairs, and halves within as many in which it is less sure; it stays between 0.01 and 30. How sure: the
            running mean of P - (1 - P), where P = sigmoid(D(x) - D(G(z))) is what it gives for the real image.
        penalty_every: the penalties are in each so manieth step, from the first on.
        update: "alternating", each step with fresh noise and the same real images; or "simultaneous", both gradients
            from one forward pass, which is cheaper and learns much less.
        augment: what changes the images that the discriminator sees, or None. The values must lie in [-1, 1].
        gamma_schedule: the course of gamma.
        augment_schedule: the course of the augmentation's strength.
    """

    players = ("generator", "discriminator")
    tells_classes: ClassVar[bool] = True
    gamma: float = 2.0
    gamma_target: float | None = None
    penalty_every: int = 4
    update: Literal["alternating", "simultaneous"] = "alternating"
    augment: Augment | None = None
    gamma_schedule: Schedule = field(default_factory=Constant)
    augment_schedule: Schedule = field(default_factory=Constant)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_non_negative("gamma", self.gamma)
        check_whole("penalty_every", self.penalty_every, least=1)
        if self.gamma_target is not None and not 0 < self.gamma_target < 1:
            raise ValueError(f"gamma_target must lie between 0 and 1, or be none, got {self.gamma_target}.")
        if self.gamma_target is not None and not _LEAST <= self.gamma <= _MOST:
            raise ValueError(f"a gamma that adapts starts between {_LEAST} and {_MOST}, got {self.gamma}.")

    def create_memory(self) -> PairingMemory:
        """The strength of the augmentation, the penalties' weight and their share."""
        return PairingMemory(self.augment, self.gamma)

    def stages(self) -> tuple[Stage[PairingMemory], ...]:
        """One stage of two moves, or of one."""
        both = Move("both", self._both, ("discriminator", "generator"), variant=self._has_penalties)
        discriminator = Move("discriminator", self._discriminator, ("discriminator",), variant=self._has_penalties)
        generator = Move("generator", self._generator, ("generator",), fresh=False)
        moves = (both,) if self.update == "simultaneous" else (discriminator, generator)
        return (Stage("adversarial", moves, epochs=self.epochs, iterations=self.iterations),)

    def _has_penalties(self, position: int) -> bool:
        return acts(position, self.penalty_every)

    def _both(self, players: Players, memory: PairingMemory, draw: Draw) -> Outcome:
        score, latents = self._told(players, draw)
        outcome, real_scores, fake_scores = self._judged(score, players["generator"](latents), memory, draw)
        loss = RELATIVISTIC.generator(real_scores.detach(), fake_scores)
        return Outcome(outcome.losses | {"generator": loss}, outcome.measures)

    def _discriminator(self, players: Players, memory: PairingMemory, draw: Draw) -> Outcome:
        score, latents = self._told(players, draw)
        with torch.no_grad():
            fake = players["generator"](latents)
        return self._judged(score, fake, memory, draw)[0]

    def _generator(self, players: Players, memory: PairingMemory, draw: Draw) -> Outcome:
        score, latents = self._told(players, draw)
        with torch.no_grad():
            real_scores = score(self._seen(draw.real, memory, draw, "real"))
        fake_scores = score(self._seen(players["generator"](latents), memory, draw, "fake"))
        return Outcome({"generator": RELATIVISTIC.generator(*gather_each(real_scores, fake_scores))})

    def _judged(
        self, score: Callable[[Tensor], Tensor], generated: Tensor, memory: PairingMemory, draw: Draw
    ) -> tuple[Outcome, Tensor, Tensor]:
        """The discriminator's loss, and the scores of the real and of the generated images."""
        real, fake = self._seen(draw.real, memory, draw, "real"), self._seen(generated, memory, draw, "fake")
        scores_and_norms = _scores_and_norms if self._has_penalties(draw.position) else _scores
        real_scores, fake_scores, *norms = gather_each(*scores_and_norms(score, real, fake))
        penalty = self.penalty_every * sum((each.mean() / 2 for each in norms), real_scores.new_zeros(()))
        loss = RELATIVISTIC.discriminator(real_scores, fake_scores)
        weight = self.gamma if self.gamma_target is None else memory.gamma.to(real_scores.dtype)
        gamma = weight * self.gamma_schedule.factor(draw.position)
        if norms:
            self._remember_share(memory, loss.detach(), gamma * penalty.detach())
        measures = score_means(real_scores, fake_scores) | {"penalty": penalty}
        measures |= {"penalty_share": memory.penalty_share.clone()} | self._adapt(memory, real_scores - fake_scores)
        if self.augment is not None and memory.augmentation is not None:
            memory.augmentation.adapt(self.augment, (real_scores - fake_scores).detach())
            measures |= memory.augmentation.measures(self.augment)
        return Outcome({"discriminator": loss + gamma * penalty}, measures), real_scores, fake_scores

    def _told(self, players: Players, draw: Draw) -> tuple[Callable[[Tensor], Tensor], Tensor]:
        """What scores images, and the latents for the generator: both know the classes where there are any."""
        latents, discriminator = told_latents(draw), players["discriminator"]
        if draw.labels is None:
            return discriminator, latents
        named = latents[:, -draw.prior.classes :]
        return lambda images: discriminator(images, named), latents

    def _seen(self, images: Tensor, memory: PairingMemory, draw: Draw, side: str) -> Tensor:
        """The images as the discriminator sees them."""
        if self.augment is None or memory.augmentation is None:
            return images
        chance = draw.uniform(f"augmentation/{side}", self.augment.numbers)
        strength = memory.augmentation.strength * self.augment_schedule.factor(draw.position)
        return self.augment.apply(images, chance, strength)

    @torch.no_grad()
    def _adapt(self, memory: PairingMemory, gaps: Tensor) -> dict[str, Tensor]:
        """Gamma for the next step, where it adapts: more for a discriminator that is too sure. Returns: for the log."""
        if self.gamma_target is None:
            return {}
        # lerp_ has no rule for runs that are played together
        sure = gaps.double().div(2).tanh().mean()
        memory.sureness.copy_(memory.sureness.lerp(sure, _SURENESS_SHARE))
        steps = torch.sign(memory.sureness - self.gamma_target) / _STEPS_TO_DOUBLE
        memory.gamma.copy_((memory.gamma * steps.exp2()).clamp(_LEAST, _MOST))
        return {"gamma": memory.gamma.clone(), "sureness": memory.sureness.clone()}

    @torch.no_grad()
    def _remember_share(self, memory: PairingMemory, loss: Tensor, weighted: Tensor) -> None:
        """The penalties of this step stand for those of `penalty_every`, as the loss of each step does."""
        weighted = weighted / self.penalty_every
        share = (weighted / (loss + weighted)).double()
        memory.penalty_share.copy_(memory.penalty_share.lerp(share, _SHARE))


def _scores(score: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor) -> tuple[Tensor, ...]:
    return score(real), score(fake)


def _scores_and_norms(score: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor) -> tuple[Tensor, ...]:
    """The scores, and the squared norms of their gradients: [batch] each, from one pass for each side."""
    (real_scores, real_norms), (fake_scores, fake_norms) = (
        scores_and_squared_norms(score, each) for each in (real, fake)
    )
    return real_scores, fake_scores, real_norms, fake_norms
