"""Reads tensors from a file of `torch.save` without unpickling: a zip, or the format before torch 1.6."""

import io
import math
import os
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from equipoise.common.errors import EquipoiseError, UnfitFile, printable
from equipoise.common.files import read_bounded
from equipoise.common.pickle_tokens import Described, Named, NotTensors, Storage, read_pickle

_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_MOST_BYTES = 1 << 30
_TYPES: Mapping[Named, str] = {
    Named("torch", "FloatStorage"): "<f4",
    Named("torch", "DoubleStorage"): "<f8",
    Named("torch", "HalfStorage"): "<f2",
    Named("torch", "LongStorage"): "<i8",
    Named("torch", "IntStorage"): "<i4",
}

_DAMAGED = (OSError, EOFError, ValueError, KeyError, TypeError, RuntimeError, struct.error, zipfile.BadZipFile)

_Numbers = Callable[[Storage], bytes]


def read_torch_file(path: Path, most_bytes: int = _MOST_BYTES) -> dict[str, torch.Tensor]:
    """The tensors of a state dictionary, on the CPU.

    Whatever the file says, nothing in it is executed: a pickle that asks for more than tensors in a dictionary is
    refused, and so are tensors that together refer to more bytes than the file has.

    Args:
        path: of the file.
        most_bytes: that it may have.

    Raises:
        EquipoiseError: the file is missing, damaged, or holds anything else.
    """
    with _one_sentence(path):
        content = read_bounded(path, most_bytes)
        most = len(content)  # a length that a token claims cannot ask for more memory than this
        file = io.BytesIO(content)
        described, numbers = _zipped(file) if zipfile.is_zipfile(file) else _in_a_row(file)
        return _tensors(described, numbers, most)


def begins_as_torch_file(path: Path) -> bool:
    """Whether the first bytes are those of either format: other files of weights are safetensors."""
    with open(path, "rb") as file:
        return file.read(2) in (b"PK", b"\x80\x02")


@contextmanager
def _one_sentence(path: Path) -> Iterator[None]:
    try:
        yield
    except UnfitFile:
        raise
    except NotTensors as error:
        raise EquipoiseError(f"{printable(path)} is not a torch file of tensors: {printable(error)}.") from error
    except _DAMAGED as error:
        raise EquipoiseError(f"{printable(path)} is not a torch file of tensors: it is missing or damaged.") from error


def _tensors(described: Any, numbers: _Numbers, most: int) -> dict[str, torch.Tensor]:
    if type(described) is not dict or not all(type(value) is Described for value in described.values()):
        raise NotTensors("it holds something other than a dictionary of tensors")
    if sum(_size(value.storage) for value in described.values()) > most:
        raise NotTensors("its tensors are larger than the file")
    return {name: _tensor(value, numbers) for name, value in described.items()}


def _tensor(described: Described, numbers: _Numbers) -> torch.Tensor:
    """The tensor, whose numbers must lie inside their storage without a gap, each once."""
    storage, start, shape = described.storage, described.offset, described.shape
    order = _order_of_storage(shape, described.strides)
    count = math.prod(shape)
    if start + count > storage.count or order is None:
        raise NotTensors("a tensor's numbers lie outside its storage, or with gaps between them")
    found = np.frombuffer(numbers(storage), dtype=_type(storage))[start : start + count]
    lying = torch.from_numpy(found.astype(found.dtype.newbyteorder("="))).reshape([shape[place] for place in order])
    return lying.permute([order.index(place) for place in range(len(shape))]).contiguous()


def _order_of_storage(shape: tuple[int, ...], strides: tuple[int, ...]) -> list[int] | None:
    """The dimensions as their numbers lie, the outermost first; None where numbers lie apart, or one serves twice.

    A length of 1 needs no stride.
    """
    order = sorted(range(len(shape)), key=lambda place: (shape[place] != 1, -strides[place]))
    lengths = [shape[place] for place in order]
    whole = all(
        length == 1 or strides[place] == math.prod(lengths[rank + 1 :])
        for rank, (place, length) in enumerate(zip(order, lengths, strict=True))
    )
    return order if whole else None


def _type(storage: Storage) -> np.dtype[Any]:
    if storage.kind not in _TYPES:
        raise NotTensors(f"it holds numbers of the unknown type {storage.kind}")
    return np.dtype(_TYPES[storage.kind])


def _size(storage: Storage) -> int:
    return storage.count * _type(storage).itemsize


def _zipped(file: io.BytesIO) -> tuple[Any, _Numbers]:
    """The format since torch 1.6: `data.pkl`, and a file for each storage, none of them packed."""
    archive = zipfile.ZipFile(file)
    names = [name for name in archive.namelist() if name.endswith("/data.pkl")]
    if len(names) != 1:
        raise NotTensors("it contains no data.pkl, or several")
    folder = names[0].removesuffix("data.pkl")
    if f"{folder}byteorder" in archive.namelist() and _plain(archive, f"{folder}byteorder") != b"little":
        raise NotTensors("its numbers are not in little-endian order")
    described = read_pickle(io.BytesIO(_plain(archive, names[0])))

    def numbers(storage: Storage) -> bytes:
        found = _plain(archive, f"{folder}data/{storage.key}")
        if len(found) != _size(storage):
            raise NotTensors("a storage has another size than it should")
        return found

    return described, numbers


def _plain(archive: zipfile.ZipFile, name: str) -> bytes:
    """The entry's content, if it is not packed: what is packed could grow without bounds."""
    entry = archive.getinfo(name)
    if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
        raise NotTensors("it is packed")
    return archive.read(entry)


def _in_a_row(file: io.BytesIO) -> tuple[Any, _Numbers]:
    """The format before: a mark, a version, the machine, the dictionary, the storages' keys, then their numbers."""
    file.seek(0)
    if read_pickle(file) != _MAGIC or read_pickle(file) != _PROTOCOL:
        raise NotTensors("it does not begin as one")
    machine, described = read_pickle(file), read_pickle(file)
    if type(machine) is not dict or machine.get("little_endian") is not True:
        raise NotTensors("its numbers are not in little-endian order")
    keys = read_pickle(file)
    if type(keys) is not list or type(described) is not dict:
        raise NotTensors("it holds something other than a dictionary of tensors")
    storages = {value.storage.key: value.storage for value in described.values() if type(value) is Described}
    places: dict[str, int] = {}
    for key in keys:
        if int.from_bytes(file.read(8), "little") != storages[key].count:
            raise NotTensors("a storage has another size than it should")
        places[key] = file.tell()
        file.seek(_size(storages[key]), os.SEEK_CUR)

    def numbers(storage: Storage) -> bytes:
        file.seek(places[storage.key])
        found = file.read(_size(storage))
        if len(found) != _size(storage):
            raise NotTensors("it ends too early")
        return found

    return described, numbers
