"""Any tree of image files."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import local_path
from equipoise.data.fields import check_path, check_whole
from equipoise.data.root import reading

if TYPE_CHECKING:
    from equipoise.data.cache import Batch, Skipped
    from equipoise.data.pictures import Picture
    from equipoise.data.store import Store

_MODES = {1: "L", 3: "RGB"}
_SPLITS = ("train", "test", "val", "valid", "validation")


@dataclass(frozen=True)
class Folder:
    """Every image in a folder and below it: the largest centred square of each, resized (bilinear, antialiased).

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
        """The folder's own name, after its parent's where it is only that of a split, as in photos-train."""
        whole = local_path(self.path).absolute()
        own = f"{whole.parent.name}-{whole.name}" if whole.name in _SPLITS else whole.name
        return printable(own or "folder")

    def load(self, root: Path | None = None, seed: int = 0) -> "Store":
        """Read the folder, or the cache if nothing in it changed; the root and the seed play no part.

        Raises:
            EquipoiseError: there is no such folder, or no readable image in it.
        """
        from equipoise.data.cache import Reading, cached_store
        from equipoise.data.tree import fingerprint, image_files

        folder = local_path(self.path)
        if not folder.is_dir():
            raise EquipoiseError(f"{printable(folder)} is not a folder; give the path of a folder of images.")
        with reading(folder):
            paths = image_files(folder)
            key = f"folder\0{self.resolution}\0{self.channels}\0{fingerprint(paths, folder)}"
        if not paths:
            raise EquipoiseError(
                f"{printable(folder)} holds no image files (.jpg, .png, .webp, .bmp, .gif, .tif, .ppm)."
            )
        classes = class_names(paths, folder)
        shape = (self.channels, self.resolution, self.resolution)
        return cached_store(
            Reading(self.name, key, shape, len(classes), lambda skipped: self._batches(paths, classes, skipped))
        )

    def _batches(self, paths: list[Path], classes: list[str], skipped: "Skipped") -> "Iterator[Batch]":
        from tqdm import tqdm

        from equipoise.data.pictures import centre_square, read_pictures

        folder = local_path(self.path)
        wanted = iter(tqdm(paths, desc=self.name, unit="images", disable=None))
        numbers = {name: number for number, name in enumerate(classes)}
        pictures = (_picture(path, folder, numbers) for path in wanted)
        frame, mode = centre_square(self.resolution), _MODES[self.channels]
        return read_pictures(pictures, frame, mode, skipped, draft_side=2 * self.resolution)


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
    """The file's bytes, unless there are absurdly many."""
    from equipoise.data.pictures import MOST_FILE_BYTES, UnreadableError

    with open(path, "rb") as file:
        content = file.read(MOST_FILE_BYTES + 1)
    if len(content) > MOST_FILE_BYTES:
        raise UnreadableError(f"larger than {MOST_FILE_BYTES} bytes")
    return content
