"""A folder of samples that is written batch by batch, and gone on with where it was stopped."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import file_name, read_text_bounded, try_lock, write_text_atomically
from equipoise.data.progress import shown
from equipoise.evaluation.maker import Series
from equipoise.evaluation.sampling import as_picture

MANIFEST = ".samples.json"
"""Beside the pictures: what they were made of. Hidden, so that a reader of pictures passes it over."""
_MOST_BYTES = 1 << 24

Pictures = Callable[[Tensor], Iterable[NDArray[np.uint8]]]
"""Samples -> the pixels [height, width, channels] of each."""


class SampleFolder:
    """Pictures 000000.png and so on, in a folder of its own for each class where there are several."""

    def __init__(self, path: Path, series: Sequence[Series]):
        self.path, self.series = path, series
        names = [file_name(each.name) for each in series]
        if len(series) > 1 and len(set(names)) < len(names):
            names = [f"{number:03d}" for number in range(len(names))]
        self.folders = [path / name for name in names] if len(series) > 1 else [path]

    @cached_property
    def there(self) -> list[set[str]]:
        """The names of the pictures in each folder."""
        return [_pictures(folder) for folder in self.folders]

    @property
    def count(self) -> int:
        """How many pictures there are to be."""
        return sum(each.count for each in self.series)

    @cached_property
    def missing(self) -> list[list[int]]:
        """The positions in each series of the samples that are not there yet."""
        return [
            [place for place, number in enumerate(each.numbers) if f"{number:06d}.png" not in there]
            for each, there in zip(self.series, self.there, strict=True)
        ]

    def fill(self, pictures: Pictures, made_of: Mapping[str, Any]) -> int:
        """Make what is missing.

        Args:
            pictures: what becomes of samples.
            made_of: what the samples depend on, and their `origin`, as JSON values.

        Returns: how many pictures were made.

        Raises:
            EquipoiseError: the folder holds something else or more, is being filled by another process, or cannot be
                written.
        """
        try:
            self._check(made_of)
            with self._claimed(made_of):
                total = sum(map(len, self.missing))
                for path, picture in shown(self._missing_pictures(pictures), self.path.name, "pictures", total):
                    _write(picture, path)
                return total
        except OSError as error:
            raise EquipoiseError(
                f"{printable(self.path)} could not be written: {printable(error.strerror or error)}; the same command "
                "goes on from here."
            ) from error

    def _missing_pictures(self, pictures: Pictures) -> Iterator[tuple[Path, NDArray[np.uint8]]]:
        for series, folder, places in zip(self.series, self.folders, self.missing, strict=True):
            folder.mkdir(parents=True, exist_ok=True)
            wanted = set(places)
            for number, positions in series.batches():
                if wanted.isdisjoint(positions):
                    continue
                for place, picture in zip(positions, pictures(series.make(number)), strict=True):
                    if place in wanted:
                        yield folder / f"{series.numbers[place]:06d}.png", picture

    def _check(self, made_of: Mapping[str, Any]) -> None:
        """The folder is new or empty, or holds some of these samples and no more."""
        if not self.path.is_dir() or (found := check_folder(self.path)) is None:
            return
        name = printable(self.path)
        different = [key for key in made_of if key != "origin" and found.get(key) != made_of[key]]
        if different:
            what = ", ".join(key.partition("_sha256")[0] for key in different)
            raise EquipoiseError(
                f"the folder {name} already contains other samples: they differ in {what}{_of(found, made_of)}; choose "
                "a new or empty one."
            )
        there = sum(map(len, self.there))
        if there + sum(map(len, self.missing)) > self.count:
            raise EquipoiseError(
                f"the folder {name} already contains {there:,} samples, more than the {self.count:,} asked for; choose "
                "a new or empty one."
            )

    @contextmanager
    def _claimed(self, made_of: Mapping[str, Any]) -> Iterator[None]:
        """Inside this context no other process fills the folder."""
        manifest = self.path / MANIFEST
        if not manifest.is_file():
            write_text_atomically(manifest, json.dumps(made_of, indent=1) + "\n")
        with open(manifest, "rb") as file:
            if not try_lock(file):
                raise EquipoiseError(f"another process is writing samples into {printable(self.path)}.")
            yield


def check_folder(path: Path) -> dict[str, Any] | None:
    """What the samples in a folder were made of; None where it is empty.

    Raises:
        EquipoiseError: it holds files that are no samples.
    """
    if not any(path.iterdir()):
        return None
    try:
        found = json.loads(read_text_bounded(path / MANIFEST, _MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise EquipoiseError(f"the folder {printable(path)} already contains files; choose a new or empty one.")
    return found


def _pictures(folder: Path) -> set[str]:
    """The names of the pictures in a folder; an empty file, as after a failure of power, is none."""
    if not folder.is_dir():
        return set()
    with os.scandir(folder) as entries:
        return {each.name for each in entries if each.name.endswith(".png") and each.stat().st_size}


def _write(picture: NDArray[np.uint8], path: Path) -> None:
    """A picture is there whole or not at all; for so many, the disk is not waited for."""
    temporary = path.with_name(f".{path.name}.partial")
    as_picture(picture).save(temporary, format="PNG")
    temporary.replace(path)


def _of(found: Mapping[str, Any], made_of: Mapping[str, Any]) -> str:
    """Which checkpoint the other samples are of, where that differs."""
    here, there = (each.get("origin") for each in (found, made_of))
    if not isinstance(here, dict) or not isinstance(there, dict) or here.get("iteration") == there.get("iteration"):
        return ""
    return f" (theirs are of iteration {printable(here.get('iteration'))})"
