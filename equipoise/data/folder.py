"""Any tree of image files, in a folder or in a zip or tar file."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from equipoise.common.counted import counted
from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import check_regular, local_path, read_bounded
from equipoise.data.catalogue import is_archive
from equipoise.data.held_out import part_of
from equipoise.data.picture_files import PictureFiles
from equipoise.data.root import nothing_at, own_path, reading

if TYPE_CHECKING:
    from equipoise.data.account import Account
    from equipoise.data.cache import Batch
    from equipoise.data.picture_sets import Look
    from equipoise.data.pictures import Picture
    from equipoise.data.store import Store
    from equipoise.data.tree import Found

_FEWEST_CLASSES, _MOST_NAMED = 2, 3
_SPLITS = ("train", "test", "val", "valid", "validation")


@dataclass(frozen=True)
class Folder(PictureFiles):
    """Every image in a folder and its subfolders: the largest centred square, resized (bilinear, antialiased).

    In place of the folder there may be a zip or tar file that holds one; nothing of it is unpacked.

    Cameras' notes on which side is up are followed, transparent images lie on white, grey of 16 bits is scaled to 8,
    and of an animation the first picture is taken. Large JPEGs are decoded at a reduced size that has at least twice
    the resolution on either side.

    Files that cannot be read are skipped with a warning. Where every image lies in a subfolder, and there are at
    least two of these, the first-level subfolders in alphabetical order are the classes.

    Args:
        path: the folder, or a zip or tar file.
        resolution: of the square images.
        channels: 3 for colour, 1 for grey, 4 for colour and, last, how opaque each pixel is.
        fit: "crop" takes the largest centred square; "pad" takes the whole image, with white or transparent borders.
        part: "train" leaves every tenth image out, in the order of their paths, and "held-out" is those; or "all".
    """

    kind: ClassVar[str] = "folder"

    @property
    def name(self) -> str:
        """The folder's name; for a folder that is called like a split, after its parent's, as in photos-train."""
        whole = local_path(self.path).absolute()
        last = whole.name.partition(".")[0] if is_archive(whole) else whole.name
        own = f"{whole.parent.name}-{last}" if last in _SPLITS else last
        return printable(own or "folder")

    def check_files(self, root: Path | None = None) -> None:
        """There must be such a folder or archive.

        Raises:
            EquipoiseError: there is none.
        """
        folder = own_path(self.path, root)
        if not folder.exists():
            raise nothing_at(self.path, root, "is not there" if is_archive(folder) else "is not a folder")
        if not folder.is_dir() and not is_archive(folder):
            raise EquipoiseError(
                f"{printable(folder.absolute())} is not a folder; give the path of a folder, zip or tar file of images."
            )

    def look(self, root: Path | None = None) -> "Look":
        """Sizes and colours of the first pictures."""
        from equipoise.data.picture_sets import PictureSet

        return PictureSet(own_path(self.path, root)).look()

    def load(self, root: Path | None = None, seed: int = 0) -> "Store":
        """Read the folder, or the cache if nothing in it changed; the seed plays no part.

        A relative path is looked for below the root, if one is given and it is there, or else in the working folder.

        Raises:
            EquipoiseError: there is no such folder, or no readable image in it.
        """
        from equipoise.data.account import Account
        from equipoise.data.cache import Reading, cached_store
        from equipoise.data.kinds import image_kinds

        self.check_files(root)
        folder = own_path(self.path, root)
        with reading(folder):
            found, base, print_of_files = self._found(folder)
            key = f"folder\0{self.how}\0{print_of_files}"
        if not found.images:
            left_out = "; ".join(Account(left_out=found.left_out).missing)
            raise EquipoiseError(
                f"{printable(folder)} contains no images ({', '.join(image_kinds())}){left_out and '; '}{left_out}."
            )
        classes = class_names(found.images, base)
        how = Reading(
            self.name,
            key,
            self.item_shape,
            len(classes),
            batches=lambda account: self._batches(folder, found.images, base, classes, account),
            left_out=found.left_out,
            opens=lambda name: opens(folder if is_archive(folder) else folder / name),
        )
        store = part_of(cached_store(how), self.part)
        return store if store.classes else replace(store, unlabelled=why_no_classes(found.images, base))

    def class_names(self, root: Path | None = None) -> list[str]:
        """The names of the classes that the labels number; none where there are no labels."""
        folder = own_path(self.path, root)
        with reading(folder):
            found, base, _ = self._found(folder)
        return class_names(found.images, base)

    def _found(self, folder: Path) -> tuple["Found", Path, str]:
        """What the folder or archive holds, the folder inside that the classes are below, and a hash of it all."""
        from equipoise.data.archive_pictures import archived_pictures, top_folder
        from equipoise.data.progress import shown
        from equipoise.data.tree import Found, find_images, fingerprint

        if is_archive(folder):
            found = Found()
            members = shown(archived_pictures(folder, found.left_out), self.name, "files")
            found.images = [Path(picture.name) for picture in members]
            return found, top_folder(found.images), f"archive\0{fingerprint([folder])}"
        found = find_images(folder, lambda files: shown(files, self.name, "files"))
        return found, folder, fingerprint(found.images, folder)

    def _batches(
        self, folder: Path, paths: list[Path], base: Path, classes: list[str], account: "Account"
    ) -> "Iterator[Batch]":
        from equipoise.data.archive_pictures import archived_pictures
        from equipoise.data.pictures import Picture
        from equipoise.data.progress import shown

        def pictures() -> "Iterator[Picture]":
            single = (Picture(str(path), partial(read_file, path)) for path in paths)
            each = archived_pictures(folder, []) if is_archive(folder) else single
            for picture in shown(each, self.name, "images", len(paths)):
                inside = Path(picture.name).relative_to(base)
                yield Picture(str(inside), picture.read, numbers.get(inside.parts[0], 0))

        numbers = {name: number for number, name in enumerate(classes)}
        return self.framed(pictures(), account)


def class_names(paths: list[Path], folder: Path) -> list[str]:
    """The first-level subfolders, sorted, if all images lie in them and there are two at least; else none."""
    parts = [path.relative_to(folder).parts for path in paths]
    names = sorted({first for first, *_ in parts})
    return names if len(names) >= _FEWEST_CLASSES and all(len(part) > 1 for part in parts) else []


def why_no_classes(paths: list[Path], folder: Path) -> str:
    """What keeps the subfolders from being classes, and what to do; "" where it is no single pictures beside them."""
    parts = [path.relative_to(folder).parts for path in paths]
    names = sorted({first for first, *below in parts if below})
    single = [first for first, *below in parts if not below]
    if len(names) < _FEWEST_CLASSES or not single:
        return ""
    lie = "lies" if len(single) == 1 else "lie"
    return (
        f"{counted(len(single), 'picture')} ({printable(single[0])}{', ...' if single[1:] else ''}) {lie} beside the "
        f"folders {printable(', '.join(names[:_MOST_NAMED]))}{', ...' if names[_MOST_NAMED:] else ''}; move "
        "each into the folder of its class, or elsewhere"
    )


def read_file(path: Path) -> bytes:
    """The file's bytes, up to a limit."""
    from equipoise.data.pictures import MOST_FILE_BYTES, UnreadableError

    if check_regular(path) > MOST_FILE_BYTES:
        raise UnreadableError(f"larger than {MOST_FILE_BYTES:,} bytes")
    return read_bounded(path, MOST_FILE_BYTES)


def opens(path: Path) -> bool:
    """Whether the file can be opened and read from now."""
    try:
        check_regular(path)
        with open(path, "rb") as file:
            file.read(1)
    except OSError:
        return False
    return True
