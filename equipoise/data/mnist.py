"""MNIST from its IDX files, plain or gzip, in `<root>/MNIST/raw/`."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from equipoise.common.errors import EquipoiseError, printable
from equipoise.data.data_set import SquareImages
from equipoise.data.fields import check_choice, check_whole
from equipoise.data.root import HOW_TO_POINT, find_root

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from equipoise.data.store import Store

_PLACES = ("MNIST/raw", "MNIST", "mnist", "raw", "")
"""Below which folders of the root the files may lie; a download goes to the first."""
_ADDRESS = "https://ossci-datasets.s3.amazonaws.com/mnist"


@dataclass(frozen=True)
class _File:
    """One published file: name, md5 and size of its content, md5 of the gzip file that is downloaded."""

    name: str
    content_md5: str
    content_bytes: int
    packed_md5: str


_FILES: dict[str, tuple[_File, _File]] = {
    "train": (
        _File(
            "train-images-idx3-ubyte",
            "6bbc9ace898e44ae57da46a324031adb",
            47_040_016,
            "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        ),
        _File(
            "train-labels-idx1-ubyte",
            "a25bea736e30d166cdddb491f175f624",
            60_008,
            "d53e105ee54ea40749a09fcbcd1e9432",
        ),
    ),
    "test": (
        _File(
            "t10k-images-idx3-ubyte",
            "2646ac647ad5339dbf082846283269ea",
            7_840_016,
            "9fb629c4189551a2d022fa330f9573f3",
        ),
        _File(
            "t10k-labels-idx1-ubyte",
            "27ae3e4e09519cfbb04c329615203637",
            10_008,
            "ec29112dd5afa0611ce80d1b7f02629c",
        ),
    ),
}


@dataclass(frozen=True)
class Mnist(SquareImages):
    """Handwritten digits, grey, 10 classes: 60,000 for training, 10,000 for testing.

    Args:
        split: "train" or "test".
        resolution: 28 is as published; 32 adds two black pixels on each side; any other is resized (bilinear).
    """

    name = "mnist"
    channels = 1
    split: Literal["train", "test"] = "train"
    resolution: int = 28

    def __post_init__(self) -> None:
        check_choice(self.name, "split", self.split, ("train", "test"))
        check_whole(self.name, "resolution", self.resolution, 8, 256)

    def load(self, root: Path | None = None, seed: int = 0) -> "Store":
        """Read `<root>/MNIST/raw/`, downloading what is missing there; the seed plays no part.

        Raises:
            EquipoiseError: a file is missing and cannot be downloaded, or is damaged.
        """
        import torch

        from equipoise.data.resize import resize_grey, resized_store

        pictures, classes = read_mnist(self.split, root)
        images = torch.from_numpy(pictures.copy()).unsqueeze(1)
        labels = torch.from_numpy(classes.copy()).to(torch.int64)
        return resized_store(self.name, images, labels, 10, self.resolution, resize_grey)


def read_mnist(split: str, root: Path | None) -> "tuple[NDArray[np.uint8], NDArray[np.uint8]]":
    """The published images [count, 28, 28] and labels [count], both uint8."""
    from equipoise.data.idx import read_idx

    images, labels = (read_idx(_content(file, find_root(root)), file.name) for file in _FILES[split])
    return images, labels


def _content(file: _File, root: Path) -> bytes:
    from equipoise.data.idx import read_limited

    path = _path(file, root)
    content = read_limited(path, file.content_bytes)
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != file.content_md5:
        raise EquipoiseError(
            f"{printable(path)} is damaged (its content's md5 is not {file.content_md5}); "
            f"delete it, so that it is downloaded again, or {HOW_TO_POINT}."
        )
    return content


def _path(file: _File, root: Path) -> Path:
    from equipoise.data.download import RemoteFile, download

    named = (file.name, f"{file.name}.gz", file.name.replace("-idx", ".idx"), f"{file.name.replace('-idx', '.idx')}.gz")
    found = [path for place in _PLACES for name in named if (path := root / place / name).exists()]
    if found:
        return found[0]
    packed = root / _PLACES[0] / f"{file.name}.gz"
    url = f"{_ADDRESS}/{file.name}.gz"
    download(RemoteFile("mnist", url, "md5", file.packed_md5, most_bytes=16_000_000), packed)
    return packed
