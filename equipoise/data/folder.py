"""Any tree of image files."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import check_regular, local_path, read_bounded
from equipoise.data.data_set import DataSet
from equipoise.data.fields import check_path, check_whole
from equipoise.data.root import own_path, reading

if TYPE_CHECKING:
    from equipoise.data.account import Account
    from equipoise.data.cache import Batch
    from equipoise.data.pictures import Picture
    from equipoise.data.store import Store

_MODES = {1: "L", 3: "RGB"}
_SPLITS = ("train", "test", "val", "valid", "validation")


@dataclass(frozen=True)
class Folder(DataSet):
    """Every image in a folder and its subfolders: the largest centred square, resized (bilinear, antialiased).

    Cameras' notes on which side is up are followed, transparent images lie on white, grey of 16 bits is scaled to 8,
    and of an animation the first picture is taken. Large JPEGs are decoded at a reduced size that has at least twice
    the resolution on either side.

    Files that cannot be read are skipped with a warning. Where every image lies in a subfolder, and there are at
    least two of these, the first-level subfolders in alphabetical order are the classes.

    Args:
        path: the folder.
        resolution: of the square images.
        channels: 3 for colour, 1 for grey.
    """

    path: str
    resolution: int = 64
    channels: int = 3

    def __post_init__(self) -> None:
        check_path("folder", self.path)
        check_whole("folder", "resolution", self.resolution, 8, 2048)
        if self.channels not in _MODES:
            raise EquipoiseError(f"channels of folder must be 1 (grey) or 3 (colour), not {self.channels!r}.")

    @property
    def name(self) -> str:
        """The folder's name; for a folder that is called like a split, after its parent's, as in photos-train."""
        whole = local_path(self.path).absolute()
        own = f"{whole.parent.name}-{whole.name}" if whole.name in _SPLITS else whole.name
        return printable(own or "folder")

    @property
    def item_shape(self) -> tuple[int, ...]:
        """(channels, height, width)."""
        return (self.channels, self.resolution, self.resolution)

    def load(self, root: Path | None = None, seed: int = 0) -> "Store":
        """Read the folder, or the cache if nothing in it changed; the seed plays no part.

        A relative path is looked for below the root, if one is given and it is there, or else in the working folder.

        Raises:
            EquipoiseError: there is no such folder, or no readable image in it.
        """
        from equipoise.data.account import Account
        from equipoise.data.cache import Reading, cached_store
        from equipoise.data.kinds import image_kinds
        from equipoise.data.progress import shown
        from equipoise.data.tree import find_images, fingerprint

        folder = own_path(self.path, root)
        if not folder.is_dir():
            raise EquipoiseError(f"{printable(folder)} is not a folder; give the path of a folder of images.")
        with reading(folder):
            found = find_images(folder, lambda files: shown(files, self.name, "files"))
            paths = found.images
            key = f"folder\0{self.resolution}\0{self.channels}\0{fingerprint(paths, folder)}"
        if not paths:
            left_out = "; ".join(Account(left_out=found.left_out).missing)
            raise EquipoiseError(
                f"{printable(folder)} contains no images ({', '.join(image_kinds())}){left_out and '; '}{left_out}."
            )
        classes = class_names(paths, folder)
        shape = (self.channels, self.resolution, self.resolution)
        how = Reading(
            self.name,
            key,
            shape,
            len(classes),
            batches=lambda account: self._batches(folder, paths, classes, account),
            left_out=found.left_out,
            opens=lambda name: opens(folder / name),
        )
        return cached_store(how)

    def _batches(self, folder: Path, paths: list[Path], classes: list[str], account: "Account") -> "Iterator[Batch]":
        from equipoise.data.pictures import centre_square, read_pictures
        from equipoise.data.progress import shown

        wanted = shown(paths, self.name, "images", len(paths))
        numbers = {name: number for number, name in enumerate(classes)}
        pictures = (_picture(path, folder, numbers) for path in wanted)
        frame, mode = centre_square(self.resolution), _MODES[self.channels]
        return read_pictures(pictures, frame, mode, account, draft_side=2 * self.resolution)


def class_names(paths: list[Path], folder: Path) -> list[str]:
    """The first-level subfolders, sorted, if all images lie in them and there are two at least; else none."""
    parts = [path.relative_to(folder).parts for path in paths]
    names = sorted({first for first, *_ in parts})
    return names if len(names) > 1 and all(len(part) > 1 for part in parts) else []


def _picture(path: Path, folder: Path, numbers: dict[str, int]) -> "Picture":
    from equipoise.data.pictures import Picture

    inside = path.relative_to(folder)
    return Picture(str(inside), lambda: read_file(path), numbers.get(inside.parts[0], 0))


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
