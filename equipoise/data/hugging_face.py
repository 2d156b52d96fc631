"""Data sets of images of the Hugging Face hub, or of its layout on this machine, through its package `datasets`."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from equipoise.common.errors import EquipoiseError, printable, shortened
from equipoise.data.held_out import part_of
from equipoise.data.picture_files import PictureFiles
from equipoise.data.root import own_path

if TYPE_CHECKING:
    from equipoise.data.account import Account
    from equipoise.data.cache import Batch
    from equipoise.data.picture_sets import Look
    from equipoise.data.pictures import Picture
    from equipoise.data.store import Store

_USUAL = "train"
_OWNER_AND_NAME = 2
_HUB_NAME = re.compile(r"\w[\w.-]*(/\w[\w.-]*){0,2}")


@dataclass(frozen=True)
class HuggingFace(PictureFiles):
    """The images of a data set of the Hugging Face hub, made square as those of a folder (needs the extra `hf`).

    The first column of images is taken ("image", if it is called so), and the first one of class labels as the labels.
    What the package `datasets` downloads stays in its own cache, and is read without a connection later. A data set
    that is a program is refused by that package.

    Args:
        path: OWNER/NAME, or OWNER/NAME/CONFIGURATION where there are several, or the path of a folder in that layout
            or of a .parquet file, and perhaps @SPLIT: by default "train", or the only one.
        resolution: of the square images, like the other fields as in `Folder`.
    """

    kind: ClassVar[str] = "hf"

    @property
    def name(self) -> str:
        """Its own name without the owner's, and the split where it is not the usual one."""
        where, split = self._parts()
        own = Path(where).stem if where.endswith(".parquet") else Path(where).name
        return printable(f"{own}-{split}" if split not in ("", _USUAL) else own)

    def look(self, root: Path | None = None) -> "Look":
        """Sizes and colours of the first pictures."""
        from equipoise.data.picture_sets import look_at

        opened = self._opened(root)
        return look_at(opened.pictures(), self.name)

    def load(self, root: Path | None = None, seed: int = 0) -> "Store":
        """Read it, or the cache if nothing changed; the seed plays no part.

        Raises:
            EquipoiseError: the package is missing, there is no such data set or connection, or it has no images.
        """
        from equipoise.data.cache import Reading, cached_store
        from equipoise.data.progress import shown

        opened = self._opened(root)

        def batches(account: "Account") -> "Iterator[Batch]":
            return self.framed(iter(shown(opened.pictures(), self.name, "images", opened.count)), account)

        key = f"hf\0{self.how}\0{opened.print}"
        return part_of(cached_store(Reading(self.name, key, self.item_shape, len(opened.classes), batches)), self.part)

    def class_names(self, root: Path | None = None) -> list[str]:
        """The names of the classes that the labels number; none where there are no labels."""
        return list(self._opened(root).classes)

    def _parts(self) -> tuple[str, str]:
        """Where it is, and the split."""
        where, at, split = self.path.rpartition("@")
        return (where, split) if at and where else (self.path, "")

    def _opened(self, root: Path | None) -> "_Opened":
        where, split = self._parts()
        with _one_sentence(where):
            return _open(where, own_path(where, root), split)


@dataclass(frozen=True)
class _Opened:
    """A data set that is on this machine now.

    Attributes:
        table: its rows.
        image, label: the names of the two columns; the second may be "".
        classes: the names of the labels' classes; empty where there are no labels.
        print: of its files, by which changed data are known.
        below: where files lie that it may name in place of bytes.
    """

    table: Any
    image: str
    label: str
    classes: tuple[str, ...]
    print: str
    below: tuple[Path, ...]

    @property
    def count(self) -> int:
        """How many images there are."""
        return int(self.table.num_rows)

    def pictures(self) -> "Iterator[Picture]":
        """All of them, still encoded."""
        from equipoise.data.pictures import Picture

        labels = self.table.column(self.label).to_pylist() if self.classes else [0] * self.count
        number = 0
        for chunk in self.table.column(self.image).chunks:
            for value in chunk:
                stored = value.as_py() or {}
                name = f"{number:07d} {Path(stored.get('path') or '').name}".rstrip()
                yield Picture(name, partial(_bytes_of, stored, self.below), labels[number])
                number += 1


