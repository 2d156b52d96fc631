"""Scores of a generator from probabilities and features: each gets the evidence and returns a `Score`."""

import math
import traceback
from collections.abc import Mapping
from dataclasses import replace
from numbers import Real
from pathlib import Path

from equipoise.common.checks import NotFiniteError
from equipoise.common.errors import EquipoiseError, printable, shortened
from equipoise.common.precision import full_precision
from equipoise.common.random import stream
from equipoise.evaluation.catalogue import METRICS, MetricEntry
from equipoise.evaluation.comparison import Comparison
from equipoise.evaluation.evidence import Evidence as Evidence
from equipoise.evaluation.evidence import Score as Score
from equipoise.evaluation.score_sheet import by_reason
from equipoise.metrics.inception import inception_score, mode_score
from equipoise.metrics.two_sample import two_sample_test

_SPLITS = 10


def take_possible(names: tuple[str, ...], evidence: Comparison) -> tuple[list[Score], dict[str, str]]:
    """The scores of the metrics that can be computed, and why each of the others cannot, by name.

    They are taken in full precision, whatever the players compute in: scores in TensorFloat-32 would compare with none.

    Raises:
        UnknownName: a metric is unknown.
        NotFiniteError: the generator has diverged.
    """
    evaluators = {name: METRICS.load(name) for name in names}
    scores: list[Score] = []
    impossible: dict[str, str] = {}
    for name, evaluator in evaluators.items():
        try:
            _check_counts(METRICS[name], evidence)
            with full_precision(evidence.device.type):
                score = evaluator(evidence)
            _check_score(score, name)
            scores.append(_in_floats(score))
        except NotFiniteError:
            raise
        except (EquipoiseError, ValueError) as error:
            impossible[name] = str(error)
        except Exception as error:  # of somebody's own metric, which costs neither the others nor the run
            impossible[name] = _failure(error)
    return scores, impossible


def _check_score(score: object, name: str) -> None:
    """A metric's function gives its own score, of numbers that can be kept."""
    if not isinstance(score, Score):
        raise EquipoiseError(f"its function must return a Score, not {type(score).__name__}.")
    if score.metric != name:
        raise EquipoiseError(f"its function returned a score of {printable(score.metric)}.")
    values: tuple[object, ...] = score.value if isinstance(score.value, tuple) else (score.value,)
    for value in values:
        if not isinstance(value, Real):
            raise EquipoiseError(f"its value must be a float or a tuple of floats, not {type(value).__name__}.")
        if not math.isfinite(value):
            raise EquipoiseError(f"its value is {value}.")


def _in_floats(score: Score) -> Score:
    """The score with plain numbers: a metric may give whole ones, or NumPy's."""
    value = tuple(map(float, score.value)) if isinstance(score.value, tuple) else float(score.value)
    return replace(score, value=value, deviation=None if score.deviation is None else float(score.deviation))


def _failure(error: Exception) -> str:
    """What went wrong, and in which line of which file."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__}: {shortened(' '.join(str(error).split()), 300)}".rstrip(": .")
    return f"its function failed with {what} ({printable(Path(place.filename).name)}, line {place.lineno})."


def _check_counts(entry: MetricEntry, evidence: Comparison) -> None:
    least, samples, real = entry.least_items, evidence.generated_count, evidence.real_count
    if min(samples, real) < least:
        raise EquipoiseError(
            f"it needs at least {least} samples and as many real items, and there are {samples:,} and {real:,}."
        )


def reasons(impossible: Mapping[str, str]) -> str:
    """Why metrics cannot be computed, one sentence per reason."""
    found = by_reason(impossible).items()
    return " ".join(f"{' and '.join(names)} cannot be computed: {reason}" for reason, names in found)


def usual_metrics(evidence: Evidence) -> tuple[str, ...]:
    """The metrics that are used if none is named: those that suit the data."""
    data = evidence.experiment.data
    if data.by_digit:
        return ("modes-covered", "modes-kl")
    if not evidence.data.holds_images:
        return ("modes-covered", "share-near")
    return ("ms-ssim", "nearest-neighbours") if evidence.data.labels is None else ("inception-score", "class-histogram")


def score_inception(evidence: Evidence) -> Score:
    """Inception score over 10 splits, by the data set's classifier."""
    _check_splits(evidence)
    mean, deviation = inception_score(evidence.probabilities, _SPLITS)
    passport = evidence.judged_passport(f"inception-score, {_SPLITS} splits", splits=_SPLITS)
    return Score("inception-score", mean, deviation, passport)


def score_mode(evidence: Evidence) -> Score:
    """MODE score in its "marginal" form, by the data set's classifier."""
    shares = evidence.class_shares(", which the MODE score needs")
    value = mode_score(evidence.probabilities, shares, form="marginal")
    passport = evidence.judged_passport("mode-score, marginal form", real_count=len(evidence.data))
    return Score("mode-score", value, None, passport)


def score_inception_v3(evidence: Comparison) -> Score:
    """Inception score over 10 splits, by Inception-v3."""
    _check_splits(evidence)
    features = evidence.features("inception-v3")
    assert features.generated.probabilities is not None
    mean, deviation = inception_score(features.generated.probabilities, _SPLITS)
    passport = evidence.compared_passport(f"inception-v3-score, {_SPLITS} splits", features, real_count=0)
    return Score("inception-v3-score", mean, deviation, passport)


def score_two_sample_test(evidence: Evidence) -> Score:
    """P-value of the linear-time test: on points themselves, or on the classifier's features of images."""
    chance = stream(evidence.experiment.seed, "evaluation/two-sample-test")
    name = "two-sample-test"
    if evidence.samples.ndim == 2:
        found = two_sample_test(evidence.real, evidence.samples, generator=chance)
        passport = evidence.passport(name, real_count=len(evidence.real), statistic=found.statistic, pairs=found.pairs)
        return Score(name, found.p_value, None, passport)
    features = evidence.features("classifier")
    found = two_sample_test(features.real.features, features.generated.features, generator=chance)
    passport = evidence.compared_passport(name, features, statistic=found.statistic, pairs=found.pairs)
    return Score(name, found.p_value, None, passport)


def _check_splits(evidence: Comparison) -> None:
    if len(evidence.images) < _SPLITS:
        raise EquipoiseError(f"its {_SPLITS} splits need at least {_SPLITS} samples, got {len(evidence.images)}.")
