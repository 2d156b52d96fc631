"""A loaded data set: items and labels on a device, batches by index, and a hash of the content."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import torch

from equipoise.data.account import Account
from equipoise.data.items import Held, Items

ValueRange = Literal["unit", "symmetric"]
"""The range of an image's values: [0, 1], or [-1, 1]."""
_CHUNK_ITEMS = 1024

_SCALES: dict[ValueRange, Callable[[torch.Tensor], torch.Tensor]] = {
    "unit": lambda values: values.to(torch.float32).div_(255),
    "symmetric": lambda values: values.to(torch.float32).div_(127.5).sub_(1),
}


@dataclass(frozen=True)
class Store:
    """Images (uint8) or points (float32) with optional labels, drawn by index on the device where they are.

    Args:
        items: how the items are held, see `equipoise.data.items`.
        labels: int64 [count] in [0, classes), or None.
        classes: how many classes the labels have; 0 without labels.
        known_hash: the content hash where it was computed before, as for files of many gigabytes.
        account: what became of the files that the set was read from, where it came from single files.
        unlabelled: why there are no labels and what to do, where somebody may expect some.
        held_out: of a part for training, what is held out of it; it lies where the set was loaded.
    """

    items: Items
    labels: torch.Tensor | None = None
    classes: int = 0
    known_hash: str | None = None
    account: Account | None = None
    unlabelled: str = ""
    held_out: "Store | None" = None

    def __post_init__(self) -> None:
        if self.labels is not None and self.labels.shape != (self.items.count,):
            raise ValueError(f"labels must have shape [{self.items.count}], got {tuple(self.labels.shape)}.")

    def __len__(self) -> int:
        return self.items.count

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one item: (channels, height, width) of an image, (2,) of a point."""
        return self.items.shape

    @property
    def holds_images(self) -> bool:
        """Whether the items are images (uint8); points are float32 and have no value range."""
        return self.items.dtype == torch.uint8

    def to(self, device: torch.device | str) -> "Store":
        """The same content, with batches on `device`."""
        labels = None if self.labels is None else self.labels.to(device)
        return replace(self, items=self.items.to(device), labels=labels)

    def batch(self, indices: torch.Tensor, value_range: ValueRange) -> torch.Tensor:
        """The items at `indices` as float32 on the device.

        Args:
            indices: int64 [batch], best on the store's device already.
            value_range: "unit" is x/255 in [0, 1], "symmetric" is x/127.5 - 1 in [-1, 1]; points ignore it.

        Returns:
            float32 [batch, *shape].
        """
        raw = self.items.gather(indices)
        return _SCALES[value_range](raw) if self.holds_images else raw

    def chunks(self, size: int = _CHUNK_ITEMS) -> Iterator[torch.Tensor]:
        """All items as they are stored (uint8 or float32), in order, `size` at a time."""
        for start in range(0, len(self), size):
            yield self.items.gather(torch.arange(start, min(start + size, len(self))))

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of the items' bytes, the labels' bytes and the shape: the same however the items are stored."""
        return self.known_hash or content_hash(self.chunks(), self.labels, (len(self), *self.shape))


@dataclass(frozen=True)
class StoreSource:
    """A store for the training loop: floating-point batches by index."""

    store: Store
    value_range: ValueRange

    def __len__(self) -> int:
        return len(self.store)

    def batch(self, indices: torch.Tensor) -> torch.Tensor:
        """The items at `indices` [batch] (on any device). Returns: float32 [batch, ...]."""
        return self.store.batch(indices, self.value_range)


def held(items: torch.Tensor, labels: torch.Tensor | None = None, classes: int = 0) -> Store:
    """A store in memory."""
    return Store(Held(items), labels, classes)


def content_hash(chunks: Iterator[torch.Tensor], labels: torch.Tensor | None, shape: tuple[int, ...]) -> str:
    """SHA-256 over the items in order, then the labels (int64, little-endian), then the shape in words."""
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk.cpu().contiguous().numpy().tobytes())
    if labels is not None:
        digest.update(labels.to("cpu", torch.int64).contiguous().numpy().tobytes())
    digest.update(f"{shape} {'labelled' if labels is not None else 'plain'}".encode())
    return digest.hexdigest()
