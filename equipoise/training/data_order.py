"""The order of a data set for a loader of torch's, whose place is saved: a function of (seed, epoch)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from torch.utils.data import DataLoader, Sampler

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.random import stream
from equipoise.training.distributed import current_shard
from equipoise.training.order import permutation

Batch = TypeVar("Batch")


class DataOrder(Sampler[int]):
    """A sampler for `torch.utils.data.DataLoader` that goes on in the middle of an epoch.

    Every epoch is a permutation that follows from the seed and the epoch's number alone. The place within it moves with
    the batches that the loop receives, not with those that a loader with workers has drawn ahead: therefore the loop
    runs over `order.over(loader)`.

    Args:
        count: how many items the data set has.
        seed: of the permutations.
        shuffle: whether each epoch is permuted; otherwise every epoch is 0, 1, 2, ...
        rank, size: which of how many equal parts this process gets; by default that of `torch.distributed`, where it
            is in use. What is left over of `count / size` items is left out, and differs from epoch to epoch.

    Raises:
        EquipoiseError: there are fewer items than processes, or the rank is none of them.

    Example:
        >>> from torch.utils.data import DataLoader
        >>> order = DataOrder(6, shuffle=False)
        >>> loader = DataLoader(range(6), batch_size=2, sampler=order)
        >>> first = next(iter(order.over(loader)))
        >>> again = DataOrder(6, shuffle=False)
        >>> again.load_state_dict(order.state_dict())
        >>> loader = DataLoader(range(6), batch_size=2, sampler=again)
        >>> [batch.tolist() for batch in again.over(loader)]
        [[2, 3], [4, 5]]
    """

    def __init__(
        self, count: int, *, seed: int = 0, shuffle: bool = True, rank: int | None = None, size: int | None = None
    ):
        if not isinstance(count, int) or isinstance(count, bool):
            raise EquipoiseError(f"count must be a whole number, as len(data) is, got {printable(count)}.")
        shard = current_shard()
        self._rank, self._size = shard.rank if rank is None else rank, shard.size if size is None else size
        if not 0 <= self._rank < self._size <= count:
            raise EquipoiseError(
                f"there must be at least one item for each process, and a rank below their number; got {count} items, "
                f"rank {self._rank} and {self._size} processes."
            )
        self._count, self._seed, self._shuffle = count, seed, shuffle
        self.epoch = 0
        self.position = 0
        self._counted = False

    def __len__(self) -> int:
        """How many items an epoch has for this process."""
        return self._count // self._size

    def __iter__(self) -> Iterator[int]:
        """The rest of the epoch, from the place where it stands."""
        if not self._counted:
            raise EquipoiseError("a DataOrder counts the batches of the loop: write `in order.over(loader)`.")
        yield from self.indices(self.epoch)[self.position :]

    def indices(self, epoch: int) -> list[int]:
        """The items of an epoch for this process, in their order."""
        if not self._shuffle:
            return list(range(self._count))[self._rank :: self._size][: len(self)]
        whole = permutation(self._count, self._seed, epoch)
        found: list[int] = whole[self._rank :: self._size][: len(self)].tolist()
        return found

    def over(self, loader: "DataLoader[Batch]") -> "Counted[Batch]":
        """The loader's batches, to be looped over: each time what is left of the epoch, which then ends.

        A loop that is left early goes on there the next time. The loader's own random stream becomes a function of
        (seed, epoch), so that starting it does not move torch's global one.

        Args:
            loader: one that draws from this order: `DataLoader(data, batch_size=64, sampler=order)`, or
                `batch_sampler=BatchSampler(order, 64, drop_last=True)`.

        Raises:
            EquipoiseError: the loader draws from something else.
        """
        batches: Any = getattr(loader, "batch_sampler", None)
        drawn_from = getattr(loader, "sampler", None) if batches is None else getattr(batches, "sampler", None)
        batch_size = 1 if batches is None else getattr(batches, "batch_size", None)
        if drawn_from is not self or not isinstance(batch_size, int):
            raise EquipoiseError(
                "the loader must draw from this order: DataLoader(data, batch_size=..., sampler=order)."
            )
        return Counted(self, loader, batch_size)

    def batches(self, loader: "DataLoader[Batch]", batch_size: int) -> Iterator[Batch]:
        """What `Counted` yields: the place moves before each batch is handed out, and the epoch ends after the last."""
        loader.generator = stream(self._seed, "loader", self.epoch)
        self._counted = True
        try:
            batches = iter(loader)
            for batch in batches:
                self.position = min(self.position + batch_size, len(self))
                yield batch
        finally:
            self._counted = False
        self.epoch, self.position = self.epoch + 1, 0

    def state_dict(self) -> dict[str, Any]:
        """Where the order stands, and what it is the order of. The same for every rank."""
        return self._identity() | {"epoch": self.epoch, "position": self.position}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where the state was taken.

        Raises:
            EquipoiseError: it was taken of another count, seed or number of processes.
        """
        for name, value in self._identity().items():
            if state[name] != value:
                raise EquipoiseError(f"the data order was saved with {name} {state[name]}, and here it is {value}.")
        self.epoch, self.position = int(state["epoch"]), int(state["position"])

    def _identity(self) -> dict[str, Any]:
        return {"count": self._count, "seed": self._seed, "shuffle": self._shuffle, "size": self._size}


@dataclass(frozen=True)
class Counted(Generic[Batch]):
    """A loader whose batches are counted by the order that they come from; see `DataOrder.over`."""

    order: DataOrder
    loader: "DataLoader[Batch]"
    batch_size: int

    def __iter__(self) -> Iterator[Batch]:
        """What is left of the epoch."""
        return self.order.batches(self.loader, self.batch_size)

    def __len__(self) -> int:
        """Batches in a whole epoch."""
        return len(self.loader)
