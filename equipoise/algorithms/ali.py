"""Adversarially learned inference: a discriminator of pairs of image and code (Dumoulin et al. 2017).

A comparison of MAGAN's Table 1.
"""

from dataclasses import dataclass

from torch import nn

from equipoise.algorithms.scores import score_means
from equipoise.algorithms.vaegan import sampled_code
from equipoise.losses import minimax_discriminator_loss, non_saturating_generator_loss
from equipoise.training.distributed import gather_each
from equipoise.training.draw import Draw
from equipoise.training.game import Algorithm, Move, Outcome, Players, Stage


@dataclass(frozen=True, kw_only=True)
class ALI(Algorithm[nn.Module]):
    """The discriminator tells (x, E(x)) from (G(z), z); generator and encoder both work against it.

    Every player steps at once, from one graph. The losses are the non-saturating ones.
    """

    players = ("generator", "encoder", "discriminator")
    """Generator, variational encoder and discriminator of pairs."""

    def stages(self) -> tuple[Stage[nn.Module], ...]:
        """One stage of one simultaneous move."""
        move = Move("all", self._all, ("discriminator", "generator", "encoder"))
        return (Stage("adversarial", (move,), self.epochs, self.iterations),)

    def _all(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        mean, log_variance = players["encoder"](draw.real)
        code = sampled_code(mean, log_variance, draw)
        latent = draw.latent()
        discriminator = players["discriminator"]
        real_scores, fake_scores = gather_each(
            discriminator(draw.real, code), discriminator(players["generator"](latent), latent)
        )
        losses = {
            "discriminator": minimax_discriminator_loss(real_scores, fake_scores),
            "generator": non_saturating_generator_loss(fake_scores),
            "encoder": non_saturating_generator_loss(-real_scores),
        }
        return Outcome(losses, score_means(real_scores, fake_scores))
