"""What keeps a discriminator Lipschitz: spectral normalisation, gradient penalties and weight clipping."""

from equipoise.constraints.constant_masks import ConstantMasks
from equipoise.constraints.exact_norm import exact_spectral_norm
from equipoise.constraints.gradient_penalty import (
    gradient_penalty,
    gradient_penalty_per_sample,
    interpolate,
    r1_penalty,
    r1_penalty_per_sample,
    r2_penalty,
    r2_penalty_per_sample,
    scaled_mmd_loss,
    scaled_repulsive_loss,
    squared_jacobian_norm,
)
from equipoise.constraints.spectral_norm import SpectralNorm, advance_spectral_norms, spectral_norms
from equipoise.constraints.weight_clip import WeightClip

__all__ = [
    "ConstantMasks",
    "SpectralNorm",
    "WeightClip",
    "advance_spectral_norms",
    "exact_spectral_norm",
    "gradient_penalty",
    "gradient_penalty_per_sample",
    "interpolate",
    "r1_penalty",
    "r1_penalty_per_sample",
    "r2_penalty",
    "r2_penalty_per_sample",
    "scaled_mmd_loss",
    "scaled_repulsive_loss",
    "spectral_norms",
    "squared_jacobian_norm",
]
