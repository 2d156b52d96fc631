"""Images that took long to read are kept as raw uint8 in the cache folder, in one file that can be mapped."""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import cache_directory, write_atomically, write_text_atomically
from equipoise.data.items import Held, Mapped
from equipoise.data.memory import fits_in_memory
from equipoise.data.store import Store, content_hash

_FORMAT = 1
_NAMED_EXAMPLES = 3
_log = logging.getLogger(__name__)

Batch = tuple[NDArray[np.uint8], NDArray[np.int64]]


@dataclass
class Skipped:
    """Files that could not be read: how many, and the first few with the reason."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, name: str, reason: str) -> None:
        """Count one more."""
        self.count += 1
        if len(self.examples) < _NAMED_EXAMPLES:
            self.examples.append(f"{printable(name)} ({printable(reason)})")


@dataclass(frozen=True)
class Index:
    """What the cache knows about one set; written last, so that its presence means that the rest is whole."""

    shape: tuple[int, ...]
    classes: int
    content_hash: str
    skipped: int
    examples: list[str]


@dataclass(frozen=True)
class Reading:
    """How one data set is read.

    Args:
        name: the set's name, for messages.
        key: everything that the content depends on, as text: the files' names, sizes and times, and the set's fields.
        shape: of one image, (channels, height, width).
        classes: how many classes the labels have; 0 means that the labels are to be ignored.
        batches: reads everything in order; is given a `Skipped` to count what could not be read.
    """

    name: str
    key: str
    shape: tuple[int, int, int]
    classes: int
    batches: Callable[[Skipped], Iterator[Batch]]


def cached_store(reading: Reading) -> Store:
    """The set from the cache, read and written there first if need be; files that were skipped are warned about.

    Raises:
        EquipoiseError: no image could be read, or the cache cannot be written.
    """
    folder = cache_directory() / "data" / sha256(f"{_FORMAT}\0{reading.key}".encode()).hexdigest()[:32]
    store = _opened(folder, _read_index(folder, reading))
    if store is None:
        _build(folder, reading)
        store = _opened(folder, _read_index(folder, reading))
    if store is None:
        raise EquipoiseError(f"{printable(folder)} was damaged while {reading.name} was being written; try again.")
    return store


def _opened(folder: Path, index: Index | None) -> Store | None:
    """The store, in memory if it fits and mapped otherwise; None if there is none or it is damaged."""
    if index is None:
        return None
    labels = torch.from_numpy(np.fromfile(folder / "labels", dtype="<i8")) if index.classes else None
    if fits_in_memory(int(np.prod(index.shape, dtype=np.int64))):
        images = torch.from_numpy(np.fromfile(folder / "images", dtype=np.uint8)).reshape(index.shape)
        store = Store(Held(images), labels, index.classes)
        return store if store.content_hash == index.content_hash else None
    mapped = np.memmap(folder / "images", dtype=np.uint8, mode="r", shape=index.shape)
    return Store(Mapped(mapped, torch.device("cpu")), labels, index.classes, known_hash=index.content_hash)


def _read_index(folder: Path, reading: Reading) -> Index | None:
    """What the cache holds; None if it holds nothing, or not what its index says."""
    try:
        fields: dict[str, Any] = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        index = Index(**{**fields, "shape": tuple(fields["shape"])})
        count = index.shape[0]
        whole = (folder / "images").stat().st_size == count * int(np.prod(reading.shape))
        whole = whole and (folder / "labels").stat().st_size == 8 * count
    except (OSError, ValueError, TypeError, KeyError, IndexError):
        return None
    if not whole or index.shape[1:] != reading.shape:
        return None
    if index.skipped:
        examples = "; ".join(printable(example) for example in index.examples)
        files = "1 file was" if index.skipped == 1 else f"{index.skipped} files were"
        _log.warning("%s: %s skipped as unreadable, as in %s", reading.name, files, examples)
    return index


def _build(folder: Path, reading: Reading) -> None:
    skipped = Skipped()
    labels: list[NDArray[np.int64]] = []

    def write(path: Path) -> None:
        with open(path, "wb") as file:
            for images, classes in reading.batches(skipped):
                file.write(np.ascontiguousarray(images).data)
                labels.append(classes)

    write_atomically(folder / "images", write)
    every_label = np.concatenate([np.empty(0, dtype=np.int64), *labels]).astype("<i8")
    shape = (len(every_label), *reading.shape)
    if len(every_label) == 0:
        (folder / "images").unlink(missing_ok=True)
        examples = f": {'; '.join(skipped.examples)}" if skipped.examples else ""
        raise EquipoiseError(f"{reading.name} holds no readable image ({skipped.count} were unreadable{examples}).")
    write_atomically(folder / "labels", every_label.tofile)
    index = Index(shape, reading.classes, _hash(folder, shape, every_label, reading), skipped.count, skipped.examples)
    write_text_atomically(folder / "index.json", json.dumps(asdict(index), indent=1))


def _hash(folder: Path, shape: tuple[int, ...], labels: NDArray[np.int64], reading: Reading) -> str:
    mapped = np.memmap(folder / "images", dtype=np.uint8, mode="r", shape=shape)
    store = Store(Mapped(mapped, torch.device("cpu")))
    return content_hash(store.chunks(), torch.from_numpy(labels) if reading.classes else None, shape)
