"""Image files to uint8 arrays: every common kind and mode, nothing larger than it may be, in several threads."""

import io
import os
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from equipoise.data.cache import Batch, Skipped
from equipoise.data.fields import Resampling

MOST_PIXELS = 80_000_000
MOST_FILE_BYTES = 256 << 20
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
_GROUP = 32
_MOST_THREADS = 8
_SMALL_BYTES = 4096

Frame = Callable[[Image.Image], Image.Image]


@dataclass(frozen=True)
class Picture:
    """One image to read: its name for messages, its bytes when asked for, and its class (0 where there is none)."""

    name: str
    read: Callable[[], bytes]
    label: int = 0


class UnreadableError(Exception):
    """Why one image was left out."""


def centre_square(side: int, resampling: Resampling = "bilinear") -> Frame:
    """The shorter side resized to `side` and the centre taken, in one step (antialiased)."""

    def frame(image: Image.Image) -> Image.Image:
        width, height = image.size
        shorter = min(width, height)
        left, top = (width - shorter) / 2, (height - shorter) / 2
        box = (left, top, left + shorter, top + shorter)
        return image.resize((side, side), Image.Resampling[resampling.upper()], box=box)

    return frame


def read_pictures(
    pictures: Iterator[Picture], frame: Frame, mode: str, skipped: Skipped, draft_side: int = 0
) -> Iterator[Batch]:
    """Groups of images [group, channels, height, width] with their labels, in the order of `pictures`.

    Args:
        pictures: what to read; drawn a little ahead, so that any number fits in memory.
        frame: resizes and crops; must give every image one size.
        mode: "RGB" or "L".
        skipped: counts what could not be read.
        draft_side: JPEGs may be decoded at a half, quarter or eighth of their size, if neither side falls below this;
            0 decodes everything in full.
    """
    first = list(islice(pictures, _GROUP))
    threads = _threads(first)
    everything = chain(first, pictures)
    with warnings.catch_warnings(), ThreadPoolExecutor(threads, "pictures") as pool:
        warnings.simplefilter("ignore", category=Image.DecompressionBombWarning)  # refused below, by name
        waiting: deque[Future[list[_Outcome]]] = deque()
        while group := list(islice(everything, _GROUP)):
            waiting.append(pool.submit(_read_group, group, frame, mode, draft_side))
            if len(waiting) >= 4 * threads:
                yield from _kept(waiting.popleft().result(), skipped)
        while waiting:
            yield from _kept(waiting.popleft().result(), skipped)


def _threads(first: list[Picture]) -> int:
    """As many as pay: the smallest images keep one thread busy with Python, so that more would only wait."""
    sizes = []
    for picture in first:
        with suppress(Exception):
            sizes.append(len(picture.read()))
    small = not sizes or sum(sizes) / len(sizes) < _SMALL_BYTES
    return 1 if small else min(_MOST_THREADS, os.cpu_count() or 1)


_Outcome = tuple[Picture, NDArray[np.uint8] | str]


def _read_group(group: list[Picture], frame: Frame, mode: str, draft_side: int) -> list[_Outcome]:
    return [(picture, _read_one(picture, frame, mode, draft_side)) for picture in group]


def _read_one(picture: Picture, frame: Frame, mode: str, draft_side: int) -> NDArray[np.uint8] | str:
    """The pixels, or why there are none."""
    try:
        return decode(picture.read(), frame, mode, draft_side)
    except UnidentifiedImageError:
        return "no image of a known kind"
    except Exception as error:  # a broken file may make a decoder raise anything
        return str(error) or type(error).__name__


def _kept(outcomes: list[_Outcome], skipped: Skipped) -> Iterator[Batch]:
    arrays, labels = [], []
    for picture, outcome in outcomes:
        if isinstance(outcome, str):
            skipped.add(picture.name, outcome)
        else:
            arrays.append(outcome)
            labels.append(picture.label)
    if arrays:
        yield np.stack(arrays), np.array(labels, dtype=np.int64)


def decode(content: bytes, frame: Frame, mode: str, draft_side: int = 0) -> NDArray[np.uint8]:
    """One image as uint8 [channels, height, width]: turned upright, on white where it is transparent, then framed.

    Raises:
        UnreadableError: more pixels than `MOST_PIXELS`, or a kind of pixel that has no meaning as a colour.
        Exception: whatever a decoder raises for a broken file.
    """
    with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
        width, height = image.size
        if width * height > MOST_PIXELS:
            raise UnreadableError(f"{width}x{height} is more than {MOST_PIXELS} pixels")
        if draft_side:
            image.draft(None, (draft_side, draft_side))
        upright = ImageOps.exif_transpose(image)
        framed = frame(as_mode(upright, mode))
    values = np.asarray(framed, dtype=np.uint8)
    return np.ascontiguousarray(values[None] if mode == "L" else values.transpose(2, 0, 1))


def as_mode(image: Image.Image, mode: str) -> Image.Image:
    """The image as "RGB" or "L"."""
    image = _DEEP.get(image.mode, _same)(image)
    if "A" in image.getbands() or "a" in image.getbands() or "transparency" in image.info:
        image = _on_white(image.convert("RGBA"))
    return image if image.mode == mode else image.convert(mode)


def _same(image: Image.Image) -> Image.Image:
    return image


def _from_16_bits(image: Image.Image) -> Image.Image:
    """Grey of 0..65535 to 0..255, rounded; without this, all above 255 would become white."""
    values = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
    return Image.fromarray(((values + 128) // 257).astype(np.uint8))


def _refuse(image: Image.Image) -> Image.Image:
    raise UnreadableError(f"pixels of mode {image.mode} have no stated range")


_DEEP: dict[str, Frame] = {
    **dict.fromkeys(("I", "I;16", "I;16B", "I;16L", "I;16N"), _from_16_bits),
    "F": _refuse,
}


def _on_white(image: Image.Image) -> Image.Image:
    background = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return Image.alpha_composite(background, image).convert("RGB")
