"""Images that take long to read are cached as raw uint8, in one file that can be memory-mapped."""

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import (
    cache_directory,
    read_text_bounded,
    sweep_abandoned,
    write_atomically,
    write_text_atomically,
)
from equipoise.common.say import speaks
from equipoise.data.account import Account, Named
from equipoise.data.items import Held, Mapped
from equipoise.data.memory import fits_in_memory
from equipoise.data.store import Store, content_hash

_FORMAT = 3
_MOST_INDEX_BYTES = 1 << 30
_said: set[str] = set()
_log = logging.getLogger(__name__)

Batch = tuple[NDArray[np.uint8], NDArray[np.int64]]
"""Images in bytes and their labels."""


@dataclass(frozen=True)
class Index:
    """What the cache knows about one set; written last, so that its presence means that the rest is whole."""

    shape: tuple[int, ...]
    classes: int
    content_hash: str
    account: Account


@dataclass(frozen=True)
class Reading:
    """How one data set is read.

    Args:
        name: the set's name, for messages.
        key: everything that the content depends on, as text: the files' names, sizes and times, and the set's fields.
        shape: of one image, (channels, height, width).
        classes: how many classes the labels have; 0 means that the labels are to be ignored.
        batches: reads everything in order, and fills the account of what became of the files.
        left_out: files that are not read for their kind, for the account.
        opens: whether a file that the system would not give earlier can be opened now. What such files hold was never
            seen, so that the cache is made again when one opens.
    """

    name: str
    key: str
    shape: tuple[int, int, int]
    classes: int
    batches: Callable[[Account], Iterator[Batch]]
    left_out: Sequence[Named] = ()
    opens: Callable[[str], bool] = lambda name: True


def cached_store(reading: Reading) -> Store:
    """The set from the cache, after reading and caching it if necessary; warns about files that were left out.

    Raises:
        EquipoiseError: no image could be read, or the cache cannot be written.
    """
    folder = cache_directory() / "data" / sha256(f"{_FORMAT}\0{reading.key}".encode()).hexdigest()[:32]
    index = _read_index(folder, reading)
    may_be_complete_now = index is not None and any(reading.opens(name) for name, _ in index.account.unread)
    store = None if index is None or may_be_complete_now else _opened(folder, index, reading)
    if store is None:
        sweep_abandoned(folder.parent, "*/")
        _build(folder, reading)
        store = _opened(folder, _read_index(folder, reading), reading)
    if store is None:
        raise EquipoiseError(f"{printable(folder)} was damaged while {reading.name} was being written; try again.")
    return store


def _opened(folder: Path, index: Index | None, reading: Reading) -> Store | None:
    """The store, in memory if it fits and mapped otherwise; None if there is none or it is damaged."""
    if index is None:
        return None
    account = replace(index.account, left_out=reading.left_out)
    labels = torch.from_numpy(np.fromfile(folder / "labels", dtype="<i8")) if index.classes else None
    if fits_in_memory(int(np.prod(index.shape, dtype=np.int64))):
        images = torch.from_numpy(np.fromfile(folder / "images", dtype=np.uint8)).reshape(index.shape)
        store = Store(Held(images), labels, index.classes, account=account)
        if store.content_hash != index.content_hash:
            return None
        _warn(reading.name, account)
        return store
    mapped = np.memmap(folder / "images", dtype=np.uint8, mode="r", shape=index.shape)
    _warn(reading.name, account)
    items = Mapped(mapped, torch.device("cpu"))
    return Store(items, labels, index.classes, known_hash=index.content_hash, account=account)


def _warn(name: str, account: Account) -> None:
    """Say what is not in the set, once in a process: an evaluation reads the data again."""
    sentence = f"{name}: {'; '.join(account.missing)}"
    if account.missing and sentence not in _said and speaks():
        _said.add(sentence)
        _log.warning("%s", sentence)


def _read_index(folder: Path, reading: Reading) -> Index | None:
    """What the cache holds; None if it holds nothing, or not what its index says."""
    try:
        fields: dict[str, Any] = json.loads(read_text_bounded(folder / "index.json", _MOST_INDEX_BYTES))
        account = Account.from_dict(fields["account"])
        index = Index(tuple(fields["shape"]), fields["classes"], fields["content_hash"], account)
        count = index.shape[0]
        whole = (folder / "images").stat().st_size == count * int(np.prod(reading.shape))
        whole = whole and (folder / "labels").stat().st_size == 8 * count
    except (OSError, ValueError, TypeError, KeyError, IndexError):
        return None
    if not whole or index.shape[1:] != reading.shape:
        return None
    return index


def _build(folder: Path, reading: Reading) -> None:
    account = Account()
    labels: list[NDArray[np.int64]] = []

    def write(path: Path) -> None:
        with open(path, "wb") as file:
            for images, classes in reading.batches(account):
                file.write(np.ascontiguousarray(images).data)
                labels.append(classes)

    write_atomically(folder / "images", write)
    every_label = np.concatenate([np.empty(0, dtype=np.int64), *labels]).astype("<i8")
    shape = (len(every_label), *reading.shape)
    if len(every_label) == 0:
        (folder / "images").unlink(missing_ok=True)
        missing = replace(account, left_out=reading.left_out).missing
        raise EquipoiseError(f"{reading.name} contains no readable image ({'; '.join(missing) or 'it is empty'}).")
    write_atomically(folder / "labels", every_label.tofile)
    index = Index(shape, reading.classes, _hash(folder, shape, every_label, reading), account)
    write_text_atomically(folder / "index.json", json.dumps(asdict(index), indent=1))


def _hash(folder: Path, shape: tuple[int, ...], labels: NDArray[np.int64], reading: Reading) -> str:
    mapped = np.memmap(folder / "images", dtype=np.uint8, mode="r", shape=shape)
    store = Store(Mapped(mapped, torch.device("cpu")))
    return content_hash(store.chunks(), torch.from_numpy(labels) if reading.classes else None, shape)
