"""Images in a NumPy .npz file: an array `images` of uint8, and perhaps `labels`. Pickled arrays are refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from equipoise.common.errors import EquipoiseError, printable
from equipoise.data.data_set import DataSet
from equipoise.data.fields import check_path
from equipoise.data.held_out import Part, check_part, part_of
from equipoise.data.root import nothing_at, own_path

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from equipoise.data.cache import Batch
    from equipoise.data.npz_arrays import Packed
    from equipoise.data.store import Store

_NAMES = ("images", "arr_0", "samples")


@dataclass(frozen=True)
class Npz(DataSet):
    """Images of one size from a .npz file.

    Images that take more than the stated share of memory are unpacked into the cache once and mapped from there.

    Args:
        path: the file. Its array `images` (or `arr_0`, or `samples`) is uint8 [count, height, width],
            [count, channels, height, width] or [count, height, width, channels], with 1 or 3 channels;
            `labels`, if there, holds whole numbers from 0, one for each image.
        part: "train" leaves every tenth image out, and "held-out" is those; or "all".
    """

    path: str
    part: Part = "all"
    held_out: ClassVar[str] = "held-out"

    def __post_init__(self) -> None:
        check_path("npz", self.path)
        check_part("npz", self.part)

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return printable(Path(self.path).stem or "npz")

    @property
    def item_shape(self) -> tuple[int, ...]:
        """(channels, height, width), as the file's header says."""
        return _channels_first(_example(self._images(None)), self.path).shape[1:]

    def check_files(self, root: Path | None = None) -> None:
        """There must be such a file, with an array of images.

        Raises:
            EquipoiseError: as `load`.
        """
        self._images(root)

    def load(self, root: Path | None = None, seed: int = 0) -> "Store":
        """Read the file; the seed plays no part. A relative path may lie below the root.

        Raises:
            EquipoiseError: there is no such file, it is damaged, holds Python objects, or not the arrays above.
        """
        import numpy as np
        import torch

        from equipoise.data.memory import fits_in_memory
        from equipoise.data.npz_arrays import packed_arrays, whole
        from equipoise.data.store import held

        images, named = self._images(root), packed_arrays(own_path(self.path, root), ("labels",))
        labels = _labels(whole(named["labels"]), images.shape[0], self.path) if named else None
        classes = 0 if labels is None else int(np.max(labels)) + 1
        if not fits_in_memory(images.size):
            return part_of(self._mapped(images, labels, classes), self.part)
        pixels = torch.from_numpy(_channels_first(whole(images), self.path))
        return part_of(held(pixels, None if labels is None else torch.from_numpy(labels), classes), self.part)

    def _images(self, root: Path | None) -> "Packed":
        """The array of images, not yet unpacked."""
        from equipoise.data.npz_arrays import array_names, packed_arrays

        path = own_path(self.path, root)
        if not path.exists():
            raise nothing_at(self.path, root, "is not there")
        found = packed_arrays(path, _NAMES)
        images = next((found[name] for name in _NAMES if name in found), None)
        if images is None:
            held_names = ", ".join(map(printable, array_names(path))) or "none at all"
            raise EquipoiseError(f"{printable(self.path)} contains no array 'images'; its arrays are: {held_names}.")
        _check(images, self.path)
        return images

    def _mapped(self, images: "Packed", labels: "NDArray[np.int64] | None", classes: int) -> "Store":
        """The images unpacked piece by piece into one raw file in the cache."""
        import numpy as np

        from equipoise.data.cache import Reading, cached_store
        from equipoise.data.npz_arrays import pieces
        from equipoise.data.tree import fingerprint

        def batches(skipped: object) -> "Iterator[Batch]":
            for start, piece in pieces(images):
                some = slice(start, start + len(piece))
                numbers = np.zeros(len(piece), dtype=np.int64) if labels is None else labels[some]
                yield _channels_first(piece, self.path), numbers

        _, channels, height, width = _channels_first(_example(images), self.path).shape
        key = f"npz\0{fingerprint([images.path])}"
        return cached_store(Reading(self.name, key, (channels, height, width), classes, batches))


def _example(images: "Packed") -> "NDArray[np.uint8]":
    """One image of that shape, of any content."""
    import numpy as np

    return np.empty((1, *images.shape[1:]), dtype=np.uint8)


def _check(images: "Packed", path: str) -> None:
    import numpy as np

    if images.dtype != np.uint8 or len(images.shape) not in (3, 4) or 0 in images.shape:
        raise EquipoiseError(
            f"images of {printable(path)} must be uint8 of shape [count, height, width], or with 1 or 3 channels "
            f"before or after these; it is {images.dtype} of shape {images.shape}."
        )


def _channels_first(images: "NDArray[Any]", path: str) -> "NDArray[np.uint8]":
    import numpy as np

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
