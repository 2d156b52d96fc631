"""Pictures of any size in a folder or an archive: their headers are read first, then all pictures at one size."""

import io
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median_low

from PIL import Image

from equipoise.common.errors import EquipoiseError, printable
from equipoise.data.account import Account, Named
from equipoise.data.archive_pictures import archived_pictures
from equipoise.data.cache import Batch, Reading, cached_store
from equipoise.data.catalogue import is_archive
from equipoise.data.folder import read_file
from equipoise.data.kinds import image_kinds
from equipoise.data.pictures import Frame, Picture, UnreadableError, centre_square, read_pictures
from equipoise.data.progress import shown
from equipoise.data.root import reading
from equipoise.data.store import Store
from equipoise.data.tree import find_images, fingerprint

_LOOKED_AT = 1000
_GREY = ("1", "L", "LA", "I;16", "I;16B", "I")


@dataclass(frozen=True)
class Look:
    """The sizes and colours of the first pictures of a set.

    Attributes:
        size: (height, width) where all have one, else None.
        side: of the square that suits them: the median of their shorter sides.
        channels: 1 where all are grey, else 3.
    """

    size: tuple[int, int] | None
    side: int
    channels: int


@dataclass(frozen=True)
class PictureSet:
    """The pictures of a folder, or of a zip or tar.

    Args:
        path: where they are.
    """

    path: Path

    @property
    def name(self) -> str:
        """The folder's or file's own name."""
        return printable(self.path.absolute().name or "folder")

    def look(self) -> Look:
        """Sizes and colours of the first 1,000 pictures, from their headers.

        Raises:
            EquipoiseError: there is no such folder or archive, or no picture in it.
        """
        pictures, _, _ = self._pictures()
        return look_at(pictures, self.name)

    def load(self, shape: tuple[int, int, int]) -> Store:
        """The pictures at one shape (channels, height, width), from the cache where nothing changed.

        A square shape takes the largest centred square of each; any other one must be that of every picture.

        Raises:
            EquipoiseError: as `look`; or a picture has another shape.
        """
        pictures, left_out, files = self._pictures()
        channels, height, width = shape
        frame = centre_square(height) if height == width else _whole(height, width)

        def batches(account: Account) -> Iterator[Batch]:
            wanted = shown(pictures, self.name, "images")
            yield from read_pictures(iter(wanted), frame, "L" if channels == 1 else "RGB", account, 2 * max(shape[1:]))

        with reading(self.path):
            key = f"pictures\0{shape}\0{fingerprint(files, self.path if self.path.is_dir() else None)}"
        return cached_store(Reading(self.name, key, shape, 0, batches, left_out))

    def _pictures(self) -> tuple[Iterator[Picture], Sequence[Named], list[Path]]:
        """The pictures, the names of files of other kinds, and the files that all this depends on."""
        if is_archive(self.path):
            left_out: list[Named] = []
            return archived_pictures(self.path, left_out), left_out, [self.path.absolute()]
        if not self.path.is_dir():
            where = printable(self.path.absolute())
            raise EquipoiseError(f"{where} is not a folder; give the path of a folder of images.")
        with reading(self.path):
            found = find_images(self.path)
        if not found.images:
            kinds = ", ".join(image_kinds())
            raise EquipoiseError(f"{printable(self.path)} contains no images ({kinds}).")
        pictures = (Picture(str(path.relative_to(self.path)), partial(read_file, path)) for path in found.images)
        return pictures, found.left_out, found.images


def look_at(pictures: Iterable[Picture], name: str) -> Look:
    """Sizes and colours of the first 1,000 of these pictures, from their headers.

    Raises:
        EquipoiseError: none of them can be read.
    """
    sizes: Counter[tuple[int, int]] = Counter()
    grey = True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=Image.DecompressionBombWarning)
        for picture in islice(pictures, _LOOKED_AT):
            with suppress(Exception), _opened(picture) as image:  # reading it says what is wrong with it
                sizes[(image.height, image.width)] += 1
                grey = grey and image.mode in _GREY
    if not sizes:
        raise EquipoiseError(f"{name} contains no readable image.")
    size = next(iter(sizes)) if len(sizes) == 1 else None
    return Look(size, median_low([min(each) for each in sizes.elements()]), 1 if grey else 3)


def _opened(picture: Picture) -> Image.Image:
    return Image.open(io.BytesIO(picture.read()), formats=tuple(image_kinds()))


def _whole(height: int, width: int) -> Frame:
    """The picture as it is."""

    def frame(image: Image.Image) -> Image.Image:
        if image.size != (width, height):
            raise UnreadableError(f"its size is not {width}x{height} as that of the others")
        return image

    return frame