def _bytes_of(stored: dict[str, Any], below: tuple[Path, ...]) -> bytes:
    from equipoise.data.folder import read_file
    from equipoise.data.pictures import UnreadableError, not_too_large

    held, path = stored.get("bytes"), stored.get("path")
    if held is not None:
        return bytes(not_too_large(held))
    place = Path(path).resolve() if path else None
    if place is None or not any(place.is_relative_to(each) for each in below):
        raise UnreadableError("its bytes are not in the data set")
    return read_file(place)


def _open(where: str, local: Path, split: str) -> _Opened:
    """Load the data set; `datasets` may raise anything."""
    import datasets

    from equipoise.data.progress import is_shown
    from equipoise.data.tree import fingerprint

    words: dict[str, Any]
    if local.is_file():
        words = {"path": "parquet", "data_files": str(local)}
    elif local.is_dir():
        words = {"path": str(local)}
    else:
        words = _on_the_hub(where, local)
    if not is_shown():
        datasets.disable_progress_bars()
    found = datasets.load_dataset(**words, split=split or _usual_split(where, words))
    image = _column(found.features, datasets.Image, "image")
    if not image:
        raise EquipoiseError(
            f"{printable(where)} has no column of images; its columns are {printable(', '.join(found.features))}."
        )
    label = _column(found.features, datasets.ClassLabel, "label")
    table = found.data
    is_labelled = label and _is_labelled(table.column(label))
    classes = tuple(map(str, found.features[label].names)) if is_labelled else ()
    files = sorted(Path(each["filename"]) for each in found.cache_files)
    below = (Path(datasets.config.HF_CACHE_HOME).resolve(), *([local.resolve()] if local.is_dir() else []))
    return _Opened(table, image, label, classes, fingerprint(files), below)


def _on_the_hub(where: str, local: Path) -> dict[str, Any]:
    """OWNER/NAME or OWNER/NAME/CONFIGURATION as `datasets` takes it; a few old sets have no owner."""
    if not _HUB_NAME.fullmatch(where):
        raise EquipoiseError(
            f"there is no folder or .parquet file {printable(local.absolute())}, and no data set has such a name."
        )
    *_, last = parts = where.split("/")
    return {"path": "/".join(parts[:2])} | ({"name": last} if len(parts) > _OWNER_AND_NAME else {})


def _usual_split(where: str, words: dict[str, Any]) -> str:
    """The split "train", or the only one."""
    import datasets

    if words["path"] == "parquet":
        return _USUAL
    names = sorted(datasets.get_dataset_split_names(words["path"], words.get("name")))
    if _USUAL in names or len(names) == 1:
        return _USUAL if _USUAL in names else str(names[0])
    raise EquipoiseError(
        f"{printable(where)} has the splits {printable(', '.join(names))}; name one, as in "
        f"hf:{printable(where)}@{printable(names[0])}."
    )


def _column(features: Any, kind: type, usual: str) -> str:
    """The name of the column of this kind: the usual one if there are several; "" for none."""
    names = [name for name, feature in features.items() if isinstance(feature, kind)]
    return usual if usual in names else (names[0] if names else "")


def _is_labelled(column: Any) -> bool:
    """Whether every row has a class: hidden labels are stored as -1."""
    return all(label is not None and label >= 0 for label in column.to_pylist())


@contextmanager
def _one_sentence(where: str) -> Iterator[None]:
    try:
        yield
    except EquipoiseError:
        raise
    except ImportError as error:
        raise EquipoiseError(
            f"hf:{printable(where)} is read with the package datasets, which is not installed; "
            "install the extra: pip install 'equipoise[hf]'."
        ) from error
    except Exception as error:  # what that package raises has no common base
        reason = shortened(printable(" ".join(str(error).split())).rstrip("."), 200) or type(error).__name__
        raise EquipoiseError(
            f"hf:{printable(where)} could not be opened: {reason}. It is looked for on this machine, then on the hub."
        ) from error
