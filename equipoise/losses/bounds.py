"""Bounds of squared distances that follow the real pairs, by the conditions of MAGAN's margin (our own)."""

import torch
from torch import Tensor

from equipoise.losses.energy import generator_stalls


def adapted_bounds(bounds: Tensor, quantiles: Tensor, real: Tensor, fake: Tensor, fake_before: Tensor) -> Tensor:
    """Bounds after an epoch: inside the old ones, and no further in than the real pairs' quantiles.

    They move when the generator stalls (`generator_stalls`), and stay where they would cross, as when the discriminator
    has pulled all real images together.

    Args:
        bounds: [..., 2], lower and upper.
        quantiles: [..., 2], of the real pairs' squared distances.
        real: [...], minus their mean.
        fake: [...], minus the mean of the generated pairs.
        fake_before: [...], `fake` of the epoch before; infinity in the first.
    """
    inner = torch.stack([torch.maximum(bounds, quantiles)[..., 0], torch.minimum(bounds, quantiles)[..., 1]], -1)
    moves = generator_stalls(real, fake, fake_before) & (inner[..., 0] < inner[..., 1])
    return torch.where(moves[..., None], inner, bounds)
