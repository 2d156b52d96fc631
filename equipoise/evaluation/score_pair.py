"""Scores of two sets of images: which metrics, their values, and why others cannot be computed."""

from collections.abc import Iterable, Sequence
from typing import Any

from equipoise.common.errors import EquipoiseError
from equipoise.evaluation.catalogue import BACKBONES, METRICS, MetricEntry, Need
from equipoise.evaluation.floor import floor_of, shuffled, value_of, with_floor
from equipoise.evaluation.pair import Pair
from equipoise.evaluation.score import Score
from equipoise.evaluation.score_sheet import ScoreCurve, ScoreSheet
from equipoise.evaluation.scoring import reasons, take_possible
from equipoise.evaluation.scoring_features import FeatureMetric
from equipoise.evaluation.sides import Side

USUAL = ("kernel", "frechet", "precision", "recall", "density", "coverage")
"""What is measured of EfficientNet-Lite0's features where no metric is named."""
ALL = "all"
"""The word for every metric that needs no labels; one that trains a network for minutes has to be named."""
_FEW_NEEDS: set[Need] = {"images", "backbone", "full rank"}
_COUNTS = (250, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)


def chosen_metrics(names: Sequence[str]) -> tuple[str, ...]:
    """The metrics that these words name: none of them for the usual ones, "all" for all that need no labels.

    Raises:
        UnknownName: one is unknown.
    """
    if not names:
        return tuple(f"lite0-{measure}" for measure in USUAL)
    if ALL in names:
        return tuple(name for name, entry in METRICS.items() if set(entry.needs) <= _FEW_NEEDS)
    return tuple(dict.fromkeys(entry.name for entry in METRICS.all_of(names)))


def score_pair(pair: Pair, names: Sequence[str] = (), curve: Sequence[int] | None = None) -> ScoreSheet:
    """Score two sets of images.

    Args:
        pair: the images.
        names: as in `chosen_metrics`.
        curve: counts at which scores of features are taken besides; empty for the usual ones, None for no curve.

    Raises:
        EquipoiseError: no metric can be computed; the sentence says why.
    """
    metrics = chosen_metrics(names)
    refused = {name: why for name in metrics if (why := _refusal(METRICS[name], pair))}
    scores, impossible = take_possible(tuple(name for name in metrics if name not in refused), pair)
    impossible = refused | impossible
    if not scores:
        raise EquipoiseError(reasons(impossible))
    with_floors = tuple(with_floor(score, pair) for score in scores)
    curves = () if curve is None else tuple(_curves(pair, with_floors, curve))
    real, generated = (_described(pair, side) for side in (pair.real_side, pair.generated_side))
    return ScoreSheet(real, generated, with_floors, impossible, _notes(pair, scores), curves)


def _refusal(entry: MetricEntry, pair: Pair) -> str | None:
    """Why this metric cannot be computed whatever the images show, or None."""
    if not set(entry.needs) <= _FEW_NEEDS | {"training"}:
        return "it needs labels or a run, which two sets of images do not have; score a run with equipoise evaluate."
    counts = {"REAL": len(pair.real_side.store), "FAKE": len(pair.generated_side.store)}
    fewest = min(counts, key=lambda side: counts[side])
    least, there = max(entry.least_items, entry.least_samples), min(pair.count, counts[fewest])
    if there < least:
        if "full rank" in entry.needs and not pair.few_samples:
            least = BACKBONES[entry.backbone].features + 1
        verb = "is" if there == 1 else "are"
        return f"it needs at least {least:,} images on each side, and of {fewest} there {verb} {there}."
    return None


def _described(pair: Pair, side: Side) -> dict[str, Any]:
    return {
        "name": side.name,
        "images": len(side.store),
        "taken": pair.taken_count(side.store),
        "shape": list(side.store.shape),
        "content_hash": side.store.content_hash,
    }


def _notes(pair: Pair, scores: Sequence[Score]) -> tuple[str, ...]:
    notes: list[str] = []
    for side in (pair.real_side, pair.generated_side):
        notes += side.notes
        if side.notes and (taken := pair.taken_count(side.store)) < len(side.store):
            notes[-1] += f" Of its images, {taken:,} are compared."
    least, most = sorted((pair.real_count, pair.generated_count))
    of_features = [each for each in scores if isinstance(METRICS.load(each.metric), FeatureMetric)]
    alike = [each.metric for each in of_features if "compared" in each.passport]  # so has a search for copies
    if alike and least < most:
        notes.append(f"{', '.join(alike)}: {least:,} of each side are compared, since these need equal counts.")
    if pair.real_side.store.content_hash == pair.generated_side.store.content_hash:
        notes.append("REAL and FAKE hold the same images: these scores only show what perfect samples would get.")
    return tuple(notes)


def _curves(pair: Pair, scores: Iterable[Score], counts: Sequence[int]) -> Iterable[ScoreCurve]:
    for score in scores:
        metric = METRICS.load(score.metric)
        if isinstance(metric, FeatureMetric):
            features = pair.features(metric.backbone)
            real, generated = (shuffled(side.features) for side in (features.real, features.generated))
            most = min(len(real), len(generated))
            wanted = [count for count in sorted(counts or _COUNTS) if count < most] + [most]
            values = tuple(value_of(metric, pair, "both sides", real[:count], generated[:count]) for count in wanted)
            floors = tuple(floor_of(metric, pair, real, count) for count in wanted)
            yield ScoreCurve(score.metric, tuple(wanted), values, floors)
