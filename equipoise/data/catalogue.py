"""Every data set by name. Torch-free: a set's module is imported when the set is asked for."""

import os
from importlib import import_module
from typing import cast

from equipoise.common.errors import EquipoiseError, UnknownName, printable
from equipoise.common.files import local_path
from equipoise.data.data_set import DataSet

# kind -> (module:class, what it is in one line)
DATA: dict[str, tuple[str, str]] = {
    "digits": (
        "equipoise.data.digits:Digits",
        "1,797 handwritten digits, 8x8 grey, 10 classes; bundled with scikit-learn",
    ),
    "ring": ("equipoise.data.ring:Ring", "Gaussians on a circle in the plane: 6, radius 5, deviation 0.1"),
    "grid": ("equipoise.data.grid:Grid", "Gaussians on a square grid in the plane: 5 x 5"),
    "mnist": ("equipoise.data.mnist:Mnist", "60,000 + 10,000 handwritten digits, 28x28 grey, 10 classes"),
    "stacked-mnist": (
        "equipoise.data.stacked_mnist:StackedMnist",
        "three digits as colour channels, 28x28, 1000 modes",
    ),
    "compositional-mnist": (
        "equipoise.data.compositional_mnist:CompositionalMnist",
        "three digits side by side, 64x64 grey, 1000 modes of unequal weight, four sets",
    ),
    "cifar10": ("equipoise.data.cifar10:Cifar10", "50,000 + 10,000 photographs, 32x32, 10 classes"),
    "stl10": ("equipoise.data.stl10:Stl10", "100,000 photographs at 48x48, and 13,000 in 10 classes"),
    "celeba": ("equipoise.data.celeba:CelebA", "202,599 aligned faces at 64x64, with each paper's crop"),
    "lsun-bedroom": ("equipoise.data.lsun:LsunBedroom", "3 million photographs of bedrooms at 64x64, from the LMDB"),
    "folder": ("equipoise.data.folder:Folder", "any tree of images, as folder:PATH"),
    "noise": ("equipoise.data.noise:Noise", "random images of any shape, to try out a recipe without its data"),
    "npz": ("equipoise.data.npz:Npz", "images of one size in a NumPy file, as npz:PATH"),
}
"""Kind -> ("module:class", what it is in one line)."""

WITH_PATH = ("folder", "npz")
"""The kinds that are read from a path of the user's."""


def data_class(kind: str) -> type[DataSet]:
    """The dataclass that describes a kind of data set.

    Raises:
        UnknownName: no such kind; the nearest one is named.
    """
    if kind not in DATA:
        raise UnknownName("data set", kind, DATA)
    module, _, name = DATA[kind][0].partition(":")
    return cast(type[DataSet], getattr(import_module(module), name))


def parse_data(text: str) -> DataSet:
    """The data set that a short word names, all else at its default: `mnist`, `folder:PATH`, `npz:PATH`, or a path.

    A folder or .npz file that is there needs no such word before it, unless a data set has the same name.

    Raises:
        UnknownName: no such kind, and no such folder.
        EquipoiseError: a path is missing, or there is one too many, or it leads to another kind of file.
    """
    kind, colon, path = text.partition(":")
    if kind not in DATA and (implied := _kind_of_path(text)):
        kind, colon, path = implied, ":", text
    described = data_class(kind)
    if kind in WITH_PATH:
        if not path:
            raise EquipoiseError(f"the data set {kind} needs a path, as in {kind}:PATH.")
        return described(path=path)  # type: ignore[call-arg]
    if colon:
        raise EquipoiseError(f"the data set {kind} takes no path, but '{printable(path)}' follows it; write {kind}.")
    return described()


def _kind_of_path(text: str) -> str | None:
    """What a path without a kind before it leads to; None where it can be none.

    Raises:
        EquipoiseError: it leads nowhere, or to a file that is no data set.
    """
    if not text or "\0" in text:
        return None
    place = local_path(text)
    if place.is_dir():
        return "folder"
    if place.suffix == ".npz":
        return "npz"
    if place.exists():
        raise EquipoiseError(f"{printable(text)} is no data set; take a folder of images, or a .npz file.")
    if os.sep in text and ":" not in text:
        raise EquipoiseError(f"there is no folder {printable(text)}; give the path of a folder of images.")
    return None
