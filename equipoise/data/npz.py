"""Images in a NumPy .npz file: an array `images` of uint8, and perhaps `labels`. Pickled arrays are refused."""

import math
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from equipoise.common.errors import EquipoiseError, printable
from equipoise.data.fields import check_path

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from equipoise.data.store import Store

_NAMES = ("images", "arr_0")


@dataclass(frozen=True)
class Npz:
    """Images of one size from a .npz file.

    Args:
        path: the file. Its array `images` (or `arr_0`) is uint8 [count, height, width],
            [count, channels, height, width] or [count, height, width, channels], with 1 or 3 channels;
            `labels`, if there, holds whole numbers from 0, one for each image.
    """

    path: str

    def __post_init__(self) -> None:
        check_path("npz", self.path)

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return printable(Path(self.path).stem or "npz")

    def load(self, root: Path | None = None, seed: int = 0) -> "Store":
        """Read the file; the root and the seed play no part.

        Raises:
            EquipoiseError: there is no such file, it is damaged, holds Python objects, or not the arrays above.
        """
        import numpy as np
        import torch

        from equipoise.data.store import held

        arrays = _arrays(Path(self.path).expanduser())
        name = next((name for name in _NAMES if name in arrays), None)
        if name is None:
            raise EquipoiseError(
                f"{printable(self.path)} holds no array 'images', only {sorted(map(printable, arrays))}."
            )
        images = torch.from_numpy(_channels_first(arrays[name], self.path))
        if "labels" not in arrays:
            return held(images)
        labels = _labels(arrays["labels"], len(images), self.path)
        return held(images, torch.from_numpy(labels), classes=int(np.max(labels)) + 1)


def _arrays(path: Path) -> "dict[str, NDArray[Any]]":
    """The known arrays of the file; each array's header is checked against its size before memory is asked for."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {
                info.filename.removesuffix(".npy"): _array(archive, info, path)
                for info in archive.infolist()
                if info.filename in ("images.npy", "arr_0.npy", "labels.npy")
            }
    except EquipoiseError:
        raise
    except FileNotFoundError as error:
        raise EquipoiseError(f"{printable(path)} is not there; give the path of a .npz file.") from error
    except Exception as error:  # a hostile file may make the readers of zip and npy raise anything
        raise EquipoiseError(f"{printable(path)} is no readable .npz file ({printable(error)}).") from error


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> "NDArray[Any]":
    import numpy as np

    with archive.open(info) as file:
        shape, column_order, dtype = _header(file)
        size = math.prod(shape) * dtype.itemsize
        if dtype.hasobject:
            raise EquipoiseError(
                f"{printable(path)} holds Python objects in '{printable(info.filename)}', which are never loaded; "
                "save plain numbers."
            )
        if not _may_hold(size):
            raise EquipoiseError(f"{printable(path)} unpacks to {size} bytes, more than the memory here can hold.")
        content = file.read(size + 1)
    if len(content) != size:
        raise EquipoiseError(f"{printable(path)} is damaged: '{printable(info.filename)}' should hold {size} bytes.")
    return np.frombuffer(content, dtype=dtype).reshape(shape, order="F" if column_order else "C")


def _header(file: IO[bytes]) -> "tuple[tuple[int, ...], bool, np.dtype[Any]]":
    from numpy.lib import format as npy

    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    return readers[npy.read_magic(file)](file)


def _may_hold(size: int) -> bool:
    from equipoise.data.memory import memory_bytes

    return size <= memory_bytes() // 2


def _channels_first(images: "NDArray[Any]", path: str) -> "NDArray[np.uint8]":
    import numpy as np

    if images.dtype != np.uint8 or images.ndim not in (3, 4) or 0 in images.shape:
        raise EquipoiseError(
            f"images of {printable(path)} must be uint8 of shape [count, height, width], or with 1 or 3 channels "
            f"before or after these; it is {images.dtype} of shape {images.shape}."
        )
    if images.ndim == 3:
        images = images[:, None]
    elif images.shape[1] not in (1, 3) and images.shape[3] in (1, 3):
        images = images.transpose(0, 3, 1, 2)
    if images.shape[1] not in (1, 3):
        raise EquipoiseError(f"images of {printable(path)} must have 1 or 3 channels; their shape is {images.shape}.")
    return np.array(images, order="C")


def _labels(labels: "NDArray[Any]", count: int, path: str) -> "NDArray[np.int64]":
    import numpy as np

    whole = np.issubdtype(labels.dtype, np.integer) and labels.shape == (count,)
    if not whole or labels.min() < 0 or labels.max() > 1_000_000:
        raise EquipoiseError(f"labels of {printable(path)} must be {count} whole numbers from 0 to 1,000,000.")
    return labels.astype(np.int64)
