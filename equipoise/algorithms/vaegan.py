"""VAEGAN: a variational auto-encoder whose similarity is a discriminator's (Larsen et al. 2016).

A comparison of Che et al. 2017, Table 4. Every player steps at once, from one graph. The defaults of the weights are
those of the method's released code, but for its balance of the players: it lets the generator or the discriminator sit
a step out where the other is far behind.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from equipoise.algorithms.scores import ENCODED, features, generated_part, score_means, scores_one_by_one
from equipoise.common.checks import check_non_negative
from equipoise.losses import geometric_regulariser, non_saturating_generator_loss
from equipoise.networks.encoder import reparameterised
from equipoise.training.distributed import gather
from equipoise.training.draw import Draw
from equipoise.training.game import NOISE, Algorithm, Move, Outcome, Players, Stage


@dataclass(frozen=True, kw_only=True)
class VAEGAN(Algorithm[nn.Module]):
    """Encoder: prior + similarity; generator (the decoder): similarity + adversarial; discriminator: adversarial.

    The prior is N(0, 1). The generator's adversarial loss is the non-saturating one; the released code's is minimax.

    Attributes:
        similarity_weight: of half the squared distance of the discriminator's last hidden features, in the generator's
            loss, where the adversarial part has 1 minus this weight; the encoder's has it with weight 1. 0 to 1.
        prior_weight: of the divergence of the encoder's distribution from the prior, in the encoder's loss.
        real_weight: of real images in the discriminator's loss; samples and reconstructions share the rest. 0 to 1.
    """

    players = ("generator", "encoder", "discriminator")
    """Generator, variational encoder and discriminator."""
    similarity_weight: float = 1e-6
    prior_weight: float = 1.0
    real_weight: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        check_non_negative("similarity_weight", self.similarity_weight)
        check_non_negative("prior_weight", self.prior_weight)
        check_non_negative("real_weight", self.real_weight)
        for name in ("similarity_weight", "real_weight"):
            if getattr(self, name) > 1:
                raise ValueError(f"{name} must be at most 1, got {getattr(self, name)}.")

    def generator_inputs(self, players: Players, draw: Draw) -> dict[str, Tensor]:
        """Latents of the prior, and codes of real images."""
        mean, log_variance = players["encoder"](draw.real)
        return {NOISE: draw.latent(), ENCODED: sampled_code(mean, log_variance, draw)}

    def stages(self) -> tuple[Stage[nn.Module], ...]:
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
        generated = (generated_part(fake_scores) + generated_part(encoded_scores)) / 2
        # softplus(-s), the part that real images have, is also what a generator lowers
        real = non_saturating_generator_loss(real_scores)
        losses = {
            "discriminator": self.real_weight * real + (1 - self.real_weight) * generated,
            "generator": self.similarity_weight * distance + (1 - self.similarity_weight) * adversarial,
            "encoder": self.prior_weight * divergence + distance,
        }
        measures = {"similarity": distance, "divergence": divergence}
        return Outcome(losses, score_means(real_scores, fake_scores) | measures)


def sampled_code(mean: Tensor, log_variance: Tensor, draw: Draw) -> Tensor:
    """mean + exp(log_variance / 2) noise: a code from the encoder's distribution. Returns: [batch, latent size]."""
    return reparameterised(mean, log_variance, draw.normal("code", mean.shape[1]))


def prior_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, variance) || N(0, 1)) of each sample, [batch] (Kingma and Welling 2014, appendix B)."""
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=1) / 2
