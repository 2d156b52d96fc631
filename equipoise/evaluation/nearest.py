"""The training pictures that are nearest to samples."""

from dataclasses import dataclass
from typing import Literal

import torch
from PIL import Image
from torch import Tensor

from equipoise.common.errors import EquipoiseError
from equipoise.data.store import Store
from equipoise.evaluation.backbones import make_extractor
from equipoise.evaluation.feature_cache import store_features
from equipoise.evaluation.features import extract
from equipoise.evaluation.sampling import grid, opaque
from equipoise.metrics.neighbours import several_nearest
from equipoise.networks.pretrained import lite0_is_installed

By = Literal["features", "pixels"]
"""What distances are measured on."""
_AT_ONCE, _PART = 64, 1024


@dataclass(frozen=True)
class Neighbours:
    """Samples and their nearest training pictures.

    Attributes:
        samples: uint8 [samples, channels, height, width].
        images: uint8 [samples, neighbours, channels, height, width], the nearest first.
        positions: of these in the training data, [samples, neighbours].
        distances: to these, [samples, neighbours].
        by: what the distances were measured on, in words.
    """

    samples: Tensor
    images: Tensor
    positions: Tensor
    distances: Tensor
    by: str

    def picture(self) -> Image.Image:
        """A row for each sample: the sample, a gap, and its neighbours."""
        gap = torch.full_like(self.samples, 255)
        rows = torch.cat([self.samples[:, None], gap[:, None], self.images], dim=1)
        return grid(rows.flatten(0, 1), rows.shape[1])


def nearest_training(
    samples: Tensor, store: Store, count: int, by: By | None = None, device: torch.device | str = "cpu"
) -> Neighbours:
    """The nearest training pictures of each sample.

    Args:
        samples: uint8 [samples, channels, height, width].
        store: all training pictures.
        count: neighbours of each sample.
        by: "features" of EfficientNet-Lite0, which are extracted once and cached, or "pixels"; by default the features
            where the extra that brings the weights is installed.
        device: where features are extracted.

    Raises:
        EquipoiseError: features were asked for, and the extra is not installed.
    """
    if not 1 <= count <= len(store):
        raise EquipoiseError(f"of {len(store):,} training pictures there cannot be {count} neighbours.")
    if by is None:
        by = "features" if lite0_is_installed() else "pixels"
    if by == "pixels":
        of_samples, parts = _pixels(samples), (_pixels(part) for part in store.chunks(_PART))
    else:
        extractor = make_extractor("efficientnet-lite0", None, device)
        of_samples = extract(samples, extractor, _AT_ONCE, device).features
        called = "features of the training pictures"
        known = store_features(store, len(store), extractor, torch.device(device), called)
        parts = iter(known.features.split(_PART))
    distances, positions = several_nearest(of_samples, parts, count)
    images = store.items.gather(positions.flatten()).cpu().reshape(*positions.shape, *store.shape)
    words = {"pixels": "pixels", "features": "features of EfficientNet-Lite0"}[by]
    return Neighbours(samples, images, positions, distances, words)


def _pixels(images: Tensor) -> Tensor:
    return opaque(images.cpu()).flatten(1) / 255
