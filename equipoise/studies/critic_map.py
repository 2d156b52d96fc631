"""A map of a discriminator's outputs in the plane, by t-SNE: near outputs lie close (Wang et al. 2019, Figure 4)."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from equipoise.common.errors import EquipoiseError
from equipoise.common.files import read_text_bounded, write_text_atomically
from equipoise.common.random import derived_seed
from equipoise.evaluation.evidence import Evidence
from equipoise.evaluation.scoring_critic import critic_outputs

METRICS = frozenset({"critic-silhouette", "critic-purity"})
"""Where one of these is measured, the map is drawn too."""
_FILE, _PERPLEXITY = "critic-map.json", 30.0
_SEEDS = 2**32


@dataclass(frozen=True)
class CriticMap:
    """Where each image lies: points [images, 2], and the images' classes [images]."""

    points: NDArray[np.float64]
    labels: NDArray[np.int64]


def write_critic_map(evidence: Evidence, directory: Path) -> None:
    """Find the map and write it into the run's directory.

    Raises:
        EquipoiseError: scikit-learn is not installed, or as `critic_outputs`.
    """
    try:
        from sklearn.manifold import TSNE
    except ImportError as error:
        raise EquipoiseError(
            "the map of the discriminator's outputs needs scikit-learn, which is not installed; "
            "install it with: pip install 'equipoise[digits]'."
        ) from error
    outputs, labels = critic_outputs(evidence)
    perplexity = min(_PERPLEXITY, (len(labels) - 1) / 3)
    seed = derived_seed(evidence.experiment.seed, "critic-map") % _SEEDS
    start = "pca" if outputs.shape[1] > 1 else "random"
    points = TSNE(perplexity=perplexity, init=start, random_state=seed).fit_transform(outputs.double().cpu().numpy())
    found = {"points": np.round(points.astype(np.float64), 2).tolist(), "labels": labels.tolist()}
    write_text_atomically(directory / _FILE, json.dumps(found))


def read_critic_map(directory: Path) -> CriticMap | None:
    """The map in a run's directory, or None where there is none that can be read."""
    try:
        found = json.loads(read_text_bounded(directory / _FILE))
        points, labels = np.array(found["points"], dtype=np.float64), np.array(found["labels"], dtype=np.int64)
    except (OSError, ValueError, KeyError, TypeError, EquipoiseError):
        return None
    fits = labels.ndim == 1 and len(labels) and points.shape == (len(labels), 2) and np.isfinite(points).all()
    return CriticMap(points, labels) if fits else None
