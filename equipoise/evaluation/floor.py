"""What real images get against other real images: the value that perfect samples would have, by chance."""

import torch
from torch import Tensor

from equipoise.common.errors import EquipoiseError
from equipoise.common.random import stream
from equipoise.evaluation.catalogue import METRICS
from equipoise.evaluation.comparison import Comparison
from equipoise.evaluation.score import Score
from equipoise.evaluation.scoring_features import FeatureMetric, kept_by

FLOOR = "real_against_real"
"""Where a passport keeps it."""


def with_floor(score: Score, evidence: Comparison) -> Score:
    """The score, with what real images get against other real ones: two halves of them, by chance."""
    metric = METRICS.load(score.metric)
    if not isinstance(metric, FeatureMetric):
        return score

    def find() -> tuple[float | None, int]:
        features = shuffled(evidence.features(metric.backbone).real.features)
        half = min(len(features) // 2, score.passport["generated_count"])
        return floor_of(metric, evidence, features, half), half

    floor, half = evidence.once_for_all(f"floor of {score.metric}", find)
    if floor is None:
        return score
    told = {FLOOR: floor, f"{FLOOR}_count": half}
    return Score(score.metric, score.value, score.deviation, dict(score.passport) | told)


def floor_of(metric: FeatureMetric, evidence: Comparison, real: Tensor, count: int) -> float | None:
    """The figure of the first so many real images and the next ones, or None where there are too few."""
    return value_of(metric, evidence, "real against real", real[:count], real[count : 2 * count])


def value_of(metric: FeatureMetric, evidence: Comparison, of: str, real: Tensor, other: Tensor) -> float | None:
    """The figure, or None where there are too few images; the evidence keeps the parts that several metrics need."""
    if len(real) != len(other):
        return None
    try:
        once = kept_by(evidence, f"{metric.backbone}, {len(real)} images, {of}")
        return metric.of_features(real, other, once=once).value
    except (EquipoiseError, ValueError):
        return None


def shuffled(features: Tensor) -> Tensor:
    """The features in an order that has nothing to do with that of the images, always the same."""
    order = torch.randperm(len(features), generator=stream(0, "evaluation/halves"))
    return features[order.to(features.device)]
