"""Dropout whose mask comes from a given generator."""

from typing import Self

import torch
from torch import distributed, nn

from equipoise.common.errors import EquipoiseError
from equipoise.networks.normalisation import many_ranks


class Dropout(nn.Module):
    """Sets each value to zero with the given probability and scales the rest by 1/(1 - probability), while training.

    It is Reseedable: `reseed` gives it the generator that its masks are drawn from. In a run of several processes, all
    of them draw the whole batch's mask from the same generator, and each keeps the rows that belong to its samples.
    """

    def __init__(self, probability: float = 0.5) -> None:
        super().__init__()
        if not 0.0 <= probability < 1.0:
            raise EquipoiseError(f"the probability of dropout must be at least 0 and below 1, got {probability}.")
        self.probability = probability
        self._generator: torch.Generator | None = None

    def reseed(self, generator: torch.Generator) -> None:
        """Draw the masks from this generator from now on; it must live on the device of the values."""
        self._generator = generator

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """values: [batch, ...]; the result has the same shape."""
        if not self.training or self.probability == 0.0:
            return values
        if self._generator is None:
            raise ValueError("Dropout was given no generator; expected a call of reseed(generator) before training.")
        return values * self._kept(values, self._generator) / (1.0 - self.probability)

    def _kept(self, values: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        ranks, rank = (distributed.get_world_size(), distributed.get_rank()) if many_ranks() else (1, 0)
        shape = (ranks * values.shape[0], *values.shape[1:])
        chance = torch.rand(shape, generator=generator, device=values.device, dtype=torch.float32)
        kept = chance >= self.probability
        return kept.chunk(ranks)[rank]

    def __deepcopy__(self, memory: dict[int, object]) -> Self:
        """A copy shares nothing: it must be given a generator of its own."""
        copied = type(self)(self.probability)
        copied.train(self.training)
        return copied

    def extra_repr(self) -> str:
        """What `print` shows of the layer."""
        return f"probability={self.probability}"
