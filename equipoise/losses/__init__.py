"""Losses: pure functions of scores, energies or features. One equation, one function."""

from equipoise.losses.adversarial import (
    hinge_discriminator_loss,
    hinge_generator_loss,
    least_squares_discriminator_loss,
    least_squares_generator_loss,
    minimax_discriminator_loss,
    minimax_generator_loss,
    non_saturating_generator_loss,
    wasserstein_discriminator_loss,
    wasserstein_generator_loss,
)
from equipoise.losses.energy import (
    adapted_margin,
    boundary_equilibrium_losses,
    convergence_measure,
    energy_discriminator_loss,
    energy_generator_loss,
    pulling_away,
    reconstruction_energy,
    updated_balance,
)

__all__ = [
    "adapted_margin",
    "boundary_equilibrium_losses",
    "convergence_measure",
    "energy_discriminator_loss",
    "energy_generator_loss",
    "hinge_discriminator_loss",
    "hinge_generator_loss",
    "least_squares_discriminator_loss",
    "least_squares_generator_loss",
    "minimax_discriminator_loss",
    "minimax_generator_loss",
    "non_saturating_generator_loss",
    "pulling_away",
    "reconstruction_energy",
    "updated_balance",
    "wasserstein_discriminator_loss",
    "wasserstein_generator_loss",
]
