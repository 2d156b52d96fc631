"""Sample grids for the page: evenly chosen over the run, undamaged, and small enough together."""

import base64
import io
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from equipoise.common.files import read_bounded
from equipoise.studies.study import evenly

_NAME = re.compile(r"iteration-(\d+)\.png")
_MOST_BYTES = 64 << 20
_MOST_ALONE_BYTES = 400_000
_LONGEST_EDGE = 640
_QUALITY = 80


@dataclass(frozen=True)
class Frame:
    """One grid of images as a data URI, with its size in pixels."""

    iteration: int
    width: int
    height: int
    uri: str


def read_frames(folder: Path, most: int, budget_bytes: int) -> tuple[Frame, ...]:
    """At most `most` grids of a run, the first and the last among them, within `budget_bytes` of page.

    A damaged image is left out. Grids too large for the budget are shrunk first, then every second one is dropped.
    """
    listed = folder.iterdir() if folder.is_dir() else ()
    found = sorted((int(match[1]), path) for path in listed if (match := _NAME.fullmatch(path.name)))
    chosen = [found[place] for place in evenly(len(found), most)]
    cap = budget_bytes // max(len(chosen), 1)
    frames = [frame for iteration, path in chosen if (frame := _frame(iteration, path, cap)) is not None]
    while len(frames) > 1 and sum(len(frame.uri) for frame in frames) > budget_bytes:
        frames = frames[-1::-2][::-1]
    return tuple(frames)


def read_picture(path: Path) -> Frame | None:
    """One picture, by the same rules; None where it is missing or damaged."""
    return _frame(0, path, _MOST_ALONE_BYTES) if path.is_file() else None


def _frame(iteration: int, path: Path, cap: int) -> Frame | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            data = read_bounded(path, _MOST_BYTES)
            image = Image.open(io.BytesIO(data), formats=["PNG"])
            image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None
    if len(data) * 4 / 3 <= cap:
        return Frame(iteration, image.width, image.height, data_uri("image/png", data))
    smaller = image.convert("RGB")
    smaller.thumbnail((_LONGEST_EDGE, _LONGEST_EDGE))
    buffer = io.BytesIO()
    smaller.save(buffer, "WEBP", quality=_QUALITY)
    return Frame(iteration, smaller.width, smaller.height, data_uri("image/webp", buffer.getvalue()))


def data_uri(kind: str, data: bytes) -> str:
    """A file of this media type as an address that contains it."""
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
