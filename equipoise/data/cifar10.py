"""CIFAR-10 from its binary version: records of one label and 3,072 colour values. The pickled version is never read."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from equipoise.common.errors import EquipoiseError, printable
from equipoise.data.data_set import SquareImages
from equipoise.data.fields import check_choice, check_whole
from equipoise.data.root import find_root

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from equipoise.data.published import Archive
    from equipoise.data.store import Store

_RECORD_BYTES = 1 + 3 * 32 * 32
_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_FILES = {"train": [f"data_batch_{number}.bin" for number in range(1, 6)], "test": ["test_batch.bin"]}


@dataclass(frozen=True)
class Cifar10(SquareImages):
    """Colour photographs of 32x32, 10 classes: 50,000 for training, 10,000 for testing.

    Args:
        split: "train" or "test".
        resolution: 32 is as published; any other is resized (bilinear).
        count: how many images at most, the first as published; None for all.
    """

    name = "cifar10"
    split: Literal["train", "test"] = "train"
    resolution: int = 32
    count: int | None = None

    def __post_init__(self) -> None:
        check_choice(self.name, "split", self.split, ("train", "test"))
        check_whole(self.name, "resolution", self.resolution, 8, 256)
        if self.count is not None:
            check_whole(self.name, "count", self.count, 1, 50_000)

    def class_names(self, root: Path | None = None) -> list[str]:
        """What the photographs show, as batches.meta names it."""
        return list(_CLASSES)

    def load(self, root: Path | None = None, seed: int = 0) -> "Store":
        """Read `<root>/cifar-10-batches-bin/`, or `<root>/cifar-10-binary.tar.gz`, or download; no seed is needed.

        Raises:
            EquipoiseError: a file is missing and cannot be downloaded, or is damaged.
        """
        import numpy as np
        import torch

        from equipoise.data.published import published_files
        from equipoise.data.resize import resize_square, resized_store

        paths = published_files(find_root(root), _archive(), _FILES[self.split])
        records = np.concatenate([_records(path) for path in paths])[: self.count]
        images = torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32).copy())
        labels = torch.from_numpy(records[:, 0].astype(np.int64))
        return resized_store(self.name, images, labels, 10, self.resolution, resize_square)


def _archive() -> "Archive":
    from equipoise.data.download import RemoteFile
    from equipoise.data.published import Archive

    url = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
    source = RemoteFile("cifar10", url, "md5", "c32a1d4ab5d03f1284b67883e8d87530", most_bytes=170_052_171)
    return Archive(source, "cifar-10-batches-bin", most_bytes=10_000 * _RECORD_BYTES)


def _records(path: Path) -> "NDArray[np.uint8]":
    """uint8 [count, 3073] of one file: the label, then red, green and blue, each row by row."""
    import numpy as np

    from equipoise.data.idx import read_limited

    values = np.frombuffer(read_limited(path, 10_000 * _RECORD_BYTES), dtype=np.uint8)
    if values.size == 0 or values.size % _RECORD_BYTES or values[::_RECORD_BYTES].max() > 9:
        raise EquipoiseError(
            f"{printable(path)} is damaged: it should hold records of {_RECORD_BYTES} bytes "
            "that begin with a label from 0 to 9; delete it, so that it is unpacked or downloaded again."
        )
    return values.reshape(-1, _RECORD_BYTES)
