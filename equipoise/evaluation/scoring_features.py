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
        return MEASURES[self.measure](real, generated, few_samples, once or (lambda what, find: find()))


Once = Callable[[str, Callable[[], tuple[float, float]]], tuple[float, float]]
"""(name, function) -> the function's result, which is computed the first time and then kept under the name."""


def once_each() -> Once:
    """For several metrics of the same two sets of features: each pair of figures is computed once."""
    return partial(found_once, {})


def kept_by(evidence: Comparison, features: str) -> Once:
    """The same for the features of this name, kept as long as the evidence."""
    return lambda what, find: evidence.once(f"{what} of {features}", find)


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
