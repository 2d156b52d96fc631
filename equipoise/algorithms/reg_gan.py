"""Mode-regularised GAN: an encoder leads the generator to the modes of the data (Che et al. 2017, section 3.2)."""

from dataclasses import dataclass
from functools import partial
from typing import Literal

from torch import Tensor, nn

from equipoise.algorithms.penalties import Penalty, added, check_penalties, penalised
from equipoise.algorithms.scores import (
    encoded_inputs,
    features,
    fixed_fakes,
    fixed_reconstructions,
    generated_part,
    reconstructions,
    score_means,
    scores,
    scores_of_each,
)
from equipoise.common.checks import check_non_negative, check_whole
from equipoise.losses import minimax_discriminator_loss, reg_gan_encoder_loss, reg_gan_generator_loss
from equipoise.training.distributed import gather
from equipoise.training.draw import Draw
from equipoise.training.game import Algorithm, Move, Outcome, Players, Stage


@dataclass(frozen=True, kw_only=True)
class RegGAN(Algorithm[nn.Module]):
    """Generator and encoder step together, from one graph, after the discriminator's ordinary step.

    The mode regulariser has the minus sign that the paper's text asks for and its equations leave out.

    Attributes:
        geometric_weight: lambda1, of the distance between x and G(E(x)).
        mode_weight: lambda2, of -log D(G(E(x))).
        similarity: where the distance is taken, in "pixels" or in the discriminator's last hidden "features".
        reduction: of the squared errors of one image: their "mean" or their "sum"; the paper does not say which.
        encoded_fakes: whether the discriminator is shown G(E(x)) as generated too; the paper does not list it.
        discriminator_steps: discriminator steps per iteration, each with a real batch of its own.
        penalties: on the discriminator's gradient, each at most once; none in the paper.
    """

    players = ("generator", "encoder", "discriminator")
    geometric_weight: float = 0.2
    mode_weight: float = 0.4
    similarity: Literal["pixels", "features"] = "pixels"
    reduction: Literal["mean", "sum"] = "mean"
    encoded_fakes: bool = False
    discriminator_steps: int = 1
    penalties: tuple[Penalty, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        check_non_negative("geometric_weight", self.geometric_weight)
        check_non_negative("mode_weight", self.mode_weight)
        check_whole("discriminator_steps", self.discriminator_steps, 1)
        check_penalties(self.penalties)

    def generator_inputs(self, players: Players, draw: Draw) -> dict[str, Tensor]:
        """Latents of the prior, and codes of real images."""
        return encoded_inputs(players, draw)

    def stages(self) -> tuple[Stage[nn.Module], ...]:
        """One stage: the discriminator, then generator and encoder on the same real batch with fresh noise."""
        variant, steps = partial(added, self.penalties), self.discriminator_steps
        moves = (
            Move("discriminator", self._discriminator, ("discriminator",), steps, variant=variant),
            Move("generator-encoder", self._generator_and_encoder, ("generator", "encoder"), fresh=False),
        )
        return (Stage("adversarial", moves, self.epochs, self.iterations),)

    def _discriminator(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        encoded = (fixed_reconstructions(players, draw.real),) if self.encoded_fakes else ()
        fake = fixed_fakes(players, draw)
        real_scores, fake_scores, *encoded_scores = scores_of_each(players, draw.real, fake, *encoded)
        loss = minimax_discriminator_loss(real_scores, fake_scores)
        for each in encoded_scores:
            loss = loss + generated_part(each)
        loss, measures = penalised(loss, self.penalties, players["discriminator"], fake, draw)
        return Outcome({"discriminator": loss}, score_means(real_scores, fake_scores) | measures)

    def _generator_and_encoder(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        fake_scores = scores(players, players["generator"](draw.latent()))
        decoded = reconstructions(players, draw.real)
        encoded_scores = scores(players, decoded)
        goal, found = self._compared(players, draw.real), self._compared(players, decoded)
        lambda1, lambda2, reduction = self.geometric_weight, self.mode_weight, self.reduction
        losses = {
            "generator": reg_gan_generator_loss(fake_scores, encoded_scores, goal, found, lambda1, lambda2, reduction),
            "encoder": reg_gan_encoder_loss(encoded_scores, goal, found, lambda1, lambda2, reduction),
        }
        error = (found - goal).square().mean()
        return Outcome(losses, {"encoded_score": encoded_scores.mean(), "reconstruction_error": error})

    def _compared(self, players: Players, images: Tensor) -> Tensor:
        """What the distance is taken between, over all processes."""
        return features(players, images) if self.similarity == "features" else gather(images)
