"""The generative adversarial network (Goodfellow et al. 2014), with any loss on scores."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from equipoise.losses import (
    hinge_discriminator_loss,
    hinge_generator_loss,
    least_squares_discriminator_loss,
    least_squares_generator_loss,
    minimax_discriminator_loss,
    minimax_generator_loss,
    non_saturating_generator_loss,
    wasserstein_discriminator_loss,
    wasserstein_generator_loss,
)
from equipoise.training.distributed import gather
from equipoise.training.draw import Draw
from equipoise.training.game import Algorithm, Move, Outcome, Players, Stage

DiscriminatorLoss = Callable[[Tensor, Tensor], Tensor]
GeneratorLoss = Callable[[Tensor], Tensor]
LossName = Literal["non-saturating", "minimax", "hinge", "wasserstein", "least-squares"]

LOSSES: dict[LossName, tuple[DiscriminatorLoss, GeneratorLoss]] = {
    "non-saturating": (minimax_discriminator_loss, non_saturating_generator_loss),
    "minimax": (minimax_discriminator_loss, minimax_generator_loss),
    "hinge": (hinge_discriminator_loss, hinge_generator_loss),
    "wasserstein": (wasserstein_discriminator_loss, wasserstein_generator_loss),
    "least-squares": (least_squares_discriminator_loss, least_squares_generator_loss),
}


@dataclass(frozen=True, kw_only=True)
class GAN(Algorithm):
    """Generator against discriminator, with the loss by name.

    Attributes:
        loss: which pair of losses.
        discriminator_steps: discriminator steps per generator step (n_dis), each with a real batch of its own.
        update: "alternating", each step with fresh noise; or "simultaneous", both gradients from one forward pass.
    """

    loss: LossName = "non-saturating"
    discriminator_steps: int = 1
    update: Literal["alternating", "simultaneous"] = "alternating"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.discriminator_steps < 1:
            raise ValueError(f"discriminator_steps must be at least 1, got {self.discriminator_steps}.")
        if self.update == "simultaneous" and self.discriminator_steps != 1:
            raise ValueError("a simultaneous update makes exactly one discriminator step per generator step.")

    @property
    def players(self) -> tuple[str, ...]:
        """Generator and discriminator."""
        return ("generator", "discriminator")

    def stages(self) -> tuple[Stage, ...]:
        """One stage."""
        moves: dict[str, tuple[Move, ...]] = {
            "alternating": (
                Move("discriminator", self._discriminator, ("discriminator",), repeats=self.discriminator_steps),
                Move("generator", self._generator, ("generator",), fresh=False),
            ),
            "simultaneous": (Move("both", self._both, ("discriminator", "generator")),),
        }
        return (Stage("adversarial", moves[self.update], epochs=self.epochs, iterations=self.iterations),)

    def _discriminator(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        with torch.no_grad():
            fake = players["generator"](draw.latent())
        real_scores, fake_scores = _scores(players, draw.real), _scores(players, fake)
        loss = LOSSES[self.loss][0](real_scores, fake_scores)
        return Outcome({"discriminator": loss}, _means(real_scores, fake_scores))

    def _generator(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        fake = players["generator"](draw.latent())
        return Outcome({"generator": LOSSES[self.loss][1](_scores(players, fake))})

    def _both(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        fake = players["generator"](draw.latent())
        real_scores, fake_scores = _scores(players, draw.real), _scores(players, fake)
        discriminator_loss, generator_loss = LOSSES[self.loss]
        losses = {
            "discriminator": discriminator_loss(real_scores, fake_scores),
            "generator": generator_loss(fake_scores),
        }
        return Outcome(losses, _means(real_scores, fake_scores))


def _scores(players: Players, images: Tensor) -> Tensor:
    return gather(players["discriminator"](images))


def _means(real_scores: Tensor, fake_scores: Tensor) -> dict[str, Tensor]:
    return {"real_score": real_scores.mean(), "fake_score": fake_scores.mean()}
