"""The hinge loss with a margin that follows the real data's energy, by MAGAN's rule (our own; see its page).

    L_D = E relu(m - s(x)) + E relu(m + s(G(z)))        L_G = -E s(G(z))

With the energy e = (m - s) / 2 of a score s this is twice MAGAN's loss, E relu(e(x)) + E relu(m - e(G(z))), so that its
rule for the margin (Wang et al. 2017, Eq. 4) means the same: m becomes E relu(e(x)) at the end of an epoch in which
that is less than m and less than the generated images' energy, and the generator has gained nothing.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import relu

from equipoise.algorithms.magan import MarginMemory
from equipoise.algorithms.scores import fixed_fakes, score_means, scores, scores_of_each
from equipoise.common.checks import check_positive, check_whole
from equipoise.losses import hinge_discriminator_loss, hinge_generator_loss
from equipoise.training.draw import Draw
from equipoise.training.game import Algorithm, Move, Outcome, Players, Stage


@dataclass(frozen=True, kw_only=True)
class AdaptiveHinge(Algorithm[MarginMemory]):
    """Hinge with a margin that falls when the generator stalls, or with a fixed one.

    Attributes:
        margin: m, of the first epoch or for good.
        adaptive: whether it follows the rule; False is the plain hinge loss with this margin.
        least_margin: m never falls below; without a limit one epoch in which all real scores are above m ends training.
        discriminator_steps: discriminator steps per generator step, each with a real batch of its own.
    """

    players = ("generator", "discriminator")
    margin: float = 1.0
    adaptive: bool = True
    least_margin: float = 0.01
    discriminator_steps: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive("margin", self.margin)
        check_positive("least_margin", self.least_margin)
        check_whole("discriminator_steps", self.discriminator_steps, 1)
        if self.least_margin > self.margin:
            raise ValueError(f"least_margin must be at most the margin {self.margin}, got {self.least_margin}.")

    def create_memory(self) -> MarginMemory:
        """The margin and the energy sums."""
        memory = MarginMemory()
        memory.margin.fill_(self.margin)
        return memory

    def stages(self) -> tuple[Stage[MarginMemory], ...]:
        """One stage."""
        moves = (
            Move("discriminator", self._discriminator, ("discriminator",), self.discriminator_steps),
            Move("generator", self._generator, ("generator",), fresh=False),
        )
        return (Stage("adversarial", moves, self.epochs, self.iterations, close_epoch=self._close),)

    def _discriminator(self, players: Players, memory: MarginMemory, draw: Draw) -> Outcome:
        real, fake = scores_of_each(players, draw.real, fixed_fakes(players, draw))
        margin = memory.margin.to(real.dtype)
        memory.add_real(relu(margin - real) / 2)
        return Outcome({"discriminator": hinge_discriminator_loss(real, fake, margin)}, score_means(real, fake))

    def _generator(self, players: Players, memory: MarginMemory, draw: Draw) -> Outcome:
        fake = scores(players, players["generator"](draw.latent()))
        memory.add_fake((memory.margin.to(fake.dtype) - fake) / 2)
        return Outcome({"generator": hinge_generator_loss(fake)})

    @torch.no_grad()
    def _close(self, memory: MarginMemory) -> dict[str, Tensor]:
        """MAGAN's rule, within the limit."""
        found = memory.adapt()
        memory.margin.copy_(memory.margin.clamp(min=self.least_margin) if self.adaptive else found["margin"])
        return found | {"next_margin": memory.margin.clone()}
