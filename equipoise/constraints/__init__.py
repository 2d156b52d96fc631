"""What keeps a discriminator Lipschitz: spectral normalisation, gradient penalties and weight clipping.

Names are loaded when they are first used.
"""

from typing import TYPE_CHECKING

from equipoise.common.lazy import lazy_names

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

_HOMES = {
    "ConstantMasks": "equipoise.constraints.constant_masks",
    "SpectralNorm": "equipoise.constraints.spectral_norm",
    "WeightClip": "equipoise.constraints.weight_clip",
    "advance_spectral_norms": "equipoise.constraints.spectral_norm",
    "exact_spectral_norm": "equipoise.constraints.exact_norm",
    "gradient_penalty": "equipoise.constraints.gradient_penalties",
    "gradient_penalty_per_sample": "equipoise.constraints.gradient_penalties",
    "interpolate": "equipoise.constraints.gradient_penalties",
    "lazy_weight": "equipoise.constraints.finite_differences",
    "r1_by_differences": "equipoise.constraints.finite_differences",
    "r1_by_differences_per_sample": "equipoise.constraints.finite_differences",
    "r1_penalty": "equipoise.constraints.gradient_penalties",
    "r1_penalty_per_sample": "equipoise.constraints.gradient_penalties",
    "r2_by_differences": "equipoise.constraints.finite_differences",
    "r2_by_differences_per_sample": "equipoise.constraints.finite_differences",
    "r2_penalty": "equipoise.constraints.gradient_penalties",
    "r2_penalty_per_sample": "equipoise.constraints.gradient_penalties",
    "scaled_mmd_loss": "equipoise.constraints.gradient_penalties",
    "scaled_repulsive_loss": "equipoise.constraints.gradient_penalties",
    "spectral_norms": "equipoise.constraints.spectral_norm",
    "squared_jacobian_norm": "equipoise.constraints.gradient_penalties",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
