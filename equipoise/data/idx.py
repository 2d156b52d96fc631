"""The IDX format of MNIST: two zero bytes, a type, the number of dimensions, their sizes, then the values."""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from equipoise.common.errors import EquipoiseError, UnfitFile, printable
from equipoise.common.files import check_regular

_UNSIGNED_BYTE = 0x08
_MOST_DIMENSIONS = 4


def read_idx(content: bytes, name: str) -> NDArray[np.uint8]:
    """The array in the bytes of an IDX file of unsigned bytes.

    Args:
        content: the whole file, decompressed.
        name: what to call the file in an error.

    Raises:
        EquipoiseError: the bytes are not such a file, or has no values, or more or fewer than its header says.
    """
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != _UNSIGNED_BYTE:
        raise EquipoiseError(f"{printable(name)} is not an IDX file of unsigned bytes; download it again.")
    dimensions = content[3]
    start = 4 + 4 * dimensions
    if not 1 <= dimensions <= _MOST_DIMENSIONS or len(content) < start:
        raise EquipoiseError(f"{printable(name)} is an IDX file with a damaged header; download it again.")
    sizes = struct.unpack(f">{dimensions}I", content[4:start])
    found, promised = len(content) - start, math.prod(sizes)
    if found != promised or not promised:
        raise EquipoiseError(
            f"{printable(name)} is damaged: its header promises {promised} values of shape {sizes}, "
            f"and {found} are there; download it again."
        )
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(sizes)


def read_limited(path: Path, most_bytes: int) -> bytes:
    """The bytes of a plain or gzip file (ending .gz), never more than `most_bytes`: a gzip bomb is not unpacked.

    Raises:
        EquipoiseError: the file cannot be read, is no gzip file, or is larger than it may be.
    """
    try:
        check_regular(path)
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
            content = file.read(most_bytes + 1)
    except UnfitFile:
        raise
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or "it is not a complete gzip file"
        raise EquipoiseError(
            f"{printable(path)} is damaged or cannot be read ({reason}); download it again."
        ) from error
    if len(content) > most_bytes:
        raise EquipoiseError(
            f"{printable(path)} is larger than the {most_bytes} bytes it should have; download it again."
        )
    return bytes(content)
