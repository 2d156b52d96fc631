"""CelebA's aligned faces, from the folder or the zip file as published, with each paper's own resize and crop."""

import os
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import check_regular
from equipoise.data.data_set import SquareImages
from equipoise.data.fields import Resampling, check_choice, check_resampling, check_whole
from equipoise.data.root import HOW_TO_POINT, find_root, reading

if TYPE_CHECKING:
    from PIL import Image

    from equipoise.data.account import Account
    from equipoise.data.cache import Batch
    from equipoise.data.pictures import Frame, Picture
    from equipoise.data.store import Store

_NAME = re.compile(r"(\d{6})\.(jpg|png)")
_PLACES = ("celeba", "celeba/Img", "CelebA", "CelebA/Img", "")
_CALLED = ("img_align_celeba", "img_align_celeba_png")
"""Below which folders of the root the faces may lie, and how their folder is called as it was published."""
_SPLITS = {"all": (1, 202_599), "train": (1, 162_770), "valid": (162_771, 182_637), "test": (182_638, 202_599)}
_MOST_FILE_BYTES = 4 << 20
_CROPS = ("magan", "mmd", "dcgan", "began")
_BEGAN_BOX = (25, 50, 153, 178)
"""Left, top, right, bottom: 128x128 from row 50 and column 25."""


@dataclass(frozen=True)
class CelebA(SquareImages):
    """Faces, 178x218 as published, made square.

    Args:
        split: "all", or the published "train", "valid" or "test", which go by the numbers of the images.
        resolution: of the square images; the papers use 64.
        crop: "magan" resizes the shorter side to the resolution and takes the centre; "mmd" resizes to 72x88 (at
            resolution 64, else in proportion) and takes the centre; "dcgan" takes the central 108x108 and resizes it;
            "began" takes the 128x128 from row 50 and column 25 and resizes them.
        count: how many images at most, those with the lowest numbers; None for all. Only these are read.
        resampling: the filter: "bilinear", "lanczos" as in MMD-GAN's code, or "nearest" as in BEGAN's.
    """

    name = "celeba"
    split: Literal["all", "train", "valid", "test"] = "all"
    resolution: int = 64
    crop: Literal["magan", "mmd", "dcgan", "began"] = "magan"
    count: int | None = None
    resampling: Resampling = "bilinear"

    def __post_init__(self) -> None:
        check_choice(self.name, "split", self.split, tuple(_SPLITS))
        check_choice(self.name, "crop", self.crop, _CROPS)
        check_whole(self.name, "resolution", self.resolution, 8, 178)
        check_resampling(self.name, self.resampling)
        if self.count is not None:
            check_whole(self.name, "count", self.count, 1, 202_599)

    def reduced(self) -> "CelebA":
        """The validation images, so that MAGAN's passes over the data stay short."""
        return replace(self, split="valid")

    def load(self, root: Path | None = None, seed: int = 0) -> "Store":
        """Read `<root>/celeba/img_align_celeba/` or `<root>/celeba/img_align_celeba.zip`; the seed plays no part.

        Raises:
            EquipoiseError: neither is there, or no image in it can be read.
        """
        from equipoise.data.cache import Reading, cached_store
        from equipoise.data.folder import opens

        root = find_root(root)
        with reading(root):
            folder, packed = _folder_of_faces(root), _zip_of_faces(root)
            if folder is not None:
                pictures, print_of = self._from_folder(folder)
            elif packed is not None:
                pictures, print_of = self._from_zip(packed)
            else:
                raise EquipoiseError(_nothing_there(root))
        if not pictures:
            raise EquipoiseError(
                f"celeba: {printable(folder or packed)} contains no face of split {self.split}: "
                "they are called 000001.jpg to 202599.jpg, or .png."
            )
        shape = (3, self.resolution, self.resolution)
        how = Reading(
            self.name,
            f"{self}\0{print_of}",
            shape,
            classes=0,
            batches=lambda account: self._batches(pictures, account),
            opens=lambda name: folder is None or opens(folder / name),
        )
        return cached_store(how)

    def _batches(self, pictures: "list[Picture]", account: "Account") -> "Iterator[Batch]":
        from equipoise.data.pictures import read_pictures
        from equipoise.data.progress import shown

        wanted = shown(pictures, self.name, "images", len(pictures))
        return read_pictures(wanted, framing(self.crop, self.resolution, self.resampling), "RGB", account)

    def _wants(self, name: str) -> bool:
        found = _NAME.fullmatch(name)
        first, last = _SPLITS[self.split]
        return found is not None and first <= int(found[1]) <= last

    def _from_folder(self, folder: Path) -> "tuple[list[Picture], str]":
        from equipoise.data.folder import read_file
        from equipoise.data.pictures import Picture
        from equipoise.data.tree import fingerprint

        paths = sorted(path for path in folder.iterdir() if self._wants(path.name))[: self.count]
        return [Picture(path.name, partial(read_file, path)) for path in paths], fingerprint(paths, folder)

    def _from_zip(self, packed: Path) -> "tuple[list[Picture], str]":
        from equipoise.data.pictures import Picture
        from equipoise.data.tree import fingerprint

        check_regular(packed)
        try:
            archive = zipfile.ZipFile(packed)
        except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise EquipoiseError(f"{printable(packed)} is damaged; download it again.") from error
        inside = _largest_folder([info.filename for info in archive.infolist()])
        wanted = (info for info in archive.infolist() if PurePosixPath(info.filename).parent == inside)
        members = sorted(
            (info for info in wanted if self._wants(PurePosixPath(info.filename).name)), key=lambda i: i.filename
        )
        pictures = [Picture(info.filename, partial(_member, archive, info)) for info in members[: self.count]]
        return pictures, fingerprint([packed], packed.parent)


