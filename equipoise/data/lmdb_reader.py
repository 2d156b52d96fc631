"""A reader of LMDB files that trusts nothing in them: every page and length is checked against the file's size.

The format (LMDB 0.9, data version 1, little-endian): pages of one size; two meta pages, of which the one with the
higher transaction number counts; from it a B+ tree whose branch pages point to pages and whose leaf pages hold keys
and values; values that are too long for a page lie in runs of overflow pages. The lmdb library itself maps the file
and follows its pointers unchecked, so that a damaged file ends the process.
"""

import mmap
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import BoundedReads
from equipoise.data.root import reading

_MAGIC, _VERSION = 0xBEEFC0DE, 1
_HEADER_BYTES, _META_END = 16, 152
_BRANCH, _LEAF, _OVERFLOW = 0x01, 0x02, 0x04
_BIG_DATA = 0x01
_EMPTY = 2**64 - 1
_MOST_DEPTH = 32


class _DamagedError(Exception):
    """What is wrong with the file."""


class Lmdb:
    """The main table of an LMDB file.

    Args:
        content: the whole file.
    """

    def __init__(self, content: "mmap.mmap | bytes"):
        self._content = content
        self._page_bytes = self._read_page_bytes()
        self._root, self.entries, last_page = max(self._metas())[1:]
        if (last_page + 1) * self._page_bytes > len(content):
            raise _DamagedError(
                f"it should have at least {(last_page + 1) * self._page_bytes} bytes and has {len(content)}"
            )

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Every key with its value, in the order of the keys."""
        if self._root != _EMPTY:
            yield from self._below(self._root, 0, set())

    def _read_page_bytes(self) -> int:
        if len(self._content) < _META_END:
            raise _DamagedError("it is too short")
        (size,) = struct.unpack_from("<I", self._content, 40)
        if size not in (1 << power for power in range(9, 17)):
            raise _DamagedError("it is not an LMDB")
        return int(size)

    def _metas(self) -> list[tuple[int, int, int, int]]:
        """(transaction, root, entries, last page) of the valid meta pages."""
        found = []
        for start in (0, self._page_bytes):
            if len(self._content) >= start + _META_END:
                if struct.unpack_from("<II", self._content, start + 16) != (_MAGIC, _VERSION):
                    raise _DamagedError("it is not an LMDB of version 1")
                entries, root, last_page, transaction = struct.unpack_from("<QQQQ", self._content, start + 120)
                found.append((transaction, root, entries, last_page))
        return found

    def _below(self, number: int, depth: int, seen: set[int]) -> Iterator[tuple[bytes, bytes]]:
        if depth > _MOST_DEPTH or number in seen:
            raise _DamagedError("its pages form a loop")
        seen.add(number)
        page = self._page(number, 1)
        flags, lower = struct.unpack_from("<HH", page, 10)
        if not _HEADER_BYTES <= lower <= len(page) or flags & (_BRANCH | _LEAF) not in (_BRANCH, _LEAF):
            raise _DamagedError(f"page {number} is neither a branch nor a leaf")
        for (offset,) in struct.iter_unpack("<H", page[_HEADER_BYTES : lower - lower % 2]):
            if flags & _LEAF:
                yield self._entry(page, offset)
            else:
                low, high, highest = self._fields(page, offset)[:3]
                yield from self._below(low | high << 16 | highest << 32, depth + 1, seen)

    def _entry(self, page: bytes, offset: int) -> tuple[bytes, bytes]:
        low, high, flags, key_bytes = self._fields(page, offset)
        size, start = low | high << 16, offset + 8 + key_bytes
        key = page[offset + 8 : start]
        if flags & _BIG_DATA:
            return key, self._overflow(page[start : start + 8], size)
        if start + size > len(page):
            raise _DamagedError("a value runs over the end of its page")
        return key, page[start : start + size]

    def _fields(self, page: bytes, offset: int) -> tuple[int, int, int, int]:
        if offset + 8 > len(page):
            raise _DamagedError("an entry lies beyond the end of its page")
        low, high, flags, key_bytes = struct.unpack_from("<HHHH", page, offset)
        return low, high, flags, key_bytes

    def _overflow(self, address: bytes, size: int) -> bytes:
        if len(address) != 8:
            raise _DamagedError("an entry lies beyond the end of its page")
        (number,) = struct.unpack("<Q", address)
        pages = -(-(_HEADER_BYTES + size) // self._page_bytes)
        content = self._page(number, pages)
        if not struct.unpack_from("<H", content, 10)[0] & _OVERFLOW:
            raise _DamagedError(f"page {number} should be an overflow page")
        return content[_HEADER_BYTES : _HEADER_BYTES + size]

    def _page(self, number: int, pages: int) -> bytes:
        start, size = number * self._page_bytes, pages * self._page_bytes
        if start + size > len(self._content):
            raise _DamagedError(f"page {number} lies beyond the end of the file")
        return bytes(self._content[start : start + size])


@contextmanager
def open_lmdb(path: Path) -> Iterator[Lmdb]:
    """The file, mapped for reading inside this context; damage that is found there is reported in one sentence.

    Raises:
        EquipoiseError: the file is no LMDB, was cut short, or its pages contradict each other.
    """
    try:
        with reading(path), BoundedReads(path) as file:
            if not path.stat().st_size:
                raise _DamagedError("it is empty")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                yield Lmdb(content)
    except _DamagedError as error:
        raise EquipoiseError(f"{printable(path)} is damaged: {error}; download it again.") from error
