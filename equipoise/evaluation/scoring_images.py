"""Scores of a generator from its images themselves: similarity of pairs, nearest neighbours."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from equipoise.common.errors import EquipoiseError
from equipoise.common.random import stream
from equipoise.evaluation.comparison import Comparison
from equipoise.evaluation.judge import all_items
from equipoise.evaluation.score import Score
from equipoise.evaluation.scoring_features import spread_over
from equipoise.metrics.neighbours import memorisation
from equipoise.metrics.structural_similarity import ms_ssim

_MOST_PAIRS, _PAIRS_AT_ONCE, _NEIGHBOURS = 25_000, 1000, 1000
NEIGHBOURS = "lite0-neighbours", "nearest-neighbours"
"""The metrics that tell copies, the better one first."""
SHARE_NEARER = "share_nearer"
"""Where a passport keeps the share of samples that are nearer to a training image than 95 of 100 held-out ones."""


def score_ms_ssim(evidence: Comparison) -> Score:
    """Mean similarity of pairs of samples, each sample in one pair; the deviation is the mean's standard error.

    50,000 samples make the 25,000 pairs of Wang et al. 2019 (section 5.1).
    """
    pairs = min(_MOST_PAIRS, len(evidence.images) // 2)
    if not pairs:
        raise EquipoiseError("ms-ssim needs at least two samples.")
    order = torch.randperm(len(evidence.images), generator=stream(evidence.seed, "evaluation/pairs"))
    halves = zip(*(half.split(_PAIRS_AT_ONCE) for half in (order[:pairs], order[pairs : 2 * pairs])), strict=True)
    device, images = evidence.device, evidence.images
    found = [ms_ssim(images[first].to(device), images[second].to(device)) for first, second in halves]
    values = torch.cat(found).double().cpu()
    error = float(values.std()) / math.sqrt(pairs) if pairs > 1 else None
    passport = evidence.passport(f"ms-ssim, {pairs} pairs", resize="bilinear to 256 if below 176")
    return Score("ms-ssim", float(values.mean()), error, passport)


def score_neighbours(evidence: Comparison) -> Score:
    """How near samples are to the training images, against held-out images; pixels in [0, 1]."""
    train, held_out = (_pixels(all_items(part)) for part in evidence.parts)
    sides = (spread_over(evidence.images, _NEIGHBOURS), train, spread_over(held_out, _NEIGHBOURS))
    samples, known, others = (side.flatten(1).to(evidence.device) for side in sides)
    return _neighbours(NEIGHBOURS[1], samples, known, others, evidence.parts[1].content_hash, evidence.passport)


def score_lite0_neighbours(evidence: Comparison) -> Score:
    """The same by EfficientNet-Lite0's features, which see a moved, mirrored or recoloured copy as near."""
    name, backbone = NEIGHBOURS[0], "efficientnet-lite0"
    features = evidence.features(backbone)
    what = f"features of the parts by {backbone}"
    train, held_out = evidence.once_for_all(what, lambda: evidence.take_part_features(backbone))
    samples = spread_over(features.generated.features, _NEIGHBOURS)
    sides = (samples, train, spread_over(held_out, _NEIGHBOURS), evidence.parts[1].content_hash)
    return _neighbours(name, *sides, partial(evidence.compared_passport, features=features))


def _neighbours(
    name: str,
    samples: Tensor,
    train: Tensor,
    held_out: Tensor,
    held_out_hash: str,
    passport: Callable[..., dict[str, Any]],
) -> Score:
    try:
        found = memorisation(samples, train, held_out)
    except ValueError as error:
        raise EquipoiseError(str(error)) from error
    particulars = {"compared": len(samples), SHARE_NEARER: found.share_nearer, "copies": found.copies}
    of_data = {"real_count": len(train), "held_out_hash": held_out_hash}
    known = passport(metric=f"{name}, {len(samples)} samples", **of_data, **particulars)
    return Score(name, found.ratio, None, known)


def _pixels(images: torch.Tensor) -> torch.Tensor:
    if images.dtype != torch.uint8:
        raise EquipoiseError("this metric needs images, and the data are points.")
    return images.float() / 255
