"""STL-10 from its binary files: 96x96 photographs, stored column by column, resized once and kept in the cache."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from equipoise.common.errors import EquipoiseError, printable
from equipoise.data.data_set import SquareImages
from equipoise.data.fields import Resampling, check_choice, check_resampling, check_whole
from equipoise.data.root import find_root, reading

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from equipoise.data.cache import Batch
    from equipoise.data.published import Archive
    from equipoise.data.store import Store

_SIDE = 96
_IMAGE_BYTES = 3 * _SIDE * _SIDE
_CHUNK_IMAGES = 1000
_FILES = {
    "unlabeled": ["unlabeled_X.bin"],
    "train": ["train_X.bin", "train_y.bin"],
    "test": ["test_X.bin", "test_y.bin"],
}


@dataclass(frozen=True)
class Stl10(SquareImages):
    """Colour photographs: 100,000 without labels, 5,000 + 8,000 of 10 classes.

    Args:
        split: "unlabeled", "train" or "test".
        resolution: 96 is as published; 48 (MMD-GAN) and 32 (LGA) are resized.
        resampling: the filter: "bilinear", or "lanczos" as in MMD-GAN's code; "nearest" is there too.
    """

    name = "stl10"
    split: Literal["unlabeled", "train", "test"] = "unlabeled"
    resolution: int = 48
    resampling: Resampling = "bilinear"

    def __post_init__(self) -> None:
        check_choice(self.name, "split", self.split, ("unlabeled", "train", "test"))
        check_whole(self.name, "resolution", self.resolution, 8, _SIDE)
        check_resampling(self.name, self.resampling)

    def load(self, root: Path | None = None, seed: int = 0) -> "Store":
        """Read `<root>/stl10_binary/`, or `<root>/stl10_binary.tar.gz`, or download; the seed plays no part.

        Raises:
            EquipoiseError: a file is missing and cannot be downloaded, or is damaged.
        """
        from equipoise.data.cache import Reading, cached_store
        from equipoise.data.published import published_files
        from equipoise.data.tree import fingerprint

        paths = published_files(find_root(root), _archive(), _FILES[self.split])
        with reading(paths[0].parent):
            labels = _labels(paths)
        shape = (3, self.resolution, self.resolution)
        key = f"{self}\0{fingerprint(paths)}"
        classes = 10 if len(paths) == 2 else 0
        return cached_store(Reading(self.name, key, shape, classes, lambda _: self._batches(paths[0], labels)))

    def _batches(self, path: Path, labels: "NDArray[np.int64]") -> "Iterator[Batch]":
        import numpy as np
        import torch

        from equipoise.data.resize import resize_square

        images = np.memmap(path, dtype=np.uint8, mode="r", shape=(len(labels), 3, _SIDE, _SIDE))
        for start in range(0, len(labels), _CHUNK_IMAGES):
            columns_first = np.array(images[start : start + _CHUNK_IMAGES])
            rows_first = torch.from_numpy(columns_first).transpose(2, 3).contiguous()
            resized = resize_square(rows_first, self.resolution, self.resampling)
            yield resized.numpy(), labels[start : start + _CHUNK_IMAGES]


def _archive() -> "Archive":
    from equipoise.data.download import RemoteFile
    from equipoise.data.published import Archive

    url = "https://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz"
    source = RemoteFile("stl10", url, "md5", "91f7769df0f17e558f3565bffb0c7dfb", most_bytes=2_640_397_119)
    return Archive(source, "stl10_binary", most_bytes=100_000 * _IMAGE_BYTES)


def _labels(paths: list[Path]) -> "NDArray[np.int64]":
    """Classes 0..9 of the images (published as 1..10); zeros where the set has none."""
    import numpy as np

    with open(paths[0], "rb"):  # refused here, if at all
        count, rest = divmod(paths[0].stat().st_size, _IMAGE_BYTES)
    if rest or not count:
        raise EquipoiseError(f"{printable(paths[0])} is damaged: it should hold images of {_IMAGE_BYTES} bytes each.")
    if len(paths) == 1:
        return np.zeros(count, dtype=np.int64)
    labels = np.fromfile(paths[1], dtype=np.uint8)
    if len(labels) != count or labels.min() < 1 or labels.max() > 10:
        raise EquipoiseError(f"{printable(paths[1])} is damaged: it should hold {count} labels from 1 to 10.")
    return labels.astype(np.int64) - 1
