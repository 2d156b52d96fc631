"""Losses: pure functions of scores, energies or features. One equation, one function.

Names are loaded when they are first used.
"""

from typing import TYPE_CHECKING

from equipoise.common.lazy import homes, lazy_names

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

_HOMES = homes(
    __name__,
    adversarial="AdversarialLoss hinge_discriminator_loss hinge_generator_loss least_squares_discriminator_loss "
    "least_squares_generator_loss minimax_discriminator_loss minimax_generator_loss "
    "non_saturating_generator_loss relativistic_discriminator_loss relativistic_generator_loss "
    "wasserstein_discriminator_loss wasserstein_generator_loss",
    distances="squared_distances",
    energy="adapted_margin boundary_equilibrium_losses convergence_measure energy_discriminator_loss "
    "energy_generator_loss one_sided_pulling_away pulling_away reconstruction_energy updated_balance",
    head="AdversarialHead",
    kernels="DistanceKernel GaussianKernel LaplaceKernel RationalQuadraticKernel gaussian_kernel "
    "rational_quadratic_kernel",
    maps="feature_matching_loss over_maps",
    mmd="mmd_discriminator_loss mmd_generator_loss squared_mmd",
    modes="diffusion_discriminator_loss diffusion_generator_loss geometric_regulariser manifold_discriminator_loss "
    "manifold_generator_loss mode_regulariser reg_gan_encoder_loss reg_gan_generator_loss",
    spatial="spatial_generator_loss",
    weighting="WarmUp adaptive_weight",
)

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
