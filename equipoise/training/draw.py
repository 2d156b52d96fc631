"""A draw: the real batch and all random numbers of one execution of a move, each a function of its address."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn

from equipoise.common.random import stream
from equipoise.common.transfer import send
from equipoise.training.ahead import Ahead


@dataclass(frozen=True)
class Latent:
    """The generator's prior.

    Attributes:
        size: the number of latent dimensions.
        distribution: "normal" N(0, 1), "uniform" U(-1, 1), or "unit" U(0, 1), for each dimension on its own.
        classes: the last so many dimensions name a class instead: one of them, at random, is 1 and the others are 0.
    """

    size: int
    distribution: Literal["normal", "uniform", "unit"] = "normal"
    classes: int = 0

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"latent size must be at least 1, got {self.size}.")
        if not 0 <= self.classes < self.size:
            raise ValueError(f"classes must lie between 0 and the latent size {self.size} less 1, got {self.classes}.")

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """`count` latent vectors. Returns: [count, size], float32, on the generator's device."""
        noise = self._noise(count, generator)
        if not self.classes:
            return noise
        labels = torch.randint(self.classes, (count,), generator=generator, device=generator.device)
        return self.of_classes(noise, labels)

    def of_classes(self, latents: Tensor, labels: Tensor) -> Tensor:
        """The same latent vectors, of these classes.

        Args:
            latents: [batch, size], or without the dimensions of the classes.
            labels: int64 [batch], in [0, classes).

        Returns: [batch, size].
        """
        named = nn.functional.one_hot(labels, self.classes).to(latents)
        return torch.cat([latents[:, : self.size - self.classes], named], dim=1)

    def _noise(self, count: int, generator: torch.Generator) -> Tensor:
        shape = (count, self.size - self.classes)
        if self.distribution == "normal":
            return torch.randn(shape, generator=generator, device=generator.device, dtype=torch.float32)
        unit = torch.rand(shape, generator=generator, device=generator.device, dtype=torch.float32)
        return unit if self.distribution == "unit" else unit * 2 - 1


@dataclass(frozen=True)
class Shard:
    """This process's part of every batch: part `rank` of `size` equal parts."""

    rank: int = 0
    size: int = 1

    def of(self, batch: Tensor) -> Tensor:
        """The rows of a whole batch that belong to this process."""
        return batch if self.size == 1 else batch.chunk(self.size)[self.rank]


Request = tuple[str, tuple[str, ...], tuple[int, ...]]
"""What a move asks chance for: the kind of noise, its names, and the shape of one sample's."""


@dataclass(frozen=True)
class Draw:
    """The real batch and the random numbers for one execution of a move.

    Noise is drawn for the whole batch on the CPU and each process keeps its own rows, so that the numbers depend on
    neither the device nor the number of processes. For a GPU they are drawn ahead and sent without waiting.

    Attributes:
        real: this process's rows of the real batch, [batch, ...].
        batch_size: the whole batch's size, over all processes.
        buffers: where noise and real batch are kept, for a play that is recorded and repeated; or None.
        ahead: draws the next play's noise in the meantime; or None.
        labels: the classes of the real batch, int64 [batch], where the players are told; or None.
    """

    real: Tensor
    batch_size: int
    prior: Latent
    seed: int
    address: str
    position: int
    shard: Shard = Shard()
    buffers: "Buffers | None" = None
    ahead: Ahead | None = None
    labels: Tensor | None = None

    def latent(self, *names: str) -> Tensor:
        """Latent vectors from the prior; another name than "latent" gives other vectors.

        Returns: [batch, latent size]; for several names, as many batches one after the other, split over the processes
        as one batch.
        """
        return self._kept(("latent", names or ("latent",), ()))

    def uniform(self, name: str, *shape: int) -> Tensor:
        """Numbers from U(0, 1). Returns: [batch, *shape]."""
        return self._kept(("uniform", (name,), shape))

    def normal(self, name: str, *shape: int) -> Tensor:
        """Numbers from N(0, 1). Returns: [batch, *shape]."""
        return self._kept(("normal", (name,), shape))

    def deal(self, request: Request) -> Tensor:
        """The requested noise, newly drawn: a function of this draw's address."""
        draw = partial(_noise, self.prior, self.batch_size, self.seed, self.address, request, self.shard)
        to_device = partial(send, device=self.real.device, dtype=self.real.dtype)
        if self.ahead is None:
            return to_device(draw(self.position))
        return self.ahead.take((self.address, request), self.position, draw, to_device)

    def with_buffers(self, buffers: "Buffers") -> "Draw":
        """The same draw, with buffers that stay where they are in memory."""
        return replace(self, real=buffers.real, labels=buffers.labels, buffers=buffers)

    def refill(self, fresh: "Draw") -> None:
        """Fill this draw's buffers with the values of another draw of the same move."""
        if self.buffers is None:
            raise ValueError("this draw has no buffers to refill.")
        self.buffers.refill(fresh)

    def _kept(self, request: Request) -> Tensor:
        return self.deal(request) if self.buffers is None else self.buffers.find(request)


class Buffers:
    """The real batch and the noise of one execution of a move, in buffers that stay where they are in memory."""

    def __init__(self, first: Draw, before: Draw | None = None):
        """Begin with the real batch of the first draw; the move's requests follow as it makes them.

        Args:
            first: what fills them first.
            before: the draw of the play before in the same iteration, with its buffers: where both see the same real
                batch, in every iteration, it is kept there alone.
        """
        self.latest = first
        self._shares = before is not None and before.buffers is not None and before.buffers.latest.real is first.real
        if before is not None and self._shares:
            self.real, self.labels = before.real, before.labels
        else:
            self.real = first.real.clone()
            self.labels = None if first.labels is None else first.labels.clone()
        self._noise: dict[Request, Tensor] = {}

    def refill(self, fresh: Draw) -> None:
        """Overwrite the buffers with the values of this draw."""
        self.latest = fresh
        if not self._shares:
            self.real.copy_(fresh.real)
            if self.labels is not None and fresh.labels is not None:
                self.labels.copy_(fresh.labels)
        for request, noise in self._noise.items():
            noise.copy_(fresh.deal(request), non_blocking=True)

    def find(self, request: Request) -> Tensor:
        """The buffer of this request, made and filled when it is first asked for."""
        if request not in self._noise:
            self._noise[request] = self.latest.deal(request).clone()
        return self._noise[request]


def _noise(prior: Latent, count: int, seed: int, address: str, request: Request, shard: Shard, position: int) -> Tensor:
    """This process's rows of the noise of a whole batch, on the CPU."""
    kind, names, shape = request
    streams = [stream(seed, f"{address}/{name}", position) for name in names]
    batches = [_KINDS[kind](prior, (count, *shape), chance) for chance in streams]
    return shard.of(torch.cat(batches) if len(batches) > 1 else batches[0])


_Kind = Callable[[Latent, tuple[int, ...], torch.Generator], Tensor]
_KINDS: Mapping[str, _Kind] = {
    "latent": lambda prior, shape, chance: prior.sample(shape[0], chance),
    "uniform": lambda prior, shape, chance: torch.rand(shape, generator=chance, dtype=torch.float32),
    "normal": lambda prior, shape, chance: torch.randn(shape, generator=chance, dtype=torch.float32),
}
