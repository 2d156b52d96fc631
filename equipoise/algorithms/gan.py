"""The generative adversarial network with any loss on scores, any penalty, and the local gradient amplifier.

Goodfellow et al. 2014; WGAN (Arjovsky et al. 2017), WGAN-GP (Gulrajani et al. 2017), Geometric GAN (Lim and Ye 2017),
SNGAN (Miyato et al. 2018) and the spatially decomposed hinge loss (LGA) are settings of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from equipoise.algorithms.checks import check_not_negative, check_whole
from equipoise.algorithms.dequantise import Dequantisation, with_dequantised_images
from equipoise.algorithms.penalties import PenaltyName, penalty
from equipoise.algorithms.scores import fixed_fakes, score_means, scores, scores_of_each, scores_one_by_one
from equipoise.losses import (
    hinge_discriminator_loss,
    hinge_generator_loss,
    least_squares_discriminator_loss,
    least_squares_generator_loss,
    minimax_discriminator_loss,
    minimax_generator_loss,
    non_saturating_generator_loss,
    spatial_generator_loss,
    wasserstein_discriminator_loss,
    wasserstein_generator_loss,
)
from equipoise.training.distributed import gather
from equipoise.training.draw import Draw
from equipoise.training.game import Algorithm, Move, Outcome, Players, Stage

DiscriminatorLoss = Callable[[Tensor, Tensor], Tensor]
GeneratorLoss = Callable[[Tensor], Tensor]
LossName = Literal["non-saturating", "minimax", "hinge", "wasserstein", "least-squares"]
Amplifier = Literal["none", "magnitude", "margin", "zero", "literal", "zero-literal"]

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
        amplifier: other than "none", the generator's loss is -E[Y A(Y)] on the discriminator's map of scores Y with
            this amplification A (see `equipoise.losses.spatial`); the discriminator then returns [batch, n, n].
        penalty: on the discriminator's gradient with respect to its input; the discriminator must not batch-normalise.
        penalty_weight: lambda for "wgan-gp", gamma for "r1" and "r2".
        head_decay: adds head_decay / 2 times the squared norm of the last layer's weights to the discriminator's loss:
            1 / (C batch) in the Geometric GAN.
        discriminator_steps: discriminator steps per generator step (n_dis), each with a real batch of its own.
        update: "alternating", each step with fresh noise; or "simultaneous", both gradients from one forward pass.
        first: who moves first in an alternating iteration; the generator in SNGAN's code.
        generator_batches: the generator's step sees so many times the batch size: 2 in the codes of WGAN-GP and SNGAN.
        dequantisation: noise within one level of 256 on the real images, as in the codes of WGAN-GP and SNGAN for
            CIFAR-10: name the experiment's value range, "symmetric" or "unit"; or "none".
    """

    loss: LossName = "non-saturating"
    amplifier: Amplifier = "none"
    penalty: PenaltyName = "none"
    penalty_weight: float = 10.0
    head_decay: float = 0.0
    discriminator_steps: int = 1
    update: Literal["alternating", "simultaneous"] = "alternating"
    first: Literal["discriminator", "generator"] = "discriminator"
    generator_batches: int = 1
    dequantisation: Dequantisation = "none"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole(self, "discriminator_steps", "generator_batches", least=1)
        check_not_negative(self, "penalty_weight", "head_decay")
        if self.update == "simultaneous" and self.discriminator_steps != 1:
            raise ValueError("a simultaneous update makes exactly one discriminator step per generator step.")
        if self.update == "simultaneous" and self.generator_batches != 1:
            raise ValueError("a simultaneous update shares one generated batch: generator_batches must be 1.")

    @property
    def players(self) -> tuple[str, ...]:
        """Generator and discriminator."""
        return ("generator", "discriminator")

    def stages(self) -> tuple[Stage, ...]:
        """One stage."""
        both = Move("both", self._both, ("discriminator", "generator"))
        discriminator = Move("discriminator", self._discriminator, ("discriminator",), repeats=self.discriminator_steps)
        generator = Move("generator", self._generator, ("generator",), fresh=False)
        moves = {"discriminator": (discriminator, generator), "generator": (generator, discriminator)}[self.first]
        chosen = (both,) if self.update == "simultaneous" else moves
        return (Stage("adversarial", chosen, epochs=self.epochs, iterations=self.iterations),)

    def _discriminator(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        draw = with_dequantised_images(draw, self.dequantisation)
        fake = fixed_fakes(players, draw)
        real_scores, fake_scores = scores_of_each(players, draw.real, fake)
        loss = LOSSES[self.loss][0](real_scores, fake_scores)
        extra, measures = self._constraints(players, fake, draw)
        return Outcome({"discriminator": loss + extra}, score_means(real_scores, fake_scores) | measures)

    def _generator(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        names = ["latent", *(f"latent-{number}" for number in range(2, self.generator_batches + 1))]
        latent = draw.latent(*names)
        return Outcome({"generator": self._generator_loss(scores(players, players["generator"](latent)))})

    def _both(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        draw = with_dequantised_images(draw, self.dequantisation)
        fake = players["generator"](draw.latent())
        real_scores, fake_scores = scores_one_by_one(players, draw.real, fake)
        extra, measures = self._constraints(players, fake, draw)
        losses = {
            "discriminator": LOSSES[self.loss][0](real_scores, fake_scores) + extra,
            "generator": self._generator_loss(fake_scores),
        }
        return Outcome(losses, score_means(real_scores, fake_scores) | measures)

    def _generator_loss(self, fake_scores: Tensor) -> Tensor:
        if self.amplifier == "none":
            return LOSSES[self.loss][1](fake_scores)
        return spatial_generator_loss(fake_scores, self.amplifier)

    def _constraints(self, players: Players, fake: Tensor, draw: Draw) -> tuple[Tensor | float, dict[str, Tensor]]:
        """What the discriminator's loss has besides the scores, and what of it goes to the log."""
        discriminator = players["discriminator"]
        decay = self.head_decay / 2 * _squared_head(discriminator) if self.head_decay else 0.0
        if self.penalty == "none":
            return decay, {}
        found = penalty(self.penalty, discriminator, fake, draw)
        return self.penalty_weight * found + decay, {"penalty": found}


def _squared_head(discriminator: nn.Module) -> Tensor:
    """The squared norm of the last layer's weights, biases apart. Every process has the same: the mean is gathered."""
    head = discriminator.get_submodule("head")
    total = torch.stack([weight.square().sum() for weight in head.parameters() if weight.ndim > 1]).sum()
    return gather(total[None]).mean()
