"""A Draw: the real batch and all the noise of one play of a move, each a function of its address."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from equipoise.common.random import stream


@dataclass(frozen=True)
class Latent:
    """The generator's prior.

    Attributes:
        size: the number of latent dimensions.
        distribution: "normal" N(0, 1), "uniform" U(-1, 1), or "unit" U(0, 1), for each dimension on its own.
    """

    size: int
    distribution: Literal["normal", "uniform", "unit"] = "normal"

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"latent size must be at least 1, got {self.size}.")

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """`count` latent vectors. Returns: [count, size], float32, on the generator's device."""
        shape = (count, self.size)
        if self.distribution == "normal":
            return torch.randn(shape, generator=generator, device=generator.device)
        unit = torch.rand(shape, generator=generator, device=generator.device)
        return unit if self.distribution == "unit" else unit * 2 - 1


@dataclass(frozen=True)
class Shard:
    """This process's part of every batch: part `rank` of `size` equal parts."""

    rank: int = 0
    size: int = 1

    def of(self, batch: Tensor) -> Tensor:
        """The rows of a whole batch that belong to this process."""
        return batch if self.size == 1 else batch.chunk(self.size)[self.rank]


@dataclass(frozen=True)
class Draw:
    """What chance deals to one play of a move.

    Noise is drawn for the whole batch on the CPU and each process keeps its own rows, so that the numbers depend on
    neither the device nor the number of processes.

    Attributes:
        real: this process's rows of the real batch, [batch, ...].
        batch_size: the whole batch's size, over all processes.
    """

    real: Tensor
    batch_size: int
    prior: Latent
    seed: int
    address: str
    position: int
    shard: Shard = Shard()

    def latent(self, *names: str) -> Tensor:
        """Latent vectors from the prior; another name than "latent" gives other vectors.

        Returns: [batch, latent size]; for several names, as many batches one after the other, split over the processes
        as one batch.
        """
        batches = [self.prior.sample(self.batch_size, self._stream(name)) for name in names or ("latent",)]
        return self._mine(torch.cat(batches) if len(batches) > 1 else batches[0])

    def uniform(self, name: str, *shape: int) -> Tensor:
        """Numbers from U(0, 1). Returns: [batch, *shape]."""
        return self._mine(torch.rand(self.batch_size, *shape, generator=self._stream(name)))

    def normal(self, name: str, *shape: int) -> Tensor:
        """Numbers from N(0, 1). Returns: [batch, *shape]."""
        return self._mine(torch.randn(self.batch_size, *shape, generator=self._stream(name)))

    def _stream(self, name: str) -> torch.Generator:
        return stream(self.seed, f"{self.address}/{name}", self.position)

    def _mine(self, noise: Tensor) -> Tensor:
        return self.shard.of(noise).to(self.real.device, self.real.dtype, non_blocking=True)
