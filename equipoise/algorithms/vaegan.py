"""VAEGAN: a variational auto-encoder whose similarity is a discriminator's (Larsen et al. 2016).

A comparison of Che et al. 2017, Table 4. Every player steps at once, from one graph.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from equipoise.algorithms.checks import check_not_negative
from equipoise.algorithms.scores import ENCODED, features, generated_part, score_means, scores_one_by_one
from equipoise.losses import (
    geometric_regulariser,
    minimax_discriminator_loss,
    non_saturating_generator_loss,
)
from equipoise.training.distributed import gather
from equipoise.training.draw import Draw
from equipoise.training.game import Algorithm, Move, Outcome, Players, Stage


@dataclass(frozen=True, kw_only=True)
class VAEGAN(Algorithm):
    """Encoder: prior + similarity; generator (the decoder): similarity + adversarial; discriminator: adversarial.

    The prior is N(0, 1). The generator's adversarial loss is the non-saturating one.

    Attributes:
        similarity_weight: of half the squared distance of the discriminator's last hidden features, in the generator's
            loss; the encoder's has it with weight 1.
        prior_weight: of the divergence of the encoder's distribution from the prior, in the encoder's loss.
    """

    similarity_weight: float = 1e-2
    prior_weight: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_not_negative(self, "similarity_weight", "prior_weight")

    @property
    def players(self) -> tuple[str, ...]:
        """Generator, variational encoder and discriminator."""
        return ("generator", "encoder", "discriminator")

    def stages(self) -> tuple[Stage, ...]:
        """One stage of one simultaneous move."""
        move = Move("all", self._all, ("discriminator", "generator", "encoder"))
        return (Stage("adversarial", (move,), self.epochs, self.iterations),)

    def _all(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        mean, log_variance = players["encoder"](draw.real)
        code = sampled_code(mean, log_variance, draw)
        decoded = players["generator"](code, batch_kind=ENCODED)
        fake = players["generator"](draw.latent())
        real_scores, encoded_scores, fake_scores = scores_one_by_one(players, draw.real, decoded, fake)
        distance = geometric_regulariser(features(players, draw.real).detach(), features(players, decoded), "sum") / 2
        divergence = gather(prior_divergence(mean, log_variance)).mean()
        adversarial = non_saturating_generator_loss(fake_scores) + non_saturating_generator_loss(encoded_scores)
        losses = {
            "discriminator": minimax_discriminator_loss(real_scores, fake_scores) + generated_part(encoded_scores),
            "generator": self.similarity_weight * distance + adversarial,
            "encoder": self.prior_weight * divergence + distance,
        }
        measures = {"similarity": distance, "divergence": divergence}
        return Outcome(losses, score_means(real_scores, fake_scores) | measures)


def sampled_code(mean: Tensor, log_variance: Tensor, draw: Draw) -> Tensor:
    """mean + exp(log_variance / 2) noise: a code from the encoder's distribution. Returns: [batch, latent size]."""
    return mean + (log_variance / 2).exp() * draw.normal("code", mean.shape[1])


def prior_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, variance) || N(0, 1)) of each sample, [batch] (Kingma and Welling 2014, appendix B)."""
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=1) / 2
