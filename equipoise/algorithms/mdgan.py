"""Manifold-diffusion GAN: reconstructions reach the data, then noise reaches the reconstructions (Che et al. 2017)."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from torch import Tensor, nn

from equipoise.algorithms.penalties import Penalty, added, check_penalties, penalised
from equipoise.algorithms.scores import (
    encoded_inputs,
    fixed_fakes,
    fixed_reconstructions,
    reconstructions,
    scores,
    scores_of_each,
)
from equipoise.common.checks import check_non_negative
from equipoise.losses import (
    diffusion_discriminator_loss,
    diffusion_generator_loss,
    manifold_discriminator_loss,
    manifold_generator_loss,
)
from equipoise.training.distributed import gather
from equipoise.training.draw import Draw
from equipoise.training.game import Algorithm, Move, Outcome, Players, Stage

_MANIFOLD, _DIFFUSION = "manifold-discriminator", "diffusion-discriminator"


@dataclass(frozen=True, kw_only=True)
class MDGAN(Algorithm[nn.Module]):
    """The manifold step and the diffusion step, each against a discriminator of its own (Che et al. 2017, Appendix A).

    The encoder, which the appendix forgets to train, learns in the manifold step with the generator's loss; and the
    diffusion discriminator sees G(z) where the appendix prints z.

    Attributes:
        adversarial_weight: lambda, of -log D1(G(E(x))) beside the reconstruction error.
        reduction: of the squared errors of one image: their "mean" or their "sum"; the paper does not say which.
        penalties: on the gradient of each discriminator, at what it takes for real and for generated; none in the
            paper.
    """

    players = ("generator", "encoder", _MANIFOLD, _DIFFUSION)
    adversarial_weight: float = 1.0
    reduction: Literal["mean", "sum"] = "mean"
    penalties: tuple[Penalty, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        check_non_negative("adversarial_weight", self.adversarial_weight)
        check_penalties(self.penalties)

    def generator_inputs(self, players: Players, draw: Draw) -> dict[str, Tensor]:
        """Latents of the prior, and codes of real images."""
        return encoded_inputs(players, draw)

    def stages(self) -> tuple[Stage[nn.Module], ...]:
        """One stage of four moves; each step has a real batch of its own."""
        variant = partial(added, self.penalties)
        moves = (
            Move("manifold-discriminator", self._manifold_discriminator, (_MANIFOLD,), variant=variant),
            Move("manifold-generator", self._manifold_generator, ("generator", "encoder"), fresh=False),
            Move("diffusion-discriminator", self._diffusion_discriminator, (_DIFFUSION,), variant=variant),
            Move("diffusion-generator", self._diffusion_generator, ("generator",), fresh=False),
        )
        return (Stage("adversarial", moves, self.epochs, self.iterations),)

    def _manifold_discriminator(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        encoded = fixed_reconstructions(players, draw.real)
        real_scores, encoded_scores = scores_of_each(players, draw.real, encoded, player=_MANIFOLD)
        loss = manifold_discriminator_loss(real_scores, encoded_scores)
        loss, measures = penalised(loss, self.penalties, players[_MANIFOLD], encoded, draw)
        return Outcome({_MANIFOLD: loss}, {f"manifold_{name}": value for name, value in measures.items()})

    def _manifold_generator(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        decoded = reconstructions(players, draw.real)
        images, decoded_everywhere = gather(draw.real), gather(decoded)
        encoded_scores = scores(players, decoded, _MANIFOLD)
        loss = manifold_generator_loss(
            encoded_scores, images, decoded_everywhere, self.adversarial_weight, self.reduction
        )
        error = (decoded_everywhere - images).square().mean()
        return Outcome({"generator": loss, "encoder": loss}, {"reconstruction_error": error})

    def _diffusion_discriminator(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        encoded, fake = fixed_reconstructions(players, draw.real), fixed_fakes(players, draw)
        encoded_scores, fake_scores = scores_of_each(players, encoded, fake, player=_DIFFUSION)
        loss = diffusion_discriminator_loss(encoded_scores, fake_scores)
        judged = replace(draw, real=encoded)
        loss, measures = penalised(loss, self.penalties, players[_DIFFUSION], fake, judged)
        return Outcome({_DIFFUSION: loss}, {f"diffusion_{name}": value for name, value in measures.items()})

    def _diffusion_generator(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        fake_scores = scores(players, players["generator"](draw.latent()), _DIFFUSION)
        return Outcome({"generator": diffusion_generator_loss(fake_scores)}, {"fake_score": fake_scores.mean()})
