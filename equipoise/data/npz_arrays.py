"""The arrays of a .npz file, whole or piece by piece; nothing is unpickled, and every header is checked."""

import math
import shutil
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import BoundedReads, cache_directory, make_folder
from equipoise.data.memory import memory_bytes
from equipoise.data.root import reading_packed

_PIECE_BYTES = 16 << 20
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


@dataclass(frozen=True)
class Packed:
    """An array as its header describes it; `size` is in bytes."""

    path: Path
    member: str
    shape: tuple[int, ...]
    column_order: bool
    dtype: np.dtype[Any]

    @property
    def size(self) -> int:
        """How many bytes it unpacks to."""
        return math.prod(self.shape) * self.dtype.itemsize


def packed_arrays(path: Path, names: Collection[str]) -> dict[str, Packed]:
    """The headers of those of these arrays that are in the file.

    Raises:
        EquipoiseError: there is no such file, it is damaged, or holds Python objects.
    """
    with _opened(path) as archive:
        members = {f"{name}.npy": name for name in names}
        found = {members[info.filename]: info for info in archive.infolist() if info.filename in members}
        return {name: _described(archive, info, path) for name, info in found.items()}


def array_names(path: Path) -> list[str]:
    """The names of all arrays in the file, the first twenty of them.

    Raises:
        EquipoiseError: as `packed_arrays`.
    """
    with _opened(path) as archive:
        return [name.removesuffix(".npy") for name in archive.namelist()[:20]]


def whole(packed: Packed) -> NDArray[Any]:
    """The array in memory.

    Raises:
        EquipoiseError: it is larger than half of the memory, or damaged.
    """
    if packed.size > memory_bytes() // 2:
        raise EquipoiseError(
            f"{printable(packed.path)} unpacks to {packed.size} bytes, more than the memory here can hold."
        )
    with _opened(packed.path) as archive, archive.open(packed.member) as file:
        _header(file)
        content = file.read(packed.size + 1)
    if len(content) != packed.size:
        raise _damaged(packed)
    return np.frombuffer(content, packed.dtype).reshape(packed.shape, order="F" if packed.column_order else "C")


def pieces(packed: Packed) -> Iterator[tuple[int, NDArray[Any]]]:
    """(position of the first item, some items) from the first to the last, a few megabytes at a time.

    Raises:
        EquipoiseError: it is larger than half of the cache's free disk, in column order, or damaged.
    """
    folder = cache_directory()
    make_folder(folder)
    if packed.size > shutil.disk_usage(folder).free // 2:
        raise EquipoiseError(
            f"{printable(packed.path)} unpacks to {packed.size} bytes, more than the memory here can hold, "
            f"and more than half of the free disk at {printable(folder)}."
        )
    if packed.column_order:
        raise EquipoiseError(
            f"{printable(packed.path)} is larger than may be held in memory and in column order; save it in row order."
        )
    item_bytes = packed.size // packed.shape[0]
    each = max(1, _PIECE_BYTES // item_bytes)
    with _opened(packed.path) as archive, archive.open(packed.member) as file:
        _header(file)
        for start in range(0, packed.shape[0], each):
            count = min(each, packed.shape[0] - start)
            content = file.read(count * item_bytes)
            if len(content) != count * item_bytes:
                raise _damaged(packed)
            yield start, np.frombuffer(content, packed.dtype).reshape(count, *packed.shape[1:])
        if file.read(1):
            raise _damaged(packed)


def _described(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> Packed:
    with archive.open(info) as file:
        packed = Packed(path, info.filename, *_header(file))
    if packed.dtype.hasobject:
        raise EquipoiseError(
            f"{printable(path)} holds Python objects in '{printable(info.filename)}', which are never loaded; "
            "save plain numbers."
        )
    if any(length < 0 for length in packed.shape):
        raise _damaged(packed)
    return packed


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    return _HEADERS[npy.read_magic(file)](file)


def _damaged(packed: Packed) -> EquipoiseError:
    return EquipoiseError(
        f"{printable(packed.path)} is damaged: '{printable(packed.member)}' should hold {packed.size} bytes."
    )


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive; whatever reading it raises becomes one sentence."""
    missing = f"{printable(path)} is not there; give the path of a .npz file."
    damaged = f"{printable(path)} is not a readable .npz file: it is damaged, or another kind of file."
    with reading_packed(path, missing, damaged), BoundedReads(path) as file, zipfile.ZipFile(file) as archive:
        yield archive
