"""Scores that compare two sets of features: which network's, and what is measured of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import Tensor

from equipoise.common.random import spread_places
from equipoise.evaluation.comparison import Comparison, found_once
from equipoise.evaluation.score import Score
from equipoise.metrics.frechet import FeatureMoments
from equipoise.metrics.gaussian_kernel import cmmd
from equipoise.metrics.kernel import kernel_distance
from equipoise.metrics.manifolds import density_coverage, precision_recall


@dataclass(frozen=True)
class Measured:
    """A measured value, its deviation if it has one, and additions to the passport."""

    value: float
    deviation: float | None
    particulars: Mapping[str, Any]


@dataclass(frozen=True)
class FeatureMetric:
    """A metric that needs only the features of both sides.

    Args:
        name: the metric's.
        backbone: whose features: a name of `BACKBONES`, or "classifier".
        measure: what is measured of them: a name of `MEASURES`.
    """

    name: str
    backbone: str
    measure: str

    def __call__(self, evidence: Comparison) -> Score:
        """The score with its passport."""
        features = evidence.features(self.backbone)
        both = features.real.features, features.generated.features
        found = self.of_features(*both, few_samples=evidence.few_samples, once=kept_by(evidence, self.backbone))
        passport = evidence.compared_passport(self.name, features, **found.particulars)
        return Score(self.name, found.value, found.deviation, passport)

    def of_features(
        self, real: Tensor, generated: Tensor, few_samples: bool = False, once: "Once | None" = None
    ) -> Measured:
        """The value for features [samples, features].

        Args:
            real: of the real images.
            generated: of the samples.
            few_samples: as in `Comparison`.
            once: keeps what several metrics have in common, as `once_each` does.
        """
        return MEASURES[self.measure](real, generated, few_samples, once or _anew)


Once = Callable[[str, Callable[[], tuple[float, float]]], tuple[float, float]]
"""(name, function) -> the function's result, which is computed the first time and then kept under the name."""


def once_each() -> Once:
    """For several metrics of the same two sets of features: each pair of figures is computed once."""
    return partial(found_once, {})


def kept_by(evidence: Comparison, features: str) -> Once:
    """The same for the features of this name, kept as long as the evidence."""
    return lambda what, find: evidence.once(f"{what} of {features}", find)


def _anew(what: str, find: Callable[[], tuple[float, float]]) -> tuple[float, float]:
    return find()


def _frechet(real: Tensor, generated: Tensor, few_samples: bool, once: Once) -> Measured:
    moments = FeatureMoments.of(generated)
    return Measured(moments.distance(FeatureMoments.of(real), few_samples=few_samples), None, {})


def _kernel(real: Tensor, generated: Tensor, few_samples: bool, once: Once) -> Measured:
    found = kernel_distance(generated, real)
    interval = {"low": found.low, "high": found.high, "confidence": found.confidence}
    return Measured(found.value, found.standard_error, interval)


def _cmmd(real: Tensor, generated: Tensor, few_samples: bool, once: Once) -> Measured:
    return Measured(cmmd(real, generated), None, {})


def _of_balls(which: str, function: Callable[[Tensor, Tensor], tuple[float, float]], place: int) -> "_Measure":
    def measure(real: Tensor, generated: Tensor, few_samples: bool, once: Once) -> Measured:
        count = min(len(real), len(generated))  # the radii of balls shrink as samples grow
        value = once(which, lambda: function(*(spread_over(side, count) for side in (real, generated))))[place]
        return Measured(value, None, {"real_count": count, "compared": count})

    return measure


def spread_over(rows: Tensor, count: int) -> Tensor:
    """So many of the rows, or all: those at `spread_places`, as rows may come class by class."""
    return rows if count >= len(rows) else rows[spread_places(count, len(rows)).to(rows.device)]


_Measure = Callable[[Tensor, Tensor, bool, Once], Measured]
_BALLS, _ROBUST = ("precision and recall", precision_recall), ("density and coverage", density_coverage)
MEASURES: Mapping[str, _Measure] = {
    "frechet": _frechet,
    "kernel": _kernel,
    "cmmd": _cmmd,
    "precision": _of_balls(*_BALLS, 0),
    "recall": _of_balls(*_BALLS, 1),
    "density": _of_balls(*_ROBUST, 0),
    "coverage": _of_balls(*_ROBUST, 1),
}
"""From real and generated features to a figure, by name."""

CLASSIFIER_FRECHET = FeatureMetric("classifier-fid", "classifier", "frechet")
"""Frechet distance on the features of the data set's own classifier."""
CLASSIFIER_KERNEL = FeatureMetric("classifier-kid", "classifier", "kernel")
"""Kernel distance on the same."""
CLASSIFIER_PRECISION = FeatureMetric("precision", "classifier", "precision")
"""Share of the samples that lie among the real features."""
CLASSIFIER_RECALL = FeatureMetric("recall", "classifier", "recall")
"""Share of the real features that lie among the samples."""
CLASSIFIER_DENSITY = FeatureMetric("density", "classifier", "density")
"""Density of the samples among the real features."""
CLASSIFIER_COVERAGE = FeatureMetric("coverage", "classifier", "coverage")
"""Share of the real features with a sample near."""
INCEPTION_FRECHET = FeatureMetric("fid", "inception-v3", "frechet")
"""Frechet Inception distance."""
INCEPTION_KERNEL = FeatureMetric("kid", "inception-v3", "kernel")
"""Kernel Inception distance."""
DINOV2_FRECHET = FeatureMetric("fd-dinov2", "dinov2-vit-l14", "frechet")
"""Frechet distance on DINOv2's features (Stein et al. 2023)."""
CLIP_MMD = FeatureMetric("cmmd", "clip-vit-l14-336", "cmmd")
"""Gaussian kernel distance on CLIP's embeddings (Jayasumana et al. 2024)."""
LITE0_KERNEL = FeatureMetric("lite0-kernel", "efficientnet-lite0", "kernel")
"""Kernel distance on EfficientNet-Lite0's features."""
LITE0_FRECHET = FeatureMetric("lite0-frechet", "efficientnet-lite0", "frechet")
"""Frechet distance on the same."""
LITE0_PRECISION = FeatureMetric("lite0-precision", "efficientnet-lite0", "precision")
"""Share of the samples that lie among the real features."""
LITE0_RECALL = FeatureMetric("lite0-recall", "efficientnet-lite0", "recall")
"""Share of the real features that lie among the samples."""
LITE0_DENSITY = FeatureMetric("lite0-density", "efficientnet-lite0", "density")
"""Density of the samples among the real features."""
LITE0_COVERAGE = FeatureMetric("lite0-coverage", "efficientnet-lite0", "coverage")
"""Share of the real features with a sample near."""
