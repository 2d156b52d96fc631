"""What keeps a discriminator Lipschitz: spectral normalisation, gradient penalties and weight clipping.

Names are loaded when they are first used.
"""

from typing import TYPE_CHECKING

from equipoise.common.lazy import homes, lazy_names

if TYPE_CHECKING:
    from equipoise.constraints.constant_masks import ConstantMasks as ConstantMasks
    from equipoise.constraints.exact_norm import exact_spectral_norm as exact_spectral_norm
    from equipoise.constraints.finite_differences import lazy_weight as lazy_weight
    from equipoise.constraints.finite_differences import r1_by_differences as r1_by_differences
    from equipoise.constraints.finite_differences import r1_by_differences_per_sample as r1_by_differences_per_sample
    from equipoise.constraints.finite_differences import r2_by_differences as r2_by_differences
    from equipoise.constraints.finite_differences import r2_by_differences_per_sample as r2_by_differences_per_sample
    from equipoise.constraints.gradient_penalties import gradient_penalty as gradient_penalty
    from equipoise.constraints.gradient_penalties import gradient_penalty_per_sample as gradient_penalty_per_sample
    from equipoise.constraints.gradient_penalties import interpolate as interpolate
    from equipoise.constraints.gradient_penalties import r1_penalty as r1_penalty
    from equipoise.constraints.gradient_penalties import r1_penalty_per_sample as r1_penalty_per_sample
    from equipoise.constraints.gradient_penalties import r2_penalty as r2_penalty
    from equipoise.constraints.gradient_penalties import r2_penalty_per_sample as r2_penalty_per_sample
    from equipoise.constraints.gradient_penalties import scaled_mmd_loss as scaled_mmd_loss
    from equipoise.constraints.gradient_penalties import scaled_repulsive_loss as scaled_repulsive_loss
    from equipoise.constraints.gradient_penalties import squared_jacobian_norm as squared_jacobian_norm
    from equipoise.constraints.spectral_norm import SpectralNorm as SpectralNorm
    from equipoise.constraints.spectral_norm import advance_spectral_norms as advance_spectral_norms
    from equipoise.constraints.spectral_norm import spectral_norms as spectral_norms
    from equipoise.constraints.weight_clip import WeightClip as WeightClip

_HOMES = homes(
    __name__,
    constant_masks="ConstantMasks",
    exact_norm="exact_spectral_norm",
    finite_differences="lazy_weight r1_by_differences r1_by_differences_per_sample r2_by_differences "
    "r2_by_differences_per_sample",
    gradient_penalties="gradient_penalty gradient_penalty_per_sample interpolate r1_penalty r1_penalty_per_sample "
    "r2_penalty r2_penalty_per_sample scaled_mmd_loss scaled_repulsive_loss squared_jacobian_norm",
    spectral_norm="SpectralNorm advance_spectral_norms spectral_norms",
    weight_clip="WeightClip",
)

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
