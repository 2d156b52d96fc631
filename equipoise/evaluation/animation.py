"""Frames as one file that moves: GIF, WebP or MP4."""

import importlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

from equipoise.common.errors import EquipoiseError, printable, shortened
from equipoise.common.files import write_atomically
from equipoise.evaluation.maker import SampleMaker, Wanted
from equipoise.evaluation.sample_files import check_size
from equipoise.evaluation.sampling import as_picture, enlarged, enlargement, grid, to_bytes, write_picture

SECOND = 20
"""Frames in a second."""
_GRID, _SIDE = ".png", 256
"""Pixels on a side of what is shown, about: small images are enlarged."""


def write_animation(frames: Tensor, out: Path) -> None:
    """Write frames one after the other, 20 in a second and over and over: whole or not at all.

    Args:
        frames: [count, channels, height, width] uint8 in grey, colour, or colour with opacity.
        out: .gif (256 colours in a frame), .webp (without loss), or .mp4 (H.264; transparent parts on white), for which
            the extra `video` is needed.

    Raises:
        EquipoiseError: the ending is another one, the extra is missing, or the file cannot be written.
    """
    write = WRITERS[out.suffix.lower()]
    factor = enlargement(frames.shape[2], _SIDE)
    pictures = [enlarged(as_picture(frame), factor) for frame in frames.permute(0, 2, 3, 1).numpy()]
    write_atomically(out, lambda temporary: write(pictures, temporary))


def write_interpolation(maker: SampleMaker, asked: Wanted, frames: int, out: Path) -> int:
    """Write an interpolation to a file that moves, or as a grid (.png) with a row from each seed to the next.

    Args:
        maker: the generator.
        asked: its seeds, and which pictures.
        frames: from each seed to the next.
        out: a .png, .gif, .webp or .mp4 file.

    Returns: how many pictures were written.

    Raises:
        EquipoiseError: as `check_animation` and `SampleMaker.interpolation`, or so many pictures do not fit.
    """
    check_animation(out)
    count = frames * len(asked.seeds or ())
    as_grid = out.suffix.lower() == _GRID
    check_size(count, maker.shape, frames if as_grid else None)
    pictures = to_bytes(maker.interpolation(asked, frames), maker.value_range)
    if as_grid:
        write_picture(grid(pictures, frames), out)
    else:
        write_animation(pictures, out)
    return count


def _save(pictures: list[Image.Image], path: Path, **how: Any) -> None:
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=1000 // SECOND, loop=0, **how)


def _mp4(pictures: list[Image.Image], path: Path) -> None:
    ffmpeg = video()
    first = _even(pictures[0])
    size = (first.shape[1], first.shape[0])
    try:
        writer = ffmpeg.write_frames(
            str(path), size, fps=SECOND, quality=8, macro_block_size=1, output_params=["-f", "mp4"]
        )
        writer.send(None)
        for picture in pictures:
            writer.send(_even(picture))
        writer.close()
    except (OSError, RuntimeError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise EquipoiseError(f"ffmpeg could not write the film: {shortened(lines[-1]).rstrip('.')}.") from error


def video() -> Any:
    """The library that brings ffmpeg.

    Raises:
        EquipoiseError: it is not installed.
    """
    try:
        return importlib.import_module("imageio_ffmpeg")
    except ImportError as error:
        raise EquipoiseError("an .mp4 file needs an extra: pip install 'equipoise[video]'; .gif does not.") from error


def _even(picture: Image.Image) -> Any:
    """Pixels [height, width, 3] on white, with even sides, as H.264 wants them: the last row or column is repeated."""
    if picture.mode == "RGBA":
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    pixels = np.asarray(picture.convert("RGB"))
    height, width, _ = pixels.shape
    return np.ascontiguousarray(np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge"))


WRITERS: Mapping[str, Callable[[list[Image.Image], Path], None]] = {
    ".gif": partial(_save, format="GIF", disposal=2),
    ".webp": partial(_save, format="WEBP", lossless=True),
    ".mp4": _mp4,
}
"""The ending of a file that moves -> what writes it."""


def check_animation(out: Path) -> None:
    """Check that an interpolation can be written there, before it is made.

    Raises:
        EquipoiseError: the ending is neither .png nor that of a file that moves, or the extra is missing.
    """
    ending = out.suffix.lower()
    if ending != _GRID and ending not in WRITERS:
        raise EquipoiseError(
            f"an interpolation goes into a .png grid or a {', '.join(WRITERS)} file, not to {printable(out)}."
        )
    if ending == ".mp4":
        video()
