"""What the energy-based algorithms share: energies of real and generated images under an auto-encoder."""

from functools import partial
from typing import Literal

import torch
from torch import Tensor

from equipoise.losses import energy_discriminator_loss, energy_generator_loss, reconstruction_energy
from equipoise.training.distributed import gather, gather_each
from equipoise.training.draw import Draw
from equipoise.training.game import Outcome, Players
from equipoise.training.passes import together

EnergyKind = Literal["squared", "norm"]
"""The scale of an energy: the sum of squares, or its root."""


def energies(players: Players, images: Tensor, kind: str) -> Tensor:
    """The discriminator's energy of each image, over all processes: [batch].

    Args:
        players: the discriminator is an auto-encoder.
        images: [batch, ...].
        kind: as in `equipoise.losses.reconstruction_energy`.
    """
    return gather(reconstruction_energy(images, players["discriminator"](images), kind))


def real_and_fake_energies(players: Players, draw: Draw, kind: str) -> tuple[Tensor, Tensor]:
    """Energies of the real batch and of a generated one that carries no gradient to the generator."""
    with torch.no_grad():
        fake = players["generator"](draw.latent())
    judge = partial(reconstruction_energy, kind=kind)
    real, fake = gather_each(*together(players["discriminator"], draw.real, fake, judge=judge))
    return real, fake


def hinge_outcome(real: Tensor, fake: Tensor, margin: Tensor | float) -> Outcome:
    """The discriminator's margin loss of EBGAN and MAGAN; the real energy goes to the log."""
    return Outcome({"discriminator": energy_discriminator_loss(real, fake, margin)}, {"real_energy": real.mean()})


def generator_outcome(fake: Tensor) -> Outcome:
    """The generator's loss of EBGAN and MAGAN; the fake energy goes to the log."""
    return Outcome({"generator": energy_generator_loss(fake)}, {"fake_energy": fake.mean()})
