"""Samples from a generator, with random numbers of their own: sampling does not change a run."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from equipoise.common.errors import EquipoiseError, printable, shown
from equipoise.common.files import write_atomically, write_folder_atomically
from equipoise.data.memory import memory_bytes
from equipoise.evaluation.latents import BATCH, latent_batch
from equipoise.training.draw import Latent

_GRID_COLUMNS = 10
_SMALLEST_PIXELS = 32
_MOST_PIXELS = 178_956_970
"""Pillow refuses to read more, as other readers do."""

_IMAGE_VALUE_BYTES, _POINT_VALUE_BYTES = 12, 40
"""The most memory that one value of a sample takes between the generator and the file, copies counted."""
_FILE_BYTES = 4096
"""The room that a small file takes on most disks."""

_ENDINGS = _GRID, _ARRAYS = ".png", ".npz"


def generate(generator: nn.Module, prior: Latent, count: int, seed: int, purpose: str = "samples") -> Tensor:
    """All samples of `generated_batches` at once: [count, ...] on the CPU."""
    return torch.cat(list(generated_batches(generator, prior, count, seed, purpose)))


@torch.no_grad()
def generated_batches(
    generator: nn.Module, prior: Latent, count: int, seed: int, purpose: str = "samples"
) -> Iterator[Tensor]:
    """Samples of the generator in evaluation mode, some hundred at a time. Its state and mode are left as they were.

    Args:
        generator: latent [batch, latent size] -> samples [batch, ...].
        prior: the latent distribution.
        count: how many.
        seed: with `purpose`, the address of the noise; the first samples are the same whatever `count` is.
        purpose: names the stream of noise.

    Yields: [at most 500, ...] on the CPU.
    """
    device = next(generator.parameters()).device
    for number, start in enumerate(range(0, count, BATCH)):
        latent = latent_batch(prior, seed, number, purpose)
        with evaluation_mode(generator):
            batch = generator(latent[: count - start].to(device)).cpu()
        yield batch


def to_bytes(images: Tensor, value_range: Literal["unit", "symmetric"]) -> Tensor:
    """Images as uint8 of the same shape, rounded to the nearest value."""
    unit = images.clone() if value_range == "unit" else (images + 1).div_(2)
    return unit.clamp_(0, 1).mul_(255).round_().to(torch.uint8)


def to_arrays(samples: Tensor, value_range: Literal["unit", "symmetric"]) -> NDArray[Any]:
    """Samples as they are handed out: uint8 [count, height, width, channels], or points float32 [count, 2]."""
    stored = samples if samples.ndim == 2 else to_bytes(samples, value_range).permute(0, 2, 3, 1).contiguous()
    arrays: NDArray[Any] = stored.numpy()
    return arrays


def check_count(count: object) -> None:
    """How many samples somebody wants.

    Raises:
        EquipoiseError: it is no whole number of at least 1.
    """
    if not isinstance(count, int) or count < 1:
        raise EquipoiseError(f"the count of samples must be a whole number of at least 1, got {shown(count)}.")


def sample_picture(
    samples: Tensor, value_range: Literal["unit", "symmetric"], columns: int = _GRID_COLUMNS
) -> Image.Image:
    """A picture of samples: a grid of images, or a scatter plot of points [count, 2]."""
    return scatter(samples) if samples.ndim == 2 else grid(to_bytes(samples, value_range), columns)


def grid(images: Tensor, columns: int = _GRID_COLUMNS) -> Image.Image:
    """Images [count, channels, height, width] uint8 as one picture with `columns` columns; small ones are enlarged."""
    count, channels, height, width = images.shape
    rows = -(-count // columns)
    canvas = torch.full((rows * columns, height + 1, width + 1, channels), 255, dtype=torch.uint8)
    canvas[:count, :height, :width] = images.permute(0, 2, 3, 1)
    sheet = canvas.reshape(rows, columns, height + 1, width + 1, channels).permute(0, 2, 1, 3, 4)
    picture = as_picture(sheet.reshape(rows * (height + 1), columns * (width + 1), channels).numpy())
    factor = _enlargement(height)
    return picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)


def _enlargement(height: int) -> int:
    """How many times larger a grid shows images of this height."""
    return max(1, round(_SMALLEST_PIXELS / height))


def scatter(points: Tensor, size_pixels: int = 400) -> Image.Image:
    """Points [count, 2] as dots on a square that holds them all."""
    pixels = np.full((size_pixels, size_pixels), 255, dtype=np.uint8)
    values = points.double().numpy()
    finite = values[np.isfinite(values).all(axis=1)]
    reach = max(float(np.abs(finite).max()), 1e-9) * 1.05 if len(finite) else 1.0
    places = ((finite / reach + 1) / 2 * (size_pixels - 1)).round().astype(int)
    for right, up in ((0, 0), (1, 0), (0, 1), (1, 1)):
        rows = np.clip(size_pixels - 1 - places[:, 1] - up, 0, size_pixels - 1)
        pixels[rows, np.clip(places[:, 0] + right, 0, size_pixels - 1)] = 60
    return Image.fromarray(pixels)


def as_picture(pixels: NDArray[np.uint8]) -> Image.Image:
    """Pixels [height, width, channels] as a grey (1 channel) or RGB (3 channels) picture."""
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def write_picture(picture: Image.Image, path: Path) -> None:
    """Write a PNG whole or not at all."""
    write_atomically(path, lambda temporary: picture.save(temporary, format="PNG"))


def check_place(out: Path) -> None:
    """Check that samples can be written there, before they are made.

    Raises:
        EquipoiseError: the ending is neither .png nor .npz nor that of a folder, or the folder holds something.
    """
    ending = out.suffix.lower()
    if ending in _ENDINGS:
        return
    if out.is_dir():
        if any(out.iterdir()):
            raise EquipoiseError(f"the folder {printable(out)} already contains files; choose a new or empty one.")
    elif any(letter.isalpha() for letter in ending):
        raise EquipoiseError(
            f"samples go into a .png grid, an .npz file, or a folder of PNGs, and {printable(out)} ends in "
            f"{printable(out.suffix)}; name a folder without an ending."
        )


def check_size(out: Path, count: int, shape: torch.Size) -> None:
    """Check that this many samples of this shape fit into memory and on the disk, before they are made.

    Raises:
        EquipoiseError: they need more memory than this machine has, a folder of them more room than its disk has, or a
            grid of them would be a picture of more pixels than readers of pictures accept.
    """
    is_image, ending = len(shape) > 1, out.suffix.lower()
    if ending not in _ENDINGS:
        if count * _FILE_BYTES > _free_bytes(out):
            raise EquipoiseError(f"{count} pictures need more space than is free on the disk of {printable(out)}.")
        return
    if count * shape.numel() * (_IMAGE_VALUE_BYTES if is_image else _POINT_VALUE_BYTES) > memory_bytes():
        raise EquipoiseError(f"{count} samples need more memory than this machine has; use fewer.")
    if is_image and ending == _GRID:
        height, width = (side + 1 for side in shape[1:])
        pixels = -(-count // _GRID_COLUMNS) * _GRID_COLUMNS * height * width * _enlargement(shape[1]) ** 2
        if pixels > _MOST_PIXELS:
            raise EquipoiseError(
                f"a grid of {count} samples would have {pixels} pixels, and viewers accept at most {_MOST_PIXELS}; "
                "use fewer, an .npz file or a folder."
            )


def _free_bytes(path: Path) -> int:
    """On the disk where the path is, or will be."""
    place = path.absolute()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def export_samples(batches: Iterable[Tensor], value_range: Literal["unit", "symmetric"], out: Path) -> None:
    """Write batches of samples as one grid (.png), as arrays (.npz), or as a new folder of PNGs: whole or not at all.

    The array of images is called `images`, as `--data npz:FILE` reads it, and that of points `points`. A folder is
    written batch by batch.

    Raises:
        EquipoiseError: as `check_place`; the place cannot be written, or points were to become a folder of images.
    """
    check_place(out)
    if out.suffix.lower() not in _ENDINGS:
        write_folder_atomically(out, lambda folder: _write_pictures(batches, value_range, folder, out))
        return
    samples = torch.cat(list(batches))
    if out.suffix.lower() == _GRID:
        write_picture(sample_picture(samples, value_range), out)
    else:
        values, name = (to_bytes(samples, value_range), "images") if samples.ndim > 2 else (samples, "points")
        write_atomically(out, lambda temporary: _write_npz(temporary, {name: values.numpy()}))


def _write_pictures(
    batches: Iterable[Tensor], value_range: Literal["unit", "symmetric"], folder: Path, out: Path
) -> None:
    number = 0
    for batch in batches:
        if batch.ndim == 2:
            raise EquipoiseError(
                f"points have no images to put into the folder {printable(out)}; name a .png or .npz file."
            )
        for image in to_bytes(batch, value_range).permute(0, 2, 3, 1).numpy():
            as_picture(image).save(folder / f"{number:06d}.png")
            number += 1


def _write_npz(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    with open(path, "wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


@contextmanager
def evaluation_mode(module: nn.Module) -> Iterator[None]:
    """Inside this context the module is in evaluation mode; afterwards each part has its previous mode."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, mode in modes:
            part.training = mode
