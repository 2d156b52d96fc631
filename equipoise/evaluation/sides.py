"""The two sides of a comparison: where their images come from, and their common size and colour."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from equipoise.common.errors import EquipoiseError, printable
from equipoise.data.data_set import DataSet
from equipoise.data.fields import check_choice, check_whole
from equipoise.data.picture_sets import Look, PictureSet
from equipoise.data.resize import resize_square
from equipoise.data.store import Store, ValueRange, held
from equipoise.evaluation.sampling import opaque, to_bytes
from equipoise.evaluation.side_words import named_side
from equipoise.metrics.arrays import Array, as_images, as_tensor

Given = str | Path | Array | DataSet
"""What a side may be given as: a path, a data set's name, a data set, or images in memory."""
_LARGEST_SIDE = 512
"""Pixels, where the images' own sizes would be larger and none was asked for: no extractor looks at more."""


@dataclass(frozen=True)
class Side:
    """Images of one side.

    Attributes:
        name: for people.
        store: uint8 images, all of one shape.
        notes: what was done to them, a sentence each.
    """

    name: str
    store: Store
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImageSource:
    """Images that have not been read yet.

    Attributes:
        name: for people.
        look: what they are.
        load: reads them at a shape (channels, height, width).
    """

    name: str
    look: Look
    load: Callable[[tuple[int, int, int]], Store]


def read_sides(real: ImageSource, generated: ImageSource, size: int | None = None) -> tuple[Side, Side]:
    """Both sides at one size and colour.

    Args:
        real: the images that are the measure.
        generated: those that are measured.
        size: pixels on a side; by default both sides' own size where it is one, else the smaller of their sizes.

    Raises:
        EquipoiseError: one of them cannot be read.
    """
    shape = common_shape(real.look, generated.look, size)
    return _side(real, shape), _side(generated, shape)


def common_shape(real: Look, generated: Look, size: int | None = None) -> tuple[int, int, int]:
    """(channels, height, width) at which two sides are compared; arguments as in `read_sides`."""
    channels = max(real.channels, generated.channels)
    if size is not None:
        check_whole("a score", "size", size, 8, 2048)
        return channels, size, size
    if real.size is not None and real.size == generated.size:
        return channels, *real.size
    side = min(real.side, generated.side, _LARGEST_SIDE)
    return channels, side, side


def _side(source: ImageSource, shape: tuple[int, int, int]) -> Side:
    store = source.load(shape)
    notes = []
    if source.look.channels != shape[0]:
        notes.append(f"{source.name} is grey and the other side is in colour, so it is compared in colour.")
    if store.account is not None and source.look.size != shape[1:]:
        notes.append(store.account.sentence(source.name, shape))
    elif source.look.size is not None and source.look.size != shape[1:]:
        height, width = source.look.size
        notes.append(f"{source.name} has images of {width}x{height} pixels, resized to {shape[2]}x{shape[1]}.")
    return Side(source.name, store, tuple(notes))


def source_of(given: Given, name: str, value_range: ValueRange = "unit", root: Path | None = None) -> ImageSource:
    """What a user gave as one side.

    Args:
        given: a folder, a zip or tar of pictures, an .npz file; a data set by name, with its split if it has several,
            as in mnist:test; a data set; or images [count, channels, height, width], uint8 or floating-point, or
            uint8 [count, height, width, channels], as `Run.sample` gives them.
        name: of images in memory.
        value_range: of floating-point ones, which are rounded to 8 bits as files are.
        root: where published data lie.

    Raises:
        EquipoiseError: there is no such thing, or it holds no images.
    """
    if isinstance(given, DataSet):
        return _of_store(given.name, given.load(root))
    if isinstance(given, str | Path):
        return _of_text(str(given), root)
    return of_images(given, name, value_range)


def of_images(images: Array, name: str, value_range: ValueRange = "unit") -> ImageSource:
    """Images in memory as a source; arguments as in `source_of`."""
    try:
        values = as_images(name, _channels_first(images))
        check_choice(name, "value_range", value_range, ("unit", "symmetric"))
        return _of_store(name, held(as_bytes(values, name, value_range)))
    except ValueError as error:
        raise EquipoiseError(str(error)) from error


def _channels_first(images: Array) -> Array:
    """uint8 images as `sample` gives them, [count, height, width, channels], transparent ones on white; or as is."""
    shape: tuple[int, ...] = tuple(getattr(images, "shape", ()))
    is_last = len(shape) == 4 and shape[3] in (1, 3, 4) and shape[1] not in (1, 2, 3, 4)
    if not is_last or str(images.dtype) not in ("uint8", "torch.uint8"):
        return images
    return opaque(as_tensor("images", images).cpu().permute(0, 3, 1, 2).contiguous())


def as_bytes(images: torch.Tensor, name: str, value_range: ValueRange) -> torch.Tensor:
    """Images as uint8, rounded; raises ValueError where they leave their range."""
    if images.dtype == torch.uint8:
        return images.cpu()
    least, most = (float(each) for each in images.aminmax())
    lowest = 0.0 if value_range == "unit" else -1.0
    if not (least >= lowest - 1e-3 and most <= 1 + 1e-3):
        if not (math.isfinite(least) and math.isfinite(most)):
            raise ValueError(f"{name} must lie in [{lowest:g}, 1], and holds NaN or infinity.")
        advice = "use uint8 for 0 to 255"
        if value_range == "unit" and least >= -1.001 and most <= 1.001:
            advice = "give value_range='symmetric' for images from -1 to 1"
        raise ValueError(f"{name} must lie in [{lowest:g}, 1], got {least:.4g} to {most:.4g}; {advice}.")
    return to_bytes(images.cpu(), value_range)


def _of_text(text: str, root: Path | None) -> ImageSource:
    found = named_side(text)
    if isinstance(found, Path):
        pictures = PictureSet(found)
        return ImageSource(pictures.name, pictures.look(), pictures.load)
    return _of_store(printable(text) if ":" in text else found.name, found.load(root))


def _of_store(name: str, store: Store) -> ImageSource:
    if not store.holds_images:
        raise EquipoiseError(f"{name} holds points; only images can be scored like this.")
    channels, height, width = store.shape
    if channels not in (1, 3):
        raise EquipoiseError(f"{name} has {channels} channels; give images with 1 (grey) or 3 (colour).")
    look = Look((height, width), min(height, width), channels)
    return ImageSource(name, look, lambda shape: _reshaped(store, shape))


def _reshaped(store: Store, shape: tuple[int, int, int]) -> Store:
    """The store's images at a shape; the largest centred square of each where a square is wanted of another shape."""
    if store.shape == shape:
        return replace(store, labels=None, classes=0, known_hash=None) if store.labels is not None else store
    parts = [_at(chunk.cpu(), shape) for chunk in store.chunks()]
    return held(torch.cat(parts))


def _at(images: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
    channels, height, width = shape
    images = images.expand(-1, channels, -1, -1)
    if images.shape[2:] == (height, width):
        return images.contiguous()
    shorter = min(images.shape[2:])
    top, left = ((side - shorter) // 2 for side in images.shape[2:])
    return resize_square(images[:, :, top : top + shorter, left : left + shorter], height)
