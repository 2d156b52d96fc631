"""A constraint of your own: the weights of each unit have a norm of at most `limit` (Srebro et al. 2004).

equipoise --plugin examples/extending/my_constraint.py train gan-digits \
    --set "players.discriminator.constraint={kind: my-max-norm, limit: 1.0}"
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

import equipoise
from equipoise.common.checks import check_positive


@dataclass(frozen=True)
class MaxNorm:
    """After each step, every row of a weight matrix that is longer than the limit is scaled back to it.

    Args:
        limit: the largest norm, above 0.
    """

    limit: float = 1.0

    def __post_init__(self) -> None:
        check_positive("limit", self.limit)

    def attach(self, module: nn.Module, example: Tensor, generator: torch.Generator) -> None:
        """Called once, after the first weights were set: they start within the limit."""
        self.after_step(module)

    @torch.no_grad()
    def after_step(self, module: nn.Module) -> None:
        """Called after each of the player's optimiser steps."""
        for weight in module.parameters():
            if weight.ndim > 1:
                norms = torch.linalg.vector_norm(weight.flatten(1), dim=1).clamp(min=torch.finfo(weight.dtype).tiny)
                factors = (self.limit / norms).clamp(max=1)
                weight.mul_(factors.reshape(-1, *[1] * (weight.ndim - 1)))


equipoise.register(constraint=equipoise.Entry("my-max-norm", "every unit's weights have a bounded norm", MaxNorm))
