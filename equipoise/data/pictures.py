"""Image files to uint8 arrays: every common format and mode, with limits on size, in several threads."""

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

from equipoise.common.errors import UnfitFile
from equipoise.data.account import Account
from equipoise.data.cache import Batch
from equipoise.data.fields import Resampling
from equipoise.data.kinds import image_kinds

_MOST_PIXELS = 80_000_000
MOST_FILE_BYTES = 256 << 20
"""A larger file is not read."""
_BITS_PER_SAMPLE, _PHOTOMETRIC, _WHITE_IS_ZERO = 258, 262, 0
"""Tags of TIFF."""
_GROUP = 32
_KEPT = "RGBA"
_ROUNDING = 4
_MOST_THREADS = 8
_SMALL_BYTES = 4096

Frame = Callable[[Image.Image], Image.Image]
"""From a picture to the part of it that is taken."""


@dataclass(frozen=True)
class Picture:
    """One image to read: its name for messages, its bytes when asked for, and its class (0 where there is none)."""

    name: str
    read: Callable[[], bytes]
    label: int = 0


@dataclass(frozen=True)
class Decoded:
    """One image: uint8 [channels, height, width], its (width, height) in the file, and what it is like.

    Attributes:
        transparent: whether it had transparent parts.
        grey: whether it has no colours.
    """

    pixels: NDArray[np.uint8]
    size: tuple[int, int]
    transparent: bool
    grey: bool = False


class UnreadableError(Exception):
    """Why one image was left out."""


class UnavailableError(Exception):
    """Why one image could not be read this time, although its file may be good."""


def not_too_large(content: bytes | None, most_bytes: int = MOST_FILE_BYTES) -> bytes:
    """The bytes of one image; None stands for too many to be read.

    Raises:
        UnreadableError: there are more than `most_bytes`.
    """
    if content is None or len(content) > most_bytes:
        raise UnreadableError(f"larger than {most_bytes:,} bytes")
    return content


def centre_square(side: int, resampling: Resampling = "bilinear") -> Frame:
    """The shorter side resized to `side` and the centre taken, in one step (antialiased)."""

    def frame(image: Image.Image) -> Image.Image:
        width, height = image.size
        shorter = min(width, height)
        left, top = (width - shorter) / 2, (height - shorter) / 2
        box = (left, top, left + shorter, top + shorter)
        return image.resize((side, side), Image.Resampling[resampling.upper()], box=box)

    return frame


