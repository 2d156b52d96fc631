"""Scores of a generator from the modes that its samples reach: classes, numbers made of digits, Gaussians."""

from collections.abc import Callable, Mapping
from typing import Any

import torch

from equipoise.common.errors import EquipoiseError
from equipoise.data.mnist import Mnist
from equipoise.data.numbers import Numbers
from equipoise.evaluation.evidence import Evidence, Score
from equipoise.evaluation.judge import judge_of
from equipoise.metrics.composite import composed_labels, stacked_labels
from equipoise.metrics.histogram import ModeCoverage, class_histogram, coverage_of_counts, mode_coverage
from equipoise.metrics.points import PointCoverage, point_coverage

_NUMBERS = 1000
_LOOSE_DEVIATIONS = 10.0
_Found = tuple[ModeCoverage, Mapping[str, Any]]
"""What was covered, and the passport without the metric's name."""


def score_histogram(evidence: Evidence) -> Score:
    """Share of the samples in each class, by the data set's classifier; in the passport with the classes' names."""
    counts = class_histogram(evidence.probabilities.argmax(dim=1), evidence.judge.classes)
    shares = tuple((counts.double() / evidence.samples_count).tolist())
    names = evidence.experiment.data.class_names(evidence.data_root)
    named = {"by_class": dict(zip(names, shares, strict=True))} if names else {}
    return Score("class-histogram", shares, None, evidence.judged_passport("class-histogram", **named))


def score_modes_covered(evidence: Evidence) -> Score:
    """Modes with at least one sample."""
    return _score("modes-covered", evidence, lambda found: float(found.covered))


def score_modes_missing(evidence: Evidence) -> Score:
    """Modes without a sample."""
    return _score("modes-missing", evidence, lambda found: float(found.missing))


def score_modes_divergence(evidence: Evidence) -> Score:
    """KL(generated || data) over the modes, in nats; of points near none, not a number that could be compared."""
    return _score("modes-kl", evidence, lambda found: found.divergence)


def score_share_near(evidence: Evidence) -> Score:
    """Share of the points within 3 deviations of a Gaussian's centre."""
    found = _points(evidence)
    passport = evidence.passport("share-near, 3 deviations")
    return Score("share-near", found.share_near, None, passport)


def score_modes_covered_loosely(evidence: Evidence) -> Score:
    """Gaussians with a point within 10 deviations of their centre."""
    found = _points(evidence)
    passport = evidence.passport(f"modes-covered-loosely, {_LOOSE_DEVIATIONS:g} deviations")
    return Score("modes-covered-loosely", float(found.covered_loosely), None, passport | {"modes": found.modes})


def _score(name: str, evidence: Evidence, read: Callable[[ModeCoverage], float]) -> Score:
    data = evidence.experiment.data
    numbers = data.numbers()
    if data.gaussians() is not None:
        found, passport = _by_centre(evidence)
    else:
        found, passport = _by_class(evidence) if numbers is None else _by_digit(evidence, numbers)
    modes = {"metric": f"{name} of {found.covered + found.missing}", "modes": found.covered + found.missing}
    return Score(name, read(found), None, dict(passport) | modes)


def _by_class(evidence: Evidence) -> _Found:
    shares = evidence.class_shares(", and so no known modes")
    found = mode_coverage(evidence.probabilities.argmax(dim=1), len(shares), shares)
    return found, evidence.judged_passport("", real_count=len(evidence.data))


def _by_digit(evidence: Evidence, numbers: Numbers) -> _Found:
    """The numbers 0..999 that the samples show, as the classifier of single digits reads them."""
    judge = judge_of(Mnist(resolution=numbers.resolution), evidence.data_root, evidence.device, evidence.report)
    if numbers.slots:
        labels = composed_labels(evidence.images, judge, numbers.slots, numbers.side)
    else:
        labels = stacked_labels(evidence.images, judge)
    target = torch.tensor(numbers.distribution, dtype=torch.float64) if numbers.distribution else None
    found = mode_coverage(labels, _NUMBERS, target)
    accuracy: dict[str, Any] = {"extractor_accuracy": judge.accuracy}
    return found, evidence.passport("", "mnist classifier, digit by digit", judge.weights_hash, **accuracy)


def _by_centre(evidence: Evidence) -> _Found:
    found = _points(evidence)
    missing = found.modes - found.covered
    if found.divergence is None:
        nowhere = coverage_of_counts(torch.nn.functional.one_hot(torch.tensor(0), found.modes))
        return ModeCoverage(0, missing, nowhere.divergence, evidence.samples_count), evidence.passport("")
    return ModeCoverage(found.covered, missing, found.divergence, evidence.samples_count), evidence.passport("")


def _points(evidence: Evidence) -> PointCoverage:
    data = evidence.experiment.data
    gaussians = data.gaussians()
    if gaussians is None:
        raise EquipoiseError(f"the data set {data.name} has no Gaussians; this metric is for ring and grid.")
    centres, deviation = torch.tensor(gaussians[0], dtype=torch.float64), gaussians[1]
    return point_coverage(evidence.samples, centres, deviation, _LOOSE_DEVIATIONS * deviation)
