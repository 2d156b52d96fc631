"""Ways to store the items of a data set: in memory, in a mapped file, or composed when they are needed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from equipoise.common.transfer import send

Compose = Callable[[torch.Tensor], torch.Tensor]
"""From the parts of items to the items."""


class Items(Protocol):
    """Raw items by index: uint8 images [count, channels, height, width] or float32 points [count, 2]."""

    @property
    def count(self) -> int:
        """How many items there are."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one item."""

    @property
    def dtype(self) -> torch.dtype:
        """uint8 for images, float32 for points."""

    def gather(self, indices: torch.Tensor) -> torch.Tensor:
        """The items at `indices` [batch] (int64), on the device that `to` named."""

    def to(self, device: torch.device | str) -> "Items":
        """The same items, returned on `device`."""


@dataclass(frozen=True)
class Held:
    """Items in one tensor: uint8 [count, channels, height, width] or float32 [count, 2]."""

    tensor: torch.Tensor

    @property
    def count(self) -> int:
        """How many items there are."""
        return self.tensor.shape[0]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one item."""
        return tuple(self.tensor.shape[1:])

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the tensor."""
        return self.tensor.dtype

    def gather(self, indices: torch.Tensor) -> torch.Tensor:
        """Index on the tensor's device."""
        return self.tensor.index_select(0, send(indices, self.tensor.device))

    def to(self, device: torch.device | str) -> "Held | Mapped":
        """Move the whole tensor; images that would fill a GPU stay in CPU memory, and batches are copied."""
        if self.dtype == torch.uint8 and not _has_room(torch.device(device), self.tensor.nbytes):
            return Mapped(self.tensor.cpu().numpy(), torch.device(device))
        return replace(self, tensor=self.tensor.to(device))


def _has_room(device: torch.device, size_bytes: int) -> bool:
    """Whether a GPU has twice as many bytes free; a processor's memory was asked about when the set was loaded."""
    return device.type != "cuda" or 2 * size_bytes <= torch.cuda.mem_get_info(device)[0]


@dataclass(frozen=True)
class Mapped:
    """Images outside the device, usually in a mapped file: only a batch's rows are read and copied to the device."""

    array: NDArray[Any]
    device: torch.device

    @property
    def count(self) -> int:
        """How many items there are."""
        return int(self.array.shape[0])

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one item."""
        return tuple(self.array.shape[1:])

    @property
    def dtype(self) -> torch.dtype:
        """Mapped files hold images only."""
        return torch.uint8

    def gather(self, indices: torch.Tensor) -> torch.Tensor:
        """Read the rows in the order of the file, and return them in the order asked for."""
        wanted = indices.cpu().numpy()
        order = np.argsort(wanted, kind="stable")
        rows = np.empty((len(wanted), *self.array.shape[1:]), dtype=np.uint8)
        rows[order] = self.array[wanted[order]]
        return send(torch.from_numpy(rows), self.device)

    def to(self, device: torch.device | str) -> "Mapped":
        """The file stays where it is; batches go to the device."""
        return replace(self, device=torch.device(device))


@dataclass(frozen=True)
class Part:
    """Some of the items of a larger set; nothing is copied.

    Args:
        whole: the larger set.
        places: int64 [count] on the CPU: where the items stand in it.
    """

    whole: Items
    places: torch.Tensor

    @property
    def count(self) -> int:
        """How many items there are."""
        return self.places.shape[0]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one item."""
        return self.whole.shape

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the larger set."""
        return self.whole.dtype

    def gather(self, indices: torch.Tensor) -> torch.Tensor:
        """Look up the places, then the items."""
        return self.whole.gather(self.places[indices.cpu()])

    def to(self, device: torch.device | str) -> "Part":
        """Move the larger set. The places stay where batches are chosen: the larger set may read its file there."""
        return Part(self.whole.to(device), self.places)


@dataclass(frozen=True)
class Composed:
    """Items made from small parts when they are needed: `compose(parts[table[indices]])`, on the parts' device.

    Args:
        parts: uint8 [parts, height, width], as in single digits.
        table: int64 [count, parts per item]: which parts make up which item.
        compose: [batch, parts per item, height, width] -> [batch, *shape], uint8 to uint8.
        shape: the shape of one item.
    """

    parts: torch.Tensor
    table: torch.Tensor
    compose: Compose
    shape: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many items there are."""
        return self.table.shape[0]

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the parts."""
        return self.parts.dtype

    def gather(self, indices: torch.Tensor) -> torch.Tensor:
        """Look up the parts and put them together."""
        return self.compose(self.parts[self.table[send(indices, self.table.device)]])

    def to(self, device: torch.device | str) -> "Composed":
        """Move the parts and the table."""
        return replace(self, parts=self.parts.to(device), table=self.table.to(device))
