"""Scores of a generator from its images themselves: missing modes, similarity of pairs, nearest neighbours."""

import math
from typing import Any

import torch

from equipoise.common.errors import EquipoiseError
from equipoise.common.random import stream
from equipoise.metrics.neighbours import memorisation
from equipoise.metrics.structural_similarity import ms_ssim
from equipoise.metrics.third_party import MissingModes, missing_modes
from equipoise.runs.evidence import Evidence, Score
from equipoise.runs.judge import all_items

THRESHOLD = 0.9
"""The third party's output above which a test image counts as one that was never generated."""
_PUBLISHED_SIGMA, _PUBLISHED_SIZE = 3.5, 3 * 64 * 64
_MOST_PAIRS, _PAIRS_AT_ONCE, _NEIGHBOURS = 25_000, 1000, 1000
_MOST_REAL, _FEW_ITERATIONS, _ITERATIONS = 20_000, 20, 2000


def score_missing_modes(evidence: Evidence) -> Score:
    """Share of the test images on missing modes, with noise that grows with the root of the number of pixels."""
    sigma = _PUBLISHED_SIGMA * math.sqrt(evidence.images[0].numel() / _PUBLISHED_SIZE)
    found = _missing(evidence, sigma)
    value = found.counts[THRESHOLD] / len(found.outputs)
    return Score("missing-modes", value, None, _missing_passport("missing-modes", evidence, found))


def score_missing_modes_3_5(evidence: Evidence) -> Score:
    """Count of the test images on missing modes with noise of deviation 3.5."""
    return _counted("missing-modes-3.5", evidence, 3.5)


def score_missing_modes_4(evidence: Evidence) -> Score:
    """Count of the test images on missing modes with noise of deviation 4."""
    return _counted("missing-modes-4", evidence, 4.0)


def score_ms_ssim(evidence: Evidence) -> Score:
    """Mean similarity of pairs of samples, each sample in one pair; the deviation is the mean's standard error.

    50,000 samples make the 25,000 pairs of Wang et al. 2019 (section 5.1).
    """
    pairs = min(_MOST_PAIRS, len(evidence.images) // 2)
    if not pairs:
        raise EquipoiseError("ms-ssim needs two samples at least.")
    order = torch.randperm(len(evidence.images), generator=stream(evidence.experiment.seed, "evaluation/pairs"))
    halves = zip(*(half.split(_PAIRS_AT_ONCE) for half in (order[:pairs], order[pairs : 2 * pairs])), strict=True)
    device, images = evidence.device, evidence.images
    found = [ms_ssim(images[first].to(device), images[second].to(device)) for first, second in halves]
    values = torch.cat(found).double().cpu()
    error = float(values.std()) / math.sqrt(pairs) if pairs > 1 else None
    passport = evidence.passport(f"ms-ssim, {pairs} pairs", resize="bilinear to 256 if below 176")
    return Score("ms-ssim", float(values.mean()), error, passport)


def score_neighbours(evidence: Evidence) -> Score:
    """How near samples are to the training images, against held-out images; pixels in [0, 1]."""
    train, held_out = (_pixels(all_items(part)) for part in evidence.parts)
    count = min(_NEIGHBOURS, len(held_out), len(evidence.images))
    samples = evidence.images[:count].flatten(1)
    try:
        found = memorisation(samples, train.flatten(1), held_out[:count].flatten(1))
    except ValueError as error:
        raise EquipoiseError(str(error)) from error
    passport = evidence.passport(
        f"nearest-neighbours, {count} samples",
        real_count=len(train),
        compared=count,
        share_nearer=found.share_nearer,
        copies=found.copies,
    )
    return Score("nearest-neighbours", found.ratio, None, passport)


def _counted(name: str, evidence: Evidence, sigma: float) -> Score:
    found = _missing(evidence, sigma)
    return Score(name, float(found.counts[THRESHOLD]), None, _missing_passport(name, evidence, found))


def _missing(evidence: Evidence, sigma: float) -> MissingModes:
    """Three sides in [-1, 1]: real images for training, samples, and real images that are held out."""
    train, held_out = evidence.parts
    real, test = (2 * _pixels(_some(part)) - 1 for part in (all_items(train), all_items(held_out)))
    iterations = _FEW_ITERATIONS if evidence.few_samples else _ITERATIONS
    generated = 2 * evidence.images - 1
    return missing_modes(real, generated, test, sigma=sigma, seed=evidence.experiment.seed, iterations=iterations)


def _missing_passport(name: str, evidence: Evidence, found: MissingModes) -> dict[str, object]:
    train, held_out = evidence.parts
    counts: dict[str, Any] = {f"above {threshold:g}": count for threshold, count in found.counts.items()}
    return evidence.passport(
        f"{name}, noise {found.sigma:.4g}, threshold {THRESHOLD:g}",
        "noisy third-party discriminator",
        real_count=min(len(train), _MOST_REAL),
        test_count=min(len(held_out), _MOST_REAL),
        **counts,
    )


def _some(items: torch.Tensor) -> torch.Tensor:
    count = min(len(items), _MOST_REAL)
    return items[torch.arange(count) * len(items) // count]


def _pixels(images: torch.Tensor) -> torch.Tensor:
    if images.dtype != torch.uint8:
        raise EquipoiseError("this metric needs images, and the data are points.")
    return images.float() / 255
