"""The generative adversarial network with any loss on scores, any penalty, and the local gradient amplifier.

Goodfellow et al. 2014; WGAN (Arjovsky et al. 2017), WGAN-GP (Gulrajani et al. 2017), Geometric GAN (Lim and Ye 2017),
SNGAN (Miyato et al. 2018) and the spatially decomposed hinge loss (LGA) are settings of it.
"""

from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn

from equipoise.algorithms.dequantise import Dequantisation, with_dequantised_images
from equipoise.algorithms.penalties import Penalty, added, check_penalties, penalised
from equipoise.algorithms.scores import fixed_fakes, score_means, scores, scores_of_each, scores_one_by_one
from equipoise.common.checks import check_non_negative, check_whole
from equipoise.losses import AdversarialLoss, spatial_generator_loss
from equipoise.losses.catalogue import AMPLIFIERS, LOSSES
from equipoise.training.distributed import gather
from equipoise.training.draw import Draw
from equipoise.training.game import Algorithm, Move, Outcome, Players, Stage


@dataclass(frozen=True, kw_only=True)
class GAN(Algorithm[nn.Module]):
    """Generator against discriminator, with the loss by name.

    Attributes:
        loss: which pair of losses, of `equipoise.losses.catalogue.LOSSES`.
        amplifier: other than "none", the generator's loss is -E[Y A(Y)] on the discriminator's map of scores Y with
            this amplification A (see `equipoise.losses.spatial`); the discriminator then returns [batch, n, n].
        penalties: on the discriminator's gradient with respect to its input, each at most once; the discriminator must
            not batch-normalise.
        head_decay: adds head_decay / 2 times the squared norm of the last layer's weights to the discriminator's loss:
            1 / (C batch) in the Geometric GAN.
        discriminator_steps: discriminator steps per generator step (n_dis), each with a real batch of its own.
        update: "alternating", each step with fresh noise; or "simultaneous", both gradients from one forward pass.
        first: who moves first in an alternating iteration; the generator in SNGAN's code.
        generator_batches: the generator's step sees so many times the batch size: 2 in the codes of WGAN-GP and SNGAN.
        dequantisation: noise within one level of 256 on the real images, as in the codes of WGAN-GP and SNGAN for
            CIFAR-10: name the experiment's value range, "symmetric" or "unit"; or "none".
    """

    players = ("generator", "discriminator")
    loss: str = "non-saturating"
    amplifier: str = "none"
    penalties: tuple[Penalty, ...] = ()
    head_decay: float = 0.0
    discriminator_steps: int = 1
    update: Literal["alternating", "simultaneous"] = "alternating"
    first: Literal["discriminator", "generator"] = "discriminator"
    generator_batches: int = 1
    dequantisation: Dequantisation = "none"

    def __post_init__(self) -> None:
        super().__post_init__()
        LOSSES.check(self.loss)
        AMPLIFIERS.check(self.amplifier, "none")
        check_whole("discriminator_steps", self.discriminator_steps, 1)
        check_whole("generator_batches", self.generator_batches, 1)
        check_non_negative("head_decay", self.head_decay)
        check_penalties(self.penalties)
        if self.update == "simultaneous" and self.discriminator_steps != 1:
            raise ValueError("a simultaneous update makes exactly one discriminator step per generator step.")
        if self.update == "simultaneous" and self.generator_batches != 1:
            raise ValueError("a simultaneous update shares one generated batch: generator_batches must be 1.")
        if self._needs_real and self.generator_batches != 1:
            raise ValueError(
                f"the loss {self.loss} compares fake scores with as many real: generator_batches must be 1."
            )

    def stages(self) -> tuple[Stage[nn.Module], ...]:
        """One stage."""
        variant, steps = partial(added, self.penalties), self.discriminator_steps
        both = Move("both", self._both, ("discriminator", "generator"), variant=variant)
        discriminator = Move("discriminator", self._discriminator, ("discriminator",), steps, variant=variant)
        generator = Move("generator", self._generator, ("generator",), fresh=False)
        moves = {"discriminator": (discriminator, generator), "generator": (generator, discriminator)}[self.first]
        chosen = (both,) if self.update == "simultaneous" else moves
        return (Stage("adversarial", chosen, epochs=self.epochs, iterations=self.iterations),)

    def _discriminator(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        draw = with_dequantised_images(draw, self.dequantisation)
        fake = fixed_fakes(players, draw)
        real_scores, fake_scores = scores_of_each(players, draw.real, fake)
        loss, measures = self._discriminator_loss(real_scores, fake_scores, players, fake, draw)
        return Outcome({"discriminator": loss}, measures)

    def _generator(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        names = ["latent", *(f"latent-{number}" for number in range(2, self.generator_batches + 1))]
        fake_scores = scores(players, players["generator"](draw.latent(*names)))
        real_scores = self._real_scores(players, draw) if self._needs_real else fake_scores.new_empty(0)
        return Outcome({"generator": self._generator_loss(real_scores, fake_scores)})

    def _both(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        draw = with_dequantised_images(draw, self.dequantisation)
        fake = players["generator"](draw.latent())
        real_scores, fake_scores = scores_one_by_one(players, draw.real, fake)
        loss, measures = self._discriminator_loss(real_scores, fake_scores, players, fake, draw)
        return Outcome(
            {"discriminator": loss, "generator": self._generator_loss(real_scores.detach(), fake_scores)}, measures
        )

    @property
    def _loss(self) -> AdversarialLoss:
        found: AdversarialLoss = LOSSES.load(self.loss)
        return found

    @property
    def _needs_real(self) -> bool:
        return self._loss.generator_needs_real and self.amplifier == "none"

    @torch.no_grad()
    def _real_scores(self, players: Players, draw: Draw) -> Tensor:
        return scores(players, with_dequantised_images(draw, self.dequantisation).real)

    def _generator_loss(self, real_scores: Tensor, fake_scores: Tensor) -> Tensor:
        if self.amplifier == "none":
            return self._loss.generator(real_scores, fake_scores)
        return spatial_generator_loss(fake_scores, self.amplifier)

    def _discriminator_loss(
        self, real_scores: Tensor, fake_scores: Tensor, players: Players, fake: Tensor, draw: Draw
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The discriminator's loss with its decay and penalties, and what of that goes to the log."""
        loss, discriminator = self._loss.discriminator(real_scores, fake_scores), players["discriminator"]
        if self.head_decay:
            loss = loss + self.head_decay / 2 * _squared_head(discriminator)
        loss, measures = penalised(loss, self.penalties, discriminator, fake, draw)
        return loss, score_means(real_scores, fake_scores) | measures


def _squared_head(discriminator: nn.Module) -> Tensor:
    """The squared norm of the last layer's weights, biases apart. Every process has the same: the mean is gathered."""
    head = discriminator.get_submodule("head")
    total = torch.stack([weight.square().sum() for weight in head.parameters() if weight.ndim > 1]).sum()
    return gather(total[None]).mean()
