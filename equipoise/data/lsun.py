"""LSUN bedrooms from the LMDB as published: a key-value file whose values are encoded images."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from equipoise.common.errors import EquipoiseError, printable
from equipoise.data.data_set import SquareImages
from equipoise.data.fields import Resampling, check_choice, check_resampling, check_whole
from equipoise.data.root import HOW_TO_POINT, find_root

if TYPE_CHECKING:
    from equipoise.data.account import Account
    from equipoise.data.cache import Batch
    from equipoise.data.pictures import Picture
    from equipoise.data.store import Store

_FEW = 20_000


@dataclass(frozen=True)
class LsunBedroom(SquareImages):
    """Photographs of bedrooms, about 3 million for training and 300 for validation.

    Args:
        split: "train" or "val".
        resolution: of the square images; the papers use 64.
        count: how many images at most, the first by their keys; None for all. Only these are read.
        resampling: the filter: "bilinear", or "lanczos" as in MMD-GAN's code; "nearest" is there too.
        crop: "centre" resizes the largest centred square in one step; "mmd" resizes the whole image, its sides rounded
            down to whole pixels, and then takes the centre, which may lie half a pixel off.
    """

    name = "lsun-bedroom"
    split: Literal["train", "val"] = "train"
    resolution: int = 64
    count: int | None = None
    resampling: Resampling = "bilinear"
    crop: Literal["centre", "mmd"] = "centre"
    held_out: ClassVar[str] = "val"

    def __post_init__(self) -> None:
        check_choice(self.name, "split", self.split, ("train", "val"))
        check_whole(self.name, "resolution", self.resolution, 8, 256)
        check_resampling(self.name, self.resampling)
        check_choice(self.name, "crop", self.crop, ("centre", "mmd"))
        if self.count is not None:
            check_whole(self.name, "count", self.count, 1, 100_000_000)

    def reduced(self) -> "LsunBedroom":
        """The first 20,000."""
        return replace(self, count=_FEW)

    def load(self, root: Path | None = None, seed: int = 0) -> "Store":
        """Read `<root>/lsun/bedroom_<split>_lmdb/` (or without `lsun/`), once; the seed plays no part.

        Raises:
            EquipoiseError: the database is not there or damaged, or no image in it can be read.
        """
        from equipoise.data.cache import Reading, cached_store
        from equipoise.data.tree import fingerprint

        folder = self._folder(find_root(root))
        key = f"{self}\0{fingerprint([folder / 'data.mdb'], folder)}"
        shape = (3, self.resolution, self.resolution)
        return cached_store(Reading(self.name, key, shape, 0, lambda account: self._batches(folder, account)))

    def _folder(self, root: Path) -> Path:
        name = f"bedroom_{self.split}_lmdb"
        for folder in (root / "lsun" / name, root / name):
            if (folder / "data.mdb").is_file():
                return folder
        raise EquipoiseError(
            f"lsun-bedroom: {printable(root / 'lsun' / name / 'data.mdb')} is not there; its authors hand out "
            f"{name}.zip (see https://github.com/fyu/lsun), so unpack it there, or {HOW_TO_POINT}."
        )

    def _batches(self, folder: Path, account: "Account") -> "Iterator[Batch]":
        from equipoise.data.pictures import centre_square, read_pictures, whole_then_centre

        pictures = _pictures(folder / "data.mdb", self.name, self.count)
        framing = whole_then_centre if self.crop == "mmd" else centre_square
        return read_pictures(pictures, framing(self.resolution, self.resampling), "RGB", account)


def _pictures(path: Path, name: str, count: int | None) -> "Iterator[Picture]":
    """The values of the database in the order of its keys: all, or the first so many."""
    from equipoise.data.lmdb_reader import open_lmdb
    from equipoise.data.pictures import Picture
    from equipoise.data.progress import shown

    with open_lmdb(path) as database:
        total = database.entries if count is None else min(count, database.entries)
        wanted = islice(database.items(), count)
        for key, value in shown(wanted, name, "images", total):
            yield Picture(key.decode("ascii", "backslashreplace"), partial(bytes, value))
