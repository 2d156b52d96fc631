"""An algorithm of your own: a GAN whose generator learns more slowly while it fools the discriminator.

equipoise --plugin examples/extending/my_algorithm.py train my-paced-digits
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

import equipoise
from equipoise.algorithms.scores import fixed_fakes, score_means, scores, scores_of_each
from equipoise.common.checks import check_positive
from equipoise.experiments.experiment import Experiment
from equipoise.losses import minimax_discriminator_loss, non_saturating_generator_loss
from equipoise.recipes.catalogue import recipe
from equipoise.training.draw import Draw
from equipoise.training.game import Algorithm, Move, Outcome, Players, Stage


class Gap(nn.Module):
    """What the algorithm remembers: a running mean of real minus fake scores, saved with every checkpoint."""

    mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(()))


@dataclass(frozen=True, kw_only=True)
class PacedGAN(Algorithm[Gap]):
    """The generator's loss is weighted with sigmoid(gap): by 1/2 where real and fake images score the same.

    Attributes:
        pace: the share of the running mean that each new batch replaces, above 0.
    """

    pace: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive("pace", self.pace)

    @property
    def players(self) -> tuple[str, ...]:
        """Generator and discriminator."""
        return ("generator", "discriminator")

    def create_memory(self) -> Gap:
        """No gap yet."""
        return Gap()

    def stages(self) -> tuple[Stage[Gap], ...]:
        """One stage of two moves: first the discriminator's, then the generator's."""
        moves = (
            Move("discriminator", self._discriminator, ("discriminator",)),
            Move("generator", self._generator, ("generator",), fresh=False),
        )
        return (Stage("adversarial", moves, epochs=self.epochs, iterations=self.iterations),)

    def _discriminator(self, players: Players, memory: Gap, draw: Draw) -> Outcome:
        real, fake = scores_of_each(players, draw.real, fixed_fakes(players, draw))
        memory.mean.lerp_((real.mean() - fake.mean()).detach().to(memory.mean.dtype), self.pace)
        measures = score_means(real, fake) | {"gap": memory.mean.clone()}
        return Outcome({"discriminator": minimax_discriminator_loss(real, fake)}, measures)

    def _generator(self, players: Players, memory: Gap, draw: Draw) -> Outcome:
        fake = scores(players, players["generator"](draw.latent()))
        return Outcome({"generator": torch.sigmoid(memory.mean) * non_saturating_generator_loss(fake)})


def my_paced_digits() -> Experiment:
    """The paced GAN on scikit-learn's digits, with the networks of the recipe gan-digits."""
    return replace(recipe("gan-digits"), algorithm=PacedGAN(epochs=200))


equipoise.register(
    algorithm=equipoise.Entry("my-paced-gan", "the generator slows down while it wins", PacedGAN),
    recipe=equipoise.Entry("my-paced-digits", "Paced GAN on scikit-learn's digits", my_paced_digits),
)
