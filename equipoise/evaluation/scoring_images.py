"""Scores of a generator from its images themselves: similarity of pairs, nearest neighbours."""

import math

import torch

from equipoise.common.errors import EquipoiseError
from equipoise.common.random import stream
from equipoise.evaluation.comparison import Comparison
from equipoise.evaluation.judge import all_items
from equipoise.evaluation.score import Score
from equipoise.metrics.neighbours import memorisation
from equipoise.metrics.structural_similarity import ms_ssim

_MOST_PAIRS, _PAIRS_AT_ONCE, _NEIGHBOURS = 25_000, 1000, 1000


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
    count = min(_NEIGHBOURS, len(held_out), len(evidence.images))
    sides = (evidence.images[:count], train, held_out[:count])
    try:
        found = memorisation(*(side.flatten(1).to(evidence.device) for side in sides))
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


def _pixels(images: torch.Tensor) -> torch.Tensor:
    if images.dtype != torch.uint8:
        raise EquipoiseError("this metric needs images, and the data are points.")
    return images.float() / 255