def _folder_of_faces(root: Path) -> Path | None:
    """The first of the known places that holds files called as the faces are."""
    named = [root / place / name for place in _PLACES for name in _CALLED]
    deeper = [folder / name for folder in named for name in _CALLED]
    plain = [root / place for place in _PLACES]
    return next((folder for folder in (*named, *deeper, *plain) if folder.is_dir() and _holds_faces(folder)), None)


def _holds_faces(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        return any(_NAME.fullmatch(entry.name) for entry in entries)


def _zip_of_faces(root: Path) -> Path | None:
    named = (root / place / f"{name}.zip" for place in _PLACES for name in _CALLED)
    return next((path for path in named if path.is_file()), None)


def _largest_folder(names: list[str]) -> PurePosixPath:
    """The folder of an archive that holds most of the files called as the faces are."""
    paths = [PurePosixPath(name) for name in names]
    counts = Counter(path.parent for path in paths if _NAME.fullmatch(path.name))
    return counts.most_common(1)[0][0] if counts else PurePosixPath()


def _nothing_there(root: Path) -> str:
    folder = root / "celeba" / "img_align_celeba"
    return (
        f"celeba: neither {printable(folder)} with faces called 000001.jpg (or .png) nor {printable(folder)}.zip "
        "is there; its authors hand out img_align_celeba.zip at https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html, "
        f"so put it there, or {HOW_TO_POINT}."
    )


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """One file of the archive, never more of it than a photograph has."""
    from equipoise.data.pictures import not_too_large

    with archive.open(info) as file:
        return not_too_large(file.read(_MOST_FILE_BYTES + 1), _MOST_FILE_BYTES)


def framing(crop: str, side: int, resampling: Resampling = "bilinear") -> "Frame":
    """The resize and crop of one paper, as a function of an image."""

    def resized(image: "Image.Image", width: int, height: int) -> "Image.Image":
        from PIL import Image

        return image.resize((width, height), Image.Resampling[resampling.upper()])

    def magan(image: "Image.Image") -> "Image.Image":
        scale = side / min(image.size)
        width, height = (max(side, round(length * scale)) for length in image.size)
        return _centre(resized(image, width, height), side)

    def mmd(image: "Image.Image") -> "Image.Image":
        return _centre(resized(image, round(side * 72 / 64), round(side * 88 / 64)), side)

    def dcgan(image: "Image.Image") -> "Image.Image":
        return resized(_centre(image, 108), side, side)

    def began(image: "Image.Image") -> "Image.Image":
        return resized(image.crop(_BEGAN_BOX), side, side)

    return {"magan": magan, "mmd": mmd, "dcgan": dcgan, "began": began}[crop]


def _centre(image: "Image.Image", side: int) -> "Image.Image":
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))
