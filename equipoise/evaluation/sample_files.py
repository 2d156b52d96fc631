"""Samples as files: one grid, one file of arrays, or a folder of pictures."""

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import write_atomically
from equipoise.data.memory import memory_bytes
from equipoise.evaluation.classifier_network import hash_of_weights
from equipoise.evaluation.maker import ALL, SampleMaker, Series, Wanted
from equipoise.evaluation.sample_folder import SampleFolder, check_folder
from equipoise.evaluation.sampling import (
    GRID_COLUMNS,
    check_count,
    enlargement,
    sample_picture,
    to_arrays,
    to_bytes,
    write_picture,
)

_MOST_PIXELS = 178_956_970
"""Pillow refuses to read more, as other readers do."""
_IMAGE_VALUE_BYTES, _POINT_VALUE_BYTES = 12, 40
"""The most memory that one value of a sample takes between the generator and the file, copies counted."""
_FILE_BYTES = 4096
"""The room that a small file takes on most disks."""
_ENDINGS = _GRID, _ARRAYS = ".png", ".npz"


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        count: how many samples there are now.
        new: how many of them were made this time.
        seconds: how long that took.
    """

    count: int
    new: int
    seconds: float


def write_samples(
    maker: SampleMaker, out: Path, count: int, asked: Wanted, origin: Mapping[str, Any] | None = None
) -> Written:
    """Write samples as one grid (.png), as arrays (.npz), or as PNGs into a folder, which any other name is.

    Grids and arrays are written whole or not at all. The array of images is called `images`, as `--data npz:FILE` reads
    it, and that of points `points`; with all classes there are `labels`. A folder is written batch by batch; the same
    call goes on where an earlier one was stopped. With all classes it has a folder for each.

    Args:
        maker: the generator.
        out: the place.
        count: how many, of each class; `seeds` say it themselves.
        asked: which ones.
        origin: where the generator comes from, noted in a folder in JSON values.

    Raises:
        EquipoiseError: as `SampleMaker.series`; the place cannot be written, is in use, or cannot hold so many.
    """
    check_count(count)
    check_place(out)
    begun = time.monotonic()
    if out.suffix.lower() == _GRID:
        total = new = _write_grid(maker, out, count, asked)
    elif out.suffix.lower() == _ARRAYS:
        total = new = _write_arrays(maker, out, count, asked)
    else:
        total, new = _write_folder(maker, out, maker.series(count, asked), asked, origin or {})
    return Written(total, new, time.monotonic() - begun)


def sample_arrays(maker: SampleMaker, count: int, asked: Wanted) -> NDArray[Any]:
    """uint8 [count, height, width, channels], or points float32 [count, 2]; raises as `write_samples`."""
    samples, _ = _fitting(maker, count, asked, as_grid=False)
    return to_arrays(samples, maker.value_range)


def sample_sheet(maker: SampleMaker, count: int, asked: Wanted) -> Image.Image:
    """One picture: a grid, which has a row for each class where all were asked for, or a scatter plot of points."""
    samples, columns = _fitting(maker, count, asked, as_grid=True)
    return sample_picture(samples, maker.value_range, columns)


def interpolation_arrays(maker: SampleMaker, frames: int, asked: Wanted) -> NDArray[Any]:
    """uint8 [seeds * frames, height, width, channels]; raises as `SampleMaker.interpolation`."""
    return to_arrays(maker.interpolation(asked, frames), maker.value_range)


def _fitting(maker: SampleMaker, count: int, asked: Wanted, *, as_grid: bool) -> tuple[Tensor, int]:
    """The samples, and how many columns a grid of them has, if they fit."""
    check_count(count)
    series = maker.series(count, asked)
    columns = series[0].count if asked.of_class == ALL else GRID_COLUMNS
    check_size(sum(each.count for each in series), maker.shape, columns if as_grid else None)
    return torch.cat([each.all() for each in series]), columns


def check_place(out: Path) -> None:
    """Check that samples can be written there, before they are made.

    Raises:
        EquipoiseError: the ending is neither .png nor .npz nor that of a folder, or the folder holds something else.
    """
    ending = out.suffix.lower()
    if ending in _ENDINGS:
        return
    if out.is_dir():
        check_folder(out)
    elif any(letter.isalpha() for letter in ending):
        raise EquipoiseError(
            f"samples go into a .png grid, an .npz file, or a folder of PNGs, and {printable(out)} ends in "
            f"{printable(out.suffix)}; name a folder without an ending."
        )


def check_size(count: int, shape: Sequence[int], columns: int | None = None) -> None:
    """Check that this many samples of this shape fit into memory at once, before they are made.

    Args:
        count: how many.
        shape: of each.
        columns: of the grid that they go into; None where they go into none.

    Raises:
        EquipoiseError: they need more memory than this machine has, or a grid of them would be a picture of more pixels
            than readers of pictures accept.
    """
    is_image, values = len(shape) > 1, torch.Size(shape).numel()
    if count * values * (_IMAGE_VALUE_BYTES if is_image else _POINT_VALUE_BYTES) > memory_bytes():
        raise EquipoiseError(f"{count} samples need more memory than this machine has; use fewer.")
    if is_image and columns is not None:
        height, width = (side + 1 for side in shape[1:])
        pixels = -(-count // columns) * columns * height * width * enlargement(shape[1]) ** 2
        if pixels > _MOST_PIXELS:
            raise EquipoiseError(
                f"a grid of {count} samples would have {pixels} pixels, and viewers accept at most {_MOST_PIXELS}; "
                "use fewer, an .npz file or a folder."
            )


def _check_room(folder: Path, count: int) -> None:
    """Check that so many small files fit on the disk where the folder is, or will be."""
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    if count * _FILE_BYTES > shutil.disk_usage(place).free:
        raise EquipoiseError(f"{count} pictures need more space than is free on the disk of {printable(folder)}.")


def _write_grid(maker: SampleMaker, out: Path, count: int, asked: Wanted) -> int:
    samples, columns = _fitting(maker, count, asked, as_grid=True)
    write_picture(sample_picture(samples, maker.value_range, columns), out)
    return len(samples)


def _write_arrays(maker: SampleMaker, out: Path, count: int, asked: Wanted) -> int:
    samples, each = _fitting(maker, count, asked, as_grid=False)
    is_image = samples.ndim > 2
    arrays = {"images" if is_image else "points": to_bytes(samples, maker.value_range) if is_image else samples}
    if asked.of_class == ALL:
        arrays["labels"] = torch.arange(len(samples)) // each
    write_atomically(out, lambda temporary: _write_npz(temporary, {name: a.numpy() for name, a in arrays.items()}))
    return len(samples)


def _write_npz(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    with open(path, "wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def _write_folder(
    maker: SampleMaker, out: Path, series: Sequence[Series], asked: Wanted, origin: Mapping[str, Any]
) -> tuple[int, int]:
    """How many pictures the folder then has, and how many of them are new."""
    if len(maker.shape) == 1:
        raise EquipoiseError(
            f"points have no images to put into the folder {printable(out)}; name a .png or .npz file."
        )
    folder = SampleFolder(out, series)
    _check_room(out, folder.count - sum(map(len, folder.there)))
    pictures = partial(to_arrays, value_range=maker.value_range)
    return folder.count, folder.fill(pictures, _described(maker, asked) | {"origin": dict(origin)})


def _described(maker: SampleMaker, asked: Wanted) -> dict[str, Any]:
    """What the samples of a folder depend on, as JSON values: the weights and what was asked for."""
    return {
        "weights_sha256": hash_of_weights(maker.generator),
        "seed": asked.seed if asked.seeds is None else list(asked.seeds),
        "class": asked.of_class if asked.of_class in (None, ALL) else maker.class_number(asked.of_class),
        "truncation": asked.truncation,
        "keep_best": asked.keep_best,
    }
