"""An augmentation of your own: the discriminator sees every image, real or fake, shifted at random (Zhao et al. 2020).

equipoise --plugin examples/extending/my_augmentation.py train my-shifted-digits
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

import equipoise
from equipoise.algorithms.scores import fixed_fakes, score_means, scores, scores_of_each
from equipoise.common.checks import check_whole
from equipoise.experiments.experiment import Experiment
from equipoise.losses import minimax_discriminator_loss, non_saturating_generator_loss
from equipoise.recipes.catalogue import recipe
from equipoise.training.draw import Draw
from equipoise.training.game import Algorithm, Move, Outcome, Players, Stage


def shifted(images: Tensor, chance: Tensor, most: int) -> Tensor:
    """Each image moved by up to `most` pixels in both directions, with zeros where nothing was; differentiable.

    Args:
        images: [batch, channels, height, width].
        chance: [batch, 2], uniform in [0, 1): how far down and how far to the right.
        most: pixels.
    """
    height, width = images.shape[2:]
    steps = (chance * (2 * most + 1)).long()
    rows = torch.arange(height, device=images.device) + steps[:, :1]
    columns = torch.arange(width, device=images.device) + steps[:, 1:]
    padded = nn.functional.pad(images, (most, most, most, most)).permute(0, 2, 3, 1)
    batch = torch.arange(len(images), device=images.device)[:, None, None]
    return padded[batch, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


@dataclass(frozen=True, kw_only=True)
class ShiftedGAN(Algorithm[nn.Module]):
    """The non-saturating GAN, with shifted images for the discriminator in both players' steps.

    Attributes:
        shift: the furthest shift in pixels.
    """

    shift: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole("shift", self.shift, 0)

    @property
    def players(self) -> tuple[str, ...]:
        """Generator and discriminator."""
        return ("generator", "discriminator")

    def create_memory(self) -> nn.Module:
        """Nothing is remembered."""
        return nn.Module()

    def stages(self) -> tuple[Stage[nn.Module], ...]:
        """One stage of two moves: first the discriminator's, then the generator's."""
        moves = (
            Move("discriminator", self._discriminator, ("discriminator",)),
            Move("generator", self._generator, ("generator",), fresh=False),
        )
        return (Stage("adversarial", moves, epochs=self.epochs, iterations=self.iterations),)

    def _discriminator(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        real = shifted(draw.real, draw.uniform("shift/real", 2), self.shift)
        fake = shifted(fixed_fakes(players, draw), draw.uniform("shift/fake", 2), self.shift)
        real_scores, fake_scores = scores_of_each(players, real, fake)
        loss = minimax_discriminator_loss(real_scores, fake_scores)
        return Outcome({"discriminator": loss}, score_means(real_scores, fake_scores))

    def _generator(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        fake = shifted(players["generator"](draw.latent()), draw.uniform("shift/fake", 2), self.shift)
        return Outcome({"generator": non_saturating_generator_loss(scores(players, fake))})


def my_shifted_digits() -> Experiment:
    """The GAN on scikit-learn's digits, with the networks of the recipe gan-digits."""
    return replace(recipe("gan-digits"), algorithm=ShiftedGAN(epochs=200))


equipoise.register(
    algorithm=equipoise.Entry("my-shifted-gan", "the discriminator sees shifted images", ShiftedGAN),
    recipe=equipoise.Entry("my-shifted-digits", "GAN on digits, shifted at random", my_shifted_digits),
)
