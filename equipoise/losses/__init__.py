"""Losses: pure functions of scores, energies or features. One equation, one function."""

from equipoise.losses.adversarial import (
    AdversarialLoss,
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
from equipoise.losses.distances import squared_distances
from equipoise.losses.energy import (
    adapted_margin,
    boundary_equilibrium_losses,
    convergence_measure,
    energy_discriminator_loss,
    energy_generator_loss,
    one_sided_pulling_away,
    pulling_away,
    reconstruction_energy,
    updated_balance,
)
from equipoise.losses.kernels import GaussianKernel, RationalQuadraticKernel, gaussian_kernel, rational_quadratic_kernel
from equipoise.losses.mmd import mmd_discriminator_loss, mmd_generator_loss, squared_mmd
from equipoise.losses.modes import (
    diffusion_discriminator_loss,
    diffusion_generator_loss,
    geometric_regulariser,
    manifold_discriminator_loss,
    manifold_generator_loss,
    mode_regulariser,
    reg_gan_encoder_loss,
    reg_gan_generator_loss,
)
from equipoise.losses.spatial import spatial_generator_loss

__all__ = [
    "AdversarialLoss",
    "GaussianKernel",
    "RationalQuadraticKernel",
    "adapted_margin",
    "boundary_equilibrium_losses",
    "convergence_measure",
    "diffusion_discriminator_loss",
    "diffusion_generator_loss",
    "energy_discriminator_loss",
    "energy_generator_loss",
    "gaussian_kernel",
    "geometric_regulariser",
    "hinge_discriminator_loss",
    "hinge_generator_loss",
    "least_squares_discriminator_loss",
    "least_squares_generator_loss",
    "manifold_discriminator_loss",
    "manifold_generator_loss",
    "minimax_discriminator_loss",
    "minimax_generator_loss",
    "mmd_discriminator_loss",
    "mmd_generator_loss",
    "mode_regulariser",
    "non_saturating_generator_loss",
    "one_sided_pulling_away",
    "pulling_away",
    "rational_quadratic_kernel",
    "reconstruction_energy",
    "reg_gan_encoder_loss",
    "reg_gan_generator_loss",
    "spatial_generator_loss",
    "squared_distances",
    "squared_mmd",
    "updated_balance",
    "wasserstein_discriminator_loss",
    "wasserstein_generator_loss",
]
