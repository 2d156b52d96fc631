"""Samples from a generator, with random numbers of their own: sampling does not change a run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from equipoise.common.errors import EquipoiseError, shown
from equipoise.common.files import write_atomically
from equipoise.evaluation.latents import BATCH, latent_batch
from equipoise.training.draw import Latent

GRID_COLUMNS = 10
"""Of a grid that says nothing else."""
WITH_OPACITY = 4
"""The channels of pictures that may be transparent."""
_SMALLEST_PIXELS = 32


def generate(generator: nn.Module, prior: Latent, count: int, seed: int, purpose: str = "samples") -> Tensor:
    """Samples of the generator in evaluation mode, some hundred at a time. Its state and mode are left as they were.

    Args:
        generator: latent [batch, latent size] -> samples [batch, ...].
        prior: the latent distribution.
        count: how many.
        seed: with `purpose`, the address of the noise; the first samples are the same whatever `count` is.
        purpose: names the stream of noise.

    Returns: [count, ...] on the CPU.
    """
    latents = (
        latent_batch(prior, seed, number, purpose)[: count - start]
        for number, start in enumerate(range(0, count, BATCH))
    )
    return torch.cat([images_of(generator, batch) for batch in latents])


@torch.no_grad()
def images_of(generator: nn.Module, latents: Tensor, at_once: int = BATCH) -> Tensor:
    """What the generator makes of latent vectors [count, size] in evaluation mode: [count, ...] on the CPU."""
    device = next(generator.parameters()).device
    with evaluation_mode(generator):
        return torch.cat([generator(part.to(device)).cpu() for part in latents.split(at_once)])


def to_bytes(images: Tensor, value_range: Literal["unit", "symmetric"]) -> Tensor:
    """Images as uint8 of the same shape, rounded to the nearest value."""
    unit = images.clone() if value_range == "unit" else (images + 1).div_(2)
    return unit.clamp_(0, 1).mul_(255).round_().to(torch.uint8)


def on_white(images: Tensor) -> Tensor:
    """Colours and opacity [count, 4, height, width] in 0..255 as colours [count, 3, height, width] on white."""
    opacity = images[:, 3:] / 255
    return images[:, :3] * opacity + 255 * (1 - opacity)


def opaque(images: Tensor) -> Tensor:
    """Pictures uint8 [count, channels, height, width]; those with opacity, in 4 channels, lie on white afterwards."""
    return on_white(images.float()).round().to(torch.uint8) if images.shape[1] == WITH_OPACITY else images


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
    samples: Tensor, value_range: Literal["unit", "symmetric"], columns: int = GRID_COLUMNS
) -> Image.Image:
    """A picture of samples: a grid of images, or a scatter plot of points [count, 2]."""
    return scatter(samples) if samples.ndim == 2 else grid(to_bytes(samples, value_range), columns)


def grid(images: Tensor, columns: int = GRID_COLUMNS) -> Image.Image:
    """Images [count, channels, height, width] uint8 as one picture with `columns` columns; small ones are enlarged."""
    count, channels, height, width = images.shape
    rows = -(-count // columns)
    canvas = torch.full((rows * columns, height + 1, width + 1, channels), 255, dtype=torch.uint8)
    canvas[:count, :height, :width] = images.permute(0, 2, 3, 1)
    sheet = canvas.reshape(rows, columns, height + 1, width + 1, channels).permute(0, 2, 1, 3, 4)
    picture = as_picture(sheet.reshape(rows * (height + 1), columns * (width + 1), channels).numpy())
    return enlarged(picture, enlargement(height))


def enlargement(height: int, wanted: int = _SMALLEST_PIXELS) -> int:
    """How many times larger images of this height are shown, to have about the wanted one."""
    return max(1, round(wanted / height))


def enlarged(picture: Image.Image, factor: int) -> Image.Image:
    """The picture so many times as wide and high, each pixel as a square."""
    return picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)


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
