"""Losses: pure functions of scores, energies or features. One equation, one function.

Names are loaded when they are first used.
"""

from typing import TYPE_CHECKING

from equipoise.common.lazy import lazy_names

if TYPE_CHECKING:
    from equipoise.losses.adversarial import AdversarialLoss as AdversarialLoss
    from equipoise.losses.adversarial import hinge_discriminator_loss as hinge_discriminator_loss
    from equipoise.losses.adversarial import hinge_generator_loss as hinge_generator_loss
    from equipoise.losses.adversarial import least_squares_discriminator_loss as least_squares_discriminator_loss
    from equipoise.losses.adversarial import least_squares_generator_loss as least_squares_generator_loss
    from equipoise.losses.adversarial import minimax_discriminator_loss as minimax_discriminator_loss
    from equipoise.losses.adversarial import minimax_generator_loss as minimax_generator_loss
    from equipoise.losses.adversarial import non_saturating_generator_loss as non_saturating_generator_loss
    from equipoise.losses.adversarial import relativistic_discriminator_loss as relativistic_discriminator_loss
    from equipoise.losses.adversarial import relativistic_generator_loss as relativistic_generator_loss
    from equipoise.losses.adversarial import wasserstein_discriminator_loss as wasserstein_discriminator_loss
    from equipoise.losses.adversarial import wasserstein_generator_loss as wasserstein_generator_loss
    from equipoise.losses.distances import squared_distances as squared_distances
    from equipoise.losses.energy import adapted_margin as adapted_margin
    from equipoise.losses.energy import boundary_equilibrium_losses as boundary_equilibrium_losses
    from equipoise.losses.energy import convergence_measure as convergence_measure
    from equipoise.losses.energy import energy_discriminator_loss as energy_discriminator_loss
    from equipoise.losses.energy import energy_generator_loss as energy_generator_loss
    from equipoise.losses.energy import one_sided_pulling_away as one_sided_pulling_away
    from equipoise.losses.energy import pulling_away as pulling_away
    from equipoise.losses.energy import reconstruction_energy as reconstruction_energy
    from equipoise.losses.energy import updated_balance as updated_balance
    from equipoise.losses.head import AdversarialHead as AdversarialHead
    from equipoise.losses.kernels import DistanceKernel as DistanceKernel
    from equipoise.losses.kernels import GaussianKernel as GaussianKernel
    from equipoise.losses.kernels import LaplaceKernel as LaplaceKernel
    from equipoise.losses.kernels import RationalQuadraticKernel as RationalQuadraticKernel
    from equipoise.losses.kernels import gaussian_kernel as gaussian_kernel
    from equipoise.losses.kernels import rational_quadratic_kernel as rational_quadratic_kernel
    from equipoise.losses.maps import feature_matching_loss as feature_matching_loss
    from equipoise.losses.maps import over_maps as over_maps
    from equipoise.losses.mmd import mmd_discriminator_loss as mmd_discriminator_loss
    from equipoise.losses.mmd import mmd_generator_loss as mmd_generator_loss
    from equipoise.losses.mmd import squared_mmd as squared_mmd
    from equipoise.losses.modes import diffusion_discriminator_loss as diffusion_discriminator_loss
    from equipoise.losses.modes import diffusion_generator_loss as diffusion_generator_loss
    from equipoise.losses.modes import geometric_regulariser as geometric_regulariser
    from equipoise.losses.modes import manifold_discriminator_loss as manifold_discriminator_loss
    from equipoise.losses.modes import manifold_generator_loss as manifold_generator_loss
    from equipoise.losses.modes import mode_regulariser as mode_regulariser
    from equipoise.losses.modes import reg_gan_encoder_loss as reg_gan_encoder_loss
    from equipoise.losses.modes import reg_gan_generator_loss as reg_gan_generator_loss
    from equipoise.losses.spatial import spatial_generator_loss as spatial_generator_loss
    from equipoise.losses.weighting import WarmUp as WarmUp
    from equipoise.losses.weighting import adaptive_weight as adaptive_weight

_HOMES = {
    "AdversarialHead": "equipoise.losses.head",
    "AdversarialLoss": "equipoise.losses.adversarial",
    "GaussianKernel": "equipoise.losses.kernels",
    "DistanceKernel": "equipoise.losses.kernels",
    "LaplaceKernel": "equipoise.losses.kernels",
    "RationalQuadraticKernel": "equipoise.losses.kernels",
    "WarmUp": "equipoise.losses.weighting",
    "adapted_margin": "equipoise.losses.energy",
    "adaptive_weight": "equipoise.losses.weighting",
    "boundary_equilibrium_losses": "equipoise.losses.energy",
    "convergence_measure": "equipoise.losses.energy",
    "diffusion_discriminator_loss": "equipoise.losses.modes",
    "diffusion_generator_loss": "equipoise.losses.modes",
    "energy_discriminator_loss": "equipoise.losses.energy",
    "energy_generator_loss": "equipoise.losses.energy",
    "feature_matching_loss": "equipoise.losses.maps",
    "gaussian_kernel": "equipoise.losses.kernels",
    "geometric_regulariser": "equipoise.losses.modes",
    "hinge_discriminator_loss": "equipoise.losses.adversarial",
    "hinge_generator_loss": "equipoise.losses.adversarial",
    "least_squares_discriminator_loss": "equipoise.losses.adversarial",
    "least_squares_generator_loss": "equipoise.losses.adversarial",
    "manifold_discriminator_loss": "equipoise.losses.modes",
    "manifold_generator_loss": "equipoise.losses.modes",
    "minimax_discriminator_loss": "equipoise.losses.adversarial",
    "minimax_generator_loss": "equipoise.losses.adversarial",
    "mmd_discriminator_loss": "equipoise.losses.mmd",
    "mmd_generator_loss": "equipoise.losses.mmd",
    "mode_regulariser": "equipoise.losses.modes",
    "non_saturating_generator_loss": "equipoise.losses.adversarial",
    "one_sided_pulling_away": "equipoise.losses.energy",
    "over_maps": "equipoise.losses.maps",
    "pulling_away": "equipoise.losses.energy",
    "rational_quadratic_kernel": "equipoise.losses.kernels",
    "reconstruction_energy": "equipoise.losses.energy",
    "reg_gan_encoder_loss": "equipoise.losses.modes",
    "reg_gan_generator_loss": "equipoise.losses.modes",
    "relativistic_discriminator_loss": "equipoise.losses.adversarial",
    "relativistic_generator_loss": "equipoise.losses.adversarial",
    "spatial_generator_loss": "equipoise.losses.spatial",
    "squared_distances": "equipoise.losses.distances",
    "squared_mmd": "equipoise.losses.mmd",
    "updated_balance": "equipoise.losses.energy",
    "wasserstein_discriminator_loss": "equipoise.losses.adversarial",
    "wasserstein_generator_loss": "equipoise.losses.adversarial",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
