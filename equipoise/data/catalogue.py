"""Every data set by name. Torch-free: a set's module is imported when the set is asked for."""

import os
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from typing import Literal, get_args

from equipoise.common.errors import EquipoiseError, UnknownName, printable
from equipoise.common.files import folders_here, local_path
from equipoise.common.registry import Entry, Registry, Shape
from equipoise.data.data_set import DataSet

Origin = Literal["synthetic", "published", "path"]
"""What the items of a data set come from; see `DataEntry`."""


@dataclass(frozen=True)
class DataEntry(Entry):
    """A data set by name; its thing is the frozen dataclass that describes one.

    Attributes:
        origin: what the items come from: "synthetic", made or bundled here; "published" files; or a "path" of the
            user's, which follows the name, as in folder:PATH.
    """

    origin: Origin

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.origin not in get_args(Origin):
            raise UnknownName("origin", self.origin, get_args(Origin))


def _entry(name: str, place: str, origin: Origin, summary: str) -> DataEntry:
    return DataEntry(name, summary, f"equipoise.data.{place}", origin)


ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2")
"""How the names of files end that hold a folder."""

DATA = Registry(
    "data set",
    [
        _entry(
            "digits",
            "digits:Digits",
            "synthetic",
            "1,797 handwritten digits, 8x8 grey, 10 classes; bundled with scikit-learn",
        ),
        _entry("ring", "ring:Ring", "synthetic", "Gaussians on a circle in the plane: 6, radius 5, deviation 0.1"),
        _entry("grid", "grid:Grid", "synthetic", "Gaussians on a square grid in the plane: 5 x 5"),
        _entry("mnist", "mnist:Mnist", "published", "60,000 + 10,000 handwritten digits, 28x28 grey, 10 classes"),
        _entry(
            "stacked-mnist",
            "stacked_mnist:StackedMnist",
            "published",
            "three digits as colour channels, 28x28, 1000 modes",
        ),
        _entry(
            "compositional-mnist",
            "compositional_mnist:CompositionalMnist",
            "published",
            "three digits side by side, 64x64 grey, 1000 modes of unequal weight, four sets",
        ),
        _entry("cifar10", "cifar10:Cifar10", "published", "50,000 + 10,000 photographs, 32x32, 10 classes"),
        _entry("stl10", "stl10:Stl10", "published", "100,000 photographs at 48x48, and 13,000 in 10 classes"),
        _entry("celeba", "celeba:CelebA", "published", "202,599 aligned faces at 64x64, with each paper's crop"),
        _entry(
            "lsun-bedroom",
            "lsun:LsunBedroom",
            "published",
            "3 million photographs of bedrooms at 64x64, from the LMDB",
        ),
        _entry("folder", "folder:Folder", "path", "any tree of images, in a folder, zip or tar file, as folder:PATH"),
        _entry(
            "hf",
            "hugging_face:HuggingFace",
            "path",
            "images of the Hugging Face hub, as hf:OWNER/NAME or hf:OWNER/NAME@SPLIT (extra: hf)",
        ),
        _entry("noise", "noise:Noise", "synthetic", "random images of any shape, to try out a recipe without its data"),
        _entry("npz", "npz:Npz", "path", "images of one size in a NumPy file, as npz:PATH"),
    ],
    facts=DataEntry,
    shape=Shape(
        "a dataclass that derives from DataSet",
        lambda thing: isinstance(thing, type) and issubclass(thing, DataSet) and is_dataclass(thing),
    ),
)
"""Each is a frozen dataclass that describes the data set."""


def parse_data(text: str) -> DataSet:
    """The data set for a name such as `mnist`, `folder:PATH`, `npz:PATH`, or a path; other fields at their defaults.

    A folder or .npz file that is there needs no such word before it, unless a data set has the same name.

    Raises:
        UnknownName: no such kind, and no such folder.
        EquipoiseError: a path is missing, or there is one too many, or it leads to another kind of file.
    """
    kind, colon, path = text.partition(":")
    if kind not in DATA and (implied := _kind_of_path(text)):
        kind, colon, path = implied, ":", text
    if kind not in DATA and not colon:
        raise DATA.unknown(kind, folders=folders_here())
    entry = DATA[kind]
    if entry.origin != "path" and colon:
        raise EquipoiseError(f"the data set {kind} takes no path, but '{printable(path)}' follows it; write {kind}.")
    if entry.origin == "path" and not path:
        raise EquipoiseError(f"the data set {kind} needs a path, as in {kind}:PATH.")
    thing = DATA.load(kind)
    described: DataSet = thing(path=path) if path else thing()
    return described


def check_data(text: str, root: Path | None = None) -> DataSet:
    """The data set as `parse_data` finds it, whose files were looked for; torch is not imported.

    Raises:
        EquipoiseError: as `parse_data`, or there are no such files.
    """
    data = parse_data(text)
    data.check_files(root)
    return data


def is_archive(path: Path) -> bool:
    """Whether the name has an archive's ending and is not a folder's."""
    return path.name.lower().endswith(ARCHIVES) and not path.is_dir()


def _kind_of_path(text: str) -> str | None:
    """What a path without a kind before it leads to; None where it can be none.

    Raises:
        EquipoiseError: it leads nowhere, or to a file that is no data set.
    """
    if not text or "\0" in text:
        return None
    place = local_path(text)
    if place.is_dir() or (is_archive(place) and place.is_file()):
        return "folder"
    if place.suffix == ".npz":
        return "npz"
    if place.exists():
        raise EquipoiseError(
            f"{printable(text)} is not a data set; give a folder, zip or tar file of images, or a .npz file."
        )
    check_path(text)
    return None


def check_path(text: str) -> None:
    """Words that can be nothing but a path must lead somewhere.

    Raises:
        EquipoiseError: they lead nowhere.
    """
    if os.sep in text and ":" not in text and "\0" not in text and not local_path(text).exists():
        where = "" if Path(text).is_absolute() else f" (looked at {printable(local_path(text).absolute())})"
        raise EquipoiseError(f"there is no folder {printable(text)}; give the path of a folder of images{where}.")
