"""Crops of the two photographs that scikit-learn ships: a strip in the middle is held out, the sides are trained on."""

import numpy as np
import torch
from sklearn.datasets import load_sample_images
from torch import Tensor

from equipoise.common.random import stream

HELD_OUT = (0.4, 0.6)
"""Of each photograph's width; what lies between is never trained on."""


def photographs() -> list[Tensor]:
    """Two pictures [3, 427, 640] in [-1, 1]: a temple in China and a flower."""
    return [
        torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 127.5 - 1 for image in load_sample_images().images
    ]


def crops(pictures: list[Tensor], count: int, size: int, seed: int, step: int, held_out: bool = False) -> Tensor:
    """`count` square crops from random places. Returns: [count, 3, size, size]."""
    chance = stream(seed, "held-out crops" if held_out else "crops", step)
    found = []
    for place in range(count):
        picture = pictures[place % len(pictures)]
        left, right = (int(share * picture.shape[2]) for share in HELD_OUT)
        sides = picture[:, :, :left], picture[:, :, right:]
        part = picture[:, :, left:right] if held_out else sides[place // len(pictures) % 2]
        top, edge = (int(torch.randint(side - size + 1, (), generator=chance)) for side in part.shape[1:])
        found.append(part[:, top : top + size, edge : edge + size])
    return torch.stack(found)


def sharpness(images: Tensor, originals: Tensor) -> float:
    """The mean size of differences between neighbouring pixels, as a share of the originals': 1 is as sharp."""
    return _roughness(images) / _roughness(originals)


def _roughness(images: Tensor) -> float:
    return float(images.diff(dim=2).abs().mean() + images.diff(dim=3).abs().mean())


def decibels(images: Tensor, originals: Tensor) -> float:
    """The peak signal-to-noise ratio of images in [-1, 1]."""
    return float(10 * torch.log10(4 / (images - originals).square().mean()))