def padded_square(side: int) -> Frame:
    """The whole picture, its longer side resized to `side`, in the middle of a white (or transparent) square."""

    def frame(image: Image.Image) -> Image.Image:
        factor = side / max(image.size)
        width, height = (max(1, round(length * factor)) for length in image.size)
        square = Image.new(image.mode, (side, side), "white")
        if image.mode == _KEPT:
            square.putalpha(0)
        resized = image.resize((width, height), Image.Resampling.BILINEAR)
        square.paste(resized, ((side - width) // 2, (side - height) // 2))
        return square

    return frame


def whole_then_centre(side: int, resampling: Resampling = "bilinear") -> Frame:
    """The whole image resized, its shorter side to `side` and the longer rounded down, then the centre cut out."""

    def frame(image: Image.Image) -> Image.Image:
        shorter = min(image.size)
        width, height = (length * side // shorter for length in image.size)
        resized = image.resize((width, height), Image.Resampling[resampling.upper()])
        left, top = (width - side) // 2, (height - side) // 2
        return resized.crop((left, top, left + side, top + side))

    return frame


def read_pictures(
    pictures: Iterator[Picture], frame: Frame, mode: str, account: Account, draft_side: int = 0
) -> Iterator[Batch]:
    """Groups of images [group, channels, height, width] with their labels, in the order of `pictures`.

    Args:
        pictures: what to read; drawn a little ahead, so that any number fits in memory.
        frame: resizes and crops; must give every image one size.
        mode: "RGB", "L" or "RGBA", which keeps transparency.
        account: counts what was read, and names what was not.
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
                yield from _kept(waiting.popleft().result(), account)
        while waiting:
            yield from _kept(waiting.popleft().result(), account)


def _threads(first: list[Picture]) -> int:
    """As many as pay: the smallest images keep one thread busy with Python, so that more would only wait."""
    sizes = []
    for picture in first:
        with suppress(Exception):
            sizes.append(len(picture.read()))
    small = not sizes or sum(sizes) / len(sizes) < _SMALL_BYTES
    return 1 if small else min(_MOST_THREADS, os.cpu_count() or 1)


_Outcome = tuple[Picture, Decoded | UnreadableError | UnavailableError]


def _read_group(group: list[Picture], frame: Frame, mode: str, draft_side: int) -> list[_Outcome]:
    return [(picture, _read_one(picture, frame, mode, draft_side)) for picture in group]


def _read_one(
    picture: Picture, frame: Frame, mode: str, draft_side: int
) -> Decoded | UnreadableError | UnavailableError:
    """The image, or why there is none: for what the file is, or for what the system would not do this time."""
    try:
        content = picture.read()
    except UnfitFile as error:
        return UnreadableError(str(error))
    except OSError as error:
        return UnavailableError(error.strerror or "the system refused it")
    except MemoryError:
        return UnavailableError("out of memory")
    except Exception as error:  # a broken archive may make its reader raise anything
        return _refusal(error)
    try:
        return decode(content, frame, mode, draft_side)
    except Exception as error:  # a broken file may make a decoder raise anything
        return _refusal(error)


def _refusal(error: Exception) -> UnreadableError | UnavailableError:
    """In our words: a decoder's own are for programmers."""
    words = str(error)
    if isinstance(error, UnreadableError | UnavailableError):
        return error
    if isinstance(error, MemoryError) or "out of memory" in words:
        return UnavailableError("out of memory")
    if isinstance(error, UnidentifiedImageError):
        return UnreadableError("no image of a known kind")
    if isinstance(error, Image.DecompressionBombError):
        return UnreadableError(f"more than {_MOST_PIXELS:,} pixels")
    if "truncated" in words:
        return UnreadableError("cut short")
    if "conversion" in words:
        return UnreadableError("its colours cannot be converted")
    return UnreadableError("damaged")


def _kept(outcomes: list[_Outcome], account: Account) -> Iterator[Batch]:
    arrays, labels = [], []
    for picture, outcome in outcomes:
        if isinstance(outcome, UnreadableError):
            account.skipped.append((picture.name, str(outcome)))
        elif isinstance(outcome, UnavailableError):
            account.unread.append((picture.name, str(outcome)))
        else:
            account.count(outcome.size, outcome.transparent, min(outcome.pixels.shape[1:]), outcome.grey)
            arrays.append(outcome.pixels)
            labels.append(picture.label)
    if arrays:
        yield np.stack(arrays), np.array(labels, dtype=np.int64)


def decode(content: bytes, frame: Frame, mode: str, draft_side: int = 0) -> Decoded:
    """One image: EXIF orientation applied, on white where it is transparent (unless kept), then resized and cropped.

    Raises:
        UnreadableError: more than 80 million pixels, or a kind of pixel that has no meaning as a colour.
        Exception: whatever a decoder raises for a broken file.
    """
    with Image.open(io.BytesIO(content), formats=tuple(image_kinds())) as image:
        width, height = image.size
        if width * height > _MOST_PIXELS:
            raise UnreadableError(f"{width}x{height} is more than {_MOST_PIXELS:,} pixels")
        shallow = _shallow(image)
        if draft_side:
            shallow.draft(None, (draft_side, draft_side))
        upright = ImageOps.exif_transpose(shallow)
        colours = upright.convert("RGBA") if upright.has_transparency_data else upright
        transparent = colours.mode == "RGBA" and bool(np.asarray(colours.getchannel("A")).min() < 255)
        framed = frame((_on_white(colours) if transparent and mode != _KEPT else colours).convert(mode))
    values = np.array(framed, dtype=np.uint8)
    if mode == _KEPT:
        values[values[:, :, 3] == 0] = (255, 255, 255, 0)  # a colour that nobody sees
    pixels = np.ascontiguousarray(values[None] if mode == "L" else values.transpose(2, 0, 1))
    return Decoded(pixels, (width, height), transparent, _is_grey(pixels))


def _is_grey(pixels: NDArray[np.uint8]) -> bool:
    """Whether the colours [channels, height, width] are all alike, up to what a JPEG's rounding makes of grey."""
    if len(pixels) == 1:
        return True
    red, green, blue = pixels[:3].astype(np.int16)
    return bool(max(np.abs(red - green).max(), np.abs(green - blue).max()) <= _ROUNDING)


def _shallow(image: Image.Image) -> Image.Image:
    """The image with 8 bits a channel.

    Raises:
        UnreadableError: the file does not say what its numbers mean: fractions, or whole numbers of 32 bits.
    """
    if image.mode.startswith("I") and not (image.mode == "I" and image.format == "TIFF"):
        return _from_16_bits(image)
    if image.mode in ("I", "F"):
        kind = "fractions" if image.mode == "F" else "whole numbers of 32 bits, or with a sign"
        raise UnreadableError(f"its pixels are {kind}, which have no stated range; save it with 8 or 16 bits")
    return image


def _from_16_bits(image: Image.Image) -> Image.Image:
    """Grey of 0..65535 to 0..255, rounded, with its notes; without this, all above 255 would become white."""
    tags = getattr(image, "tag_v2", {})
    most = 2 ** tags.get(_BITS_PER_SAMPLE, (16,))[0] - 1
    values = np.clip(np.asarray(image).astype(np.int64), 0, most)
    if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        values = most - values
    grey = Image.fromarray(((values * 255 + most // 2) // most).astype(np.uint8))
    if isinstance(image.info.get("transparency"), int):
        grey.putalpha(Image.fromarray(np.where(values == image.info["transparency"], 0, 255).astype(np.uint8)))
    grey.getexif().update(image.getexif())
    return grey


def _on_white(colours: Image.Image) -> Image.Image:
    return Image.alpha_composite(Image.new("RGBA", colours.size, (255, 255, 255, 255)), colours).convert("RGB")
