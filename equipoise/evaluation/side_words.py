"""The words that one side of a comparison is named by. Torch-free."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import local_path
from equipoise.data.catalogue import ARCHIVES, DATA, check_path, is_archive, parse_data
from equipoise.data.data_set import DataSet, split_of


def named_side(text: str) -> Path | DataSet:
    """The folder or archive of pictures that the words name, or else the data set, perhaps with its split.

    Raises:
        EquipoiseError: they name neither.
    """
    kind, colon, rest = text.partition(":")
    if not text.strip() or (colon and not rest):
        raise EquipoiseError(f"'{printable(text)}' names no images; give a folder, an archive, an .npz or a data set.")
    if kind == "folder" and colon:
        return local_path(rest)
    path = local_path(text)
    if kind not in DATA and (path.is_dir() or is_archive(path)):
        return path
    if kind not in DATA and path.is_file() and path.suffix.lower() != ".npz":
        raise EquipoiseError(
            f"{printable(text)} contains no set of images; give a folder, an archive ({', '.join(ARCHIVES)}) or .npz."
        )
    return _with_split(kind, rest) if colon and kind in DATA and DATA[kind].origin != "path" else parse_data(text)


def check_side(text: str, root: Path | None) -> None:
    """The words must name something, and its files must be there.

    Raises:
        EquipoiseError: they are not.
    """
    check_path(text)
    found = named_side(text)
    if isinstance(found, DataSet):
        found.check_files(root)
    elif not found.exists():
        raise EquipoiseError(f"{printable(found.absolute())} is not a folder; give the path of a folder of images.")


def _with_split(kind: str, split: str) -> DataSet:
    data = parse_data(kind)
    if split_of(data) is None:
        raise EquipoiseError(f"the data set {kind} has no splits; write {kind}.")
    return cast(DataSet, replace(cast(Any, data), split=split))
