"""From the results of a study to its table: means over seeds, diverged runs, verdicts, marks of unlike passports."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from equipoise.evaluation.passport import OLDER, Passport, differences
from equipoise.studies.log_measures import lower_is_better
from equipoise.studies.plan import metric_of
from equipoise.studies.study import DIVERGED, Measure, Published, Row, Sentence, Study
from equipoise.studies.verdict import NOT_COMPARABLE, Candidate, Claim, Figure, Verdict, judge, judge_sentence

Run = Mapping[str, Any]
"""A run's entry in the results."""


@dataclass(frozen=True)
class Found:
    """One measure of one row.

    Attributes:
        published: what the paper prints, or None.
        values: of every run that did not diverge, in order.
        figure: mean and deviation over the seeds of the variant that stands for the row, or None if nothing was found,
            or these runs were measured in different ways.
        variant: that variant's label.
        marked: why some passport differs from the rest of its column and block, or nothing.
    """

    published: Published | None
    values: tuple[float, ...]
    figure: Figure | None
    variant: str = ""
    marked: tuple[str, ...] = ()


@dataclass(frozen=True)
class RowSummary:
    """A row of the table."""

    label: str
    block: str
    runs: tuple[Run, ...]
    found: Mapping[str, Found]
    verdict: Verdict

    @property
    def diverged(self) -> int:
        """How many runs diverged."""
        return sum(run["status"] == "diverged" for run in self.runs)

    @property
    def failed(self) -> int:
        """How many runs could not be carried out."""
        return sum(run["status"] == "failed" for run in self.runs)


@dataclass(frozen=True)
class JudgedSentence:
    """A sentence of the paper, the figure of ours that it speaks of, and what the rule says."""

    sentence: Sentence
    ours: Figure | None
    verdict: Verdict


@dataclass(frozen=True)
class Summary:
    """A study's table.

    Attributes:
        study: what was run.
        budget: at which size.
        metrics: measure's metric -> the metric that was taken for it.
        rows: in order.
        judged: the measure that the verdicts go by, or None.
        real_data: (label, block) of references -> metric -> the score of real data, as JSON values.
        sentences: those of the paper whose rows were trained.
    """

    study: Study
    budget: str
    metrics: Mapping[str, str]
    rows: tuple[RowSummary, ...]
    judged: Measure | None
    real_data: Mapping[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    sentences: tuple[JudgedSentence, ...] = ()

    @property
    def scores(self) -> list[dict[str, Any]]:
        """A dictionary for each run: row, data and variant where the study has several, seed, status, every score."""
        return [
            {"row": row.label}
            | ({"data": row.block} if row.block else {})
            | ({"variant": run["variant"]} if run["variant"] else {})
            | {"seed": run["seed"], "status": run["status"]}
            | {name: score["value"] for name, score in run["scores"].items()}
            for row in self.rows
            for run in row.runs
        ]


def summarise(study: Study, results: Mapping[str, Any]) -> Summary:
    """The table of a study's results."""
    metrics = {measure.metric: metric_of(measure, bool(results["inception"])) for measure in study.measures}
    known = {(row.label, row.block): row for row in study.rows}
    listed = [(known.get((raw["label"], raw["block"])), raw) for raw in results["rows"]]
    usual = {metric: _usual_passports(results["rows"], metric) for metric in metrics.values()}
    found = [
        {m.metric: _found(study, row, raw, m.metric, metrics[m.metric], usual) for m in study.measures}
        for row, raw in listed
    ]
    judged = _judged(study)
    verdicts = _verdicts(study, results["budget"], metrics, judged, listed, found)
    rows = tuple(
        RowSummary(raw["label"], raw["block"], tuple(raw["runs"]), each, verdict)
        for (_, raw), each, verdict in zip(listed, found, verdicts, strict=True)
    )
    real = {(each["label"], each["block"]): each["scores"] for each in results.get("real_data", ())}
    return Summary(study, results["budget"], metrics, rows, judged, real, _sentences(study, rows, results["budget"]))


def _judged(study: Study) -> Measure | None:
    """The first measure for which the paper has figures or claims."""
    claimed = {order.metric for order in study.orders}
    printed = {metric for row in study.rows for metric in row.published}
    return next((measure for measure in study.measures if measure.metric in claimed | printed), None)


def _verdicts(
    study: Study,
    budget: str,
    metrics: Mapping[str, str],
    judged: Measure | None,
    listed: Sequence[tuple[Row | None, Run]],
    found: Sequence[Mapping[str, Found]],
) -> list[Verdict]:
    same = judged is not None and judged.same and metrics[judged.metric] == judged.metric
    lower = judged is not None and lower_is_better(judged.metric) is True
    measured = [None if judged is None else each[judged.metric] for each in found]
    by_threshold = metrics[study.measures[0].metric] == study.measures[0].metric
    candidates = [_candidate(row, raw, each, by_threshold) for (row, raw), each in zip(listed, measured, strict=True)]
    places = [raw["block"] for _, raw in listed]
    verdicts = []
    for candidate, each, place in zip(candidates, measured, places, strict=True):
        block = [other for other, elsewhere in zip(candidates, places, strict=True) if elsewhere == place]
        verdict = judge(candidate, block, _claims(study, judged, place), lower, same, budget)
        mixed = each is not None and each.values and each.figure is None and verdict.word == NOT_COMPARABLE
        verdicts.append(replace(verdict, reason="its runs were measured in different ways") if mixed else verdict)
    return verdicts


def _sentences(study: Study, rows: Sequence[RowSummary], budget: str) -> tuple[JudgedSentence, ...]:
    figures = {(row.label, row.block): row.found for row in rows}
    judged = []
    for each in study.sentences:
        found = figures.get((each.row, each.block))
        if found is None:
            continue
        ours = found[each.metric].figure
        bound = _bound(each, figures)
        judged.append(JudgedSentence(each, ours, judge_sentence(ours, each.relation, bound, budget)))
    return tuple(judged)


def _bound(sentence: Sentence, figures: Mapping[tuple[str, str], Mapping[str, Found]]) -> Figure | None:
    if not isinstance(sentence.bound, str):
        return Figure(sentence.bound)
    other = figures.get((sentence.bound, sentence.block))
    return None if other is None else other[sentence.metric].figure


def _claims(study: Study, judged: Measure | None, block: str) -> list[Claim]:
    """The paper's claims about this block, by the judged measure and by diverged runs."""
    metrics = {DIVERGED} if judged is None else {DIVERGED, judged.metric}
    orders = (order for order in study.orders if order.metric in metrics and order.block == block)
    return [Claim(order.better, order.worse, order.metric == DIVERGED) for order in orders]


def _candidate(row: Row | None, raw: Run, measured: Found | None, by_threshold: bool) -> Candidate:
    """Diverged runs are counted as published only where the first measure's threshold applies: a stand-in has none."""
    lost, runs = sum(run["status"] == "diverged" for run in raw["runs"]), len(raw["runs"])
    counted = None if row is None else row.published_diverged
    alike = runs and (by_threshold or row is None or row.diverged_beyond is None)
    shares = (Figure.share(lost, runs) if alike else None, None if counted is None else Figure.share(*counted))
    if measured is None:
        return Candidate(raw["label"], None, None, *shares)
    ours = Figure(None) if runs and lost == runs else measured.figure
    published = measured.published
    printed = None if published is None else Figure(published.value, published.deviation)
    return Candidate(raw["label"], ours, printed, *shares)


def _found(
    study: Study,
    row: Row | None,
    raw: Mapping[str, Any],
    metric: str,
    taken: str,
    usual: Mapping[str, Mapping[str, Passport]],
) -> Found:
    groups: dict[str, list[float]] = {}
    spreads: dict[str, float | None] = {}
    values = []
    for run in raw["runs"]:
        value = _value(run, taken)
        if value is not None:
            values.append(value)
            name = run["variant"] if study.summary == "best variant" else ""
            groups.setdefault(name, []).append(value)
            spreads[name] = run["scores"][taken].get("deviation")
    published = row.published.get(metric) if row is not None else None
    if not groups:
        return Found(published, (), None)
    best = min if lower_is_better(taken) else max
    variant = best(groups, key=lambda name: statistics.fmean(groups[name]))
    marks = _marks(raw["runs"], taken, usual[taken].get(raw["block"]))
    counted = [run for run in raw["runs"] if study.summary != "best variant" or run["variant"] == variant]
    alike = not _marks(counted, taken, next(filter(None, (passport_of(run, taken) for run in counted)), None))
    figure = _figure(groups[variant], spreads[variant]) if alike else None
    return Found(published, tuple(values), figure, variant, marks)


def _figure(values: Sequence[float], spread: float | None) -> Figure:
    if len(values) == 1:
        return Figure(values[0], spread=spread)
    return Figure(statistics.fmean(values), statistics.stdev(values), len(values))


def _value(run: Run, metric: str) -> float | None:
    """A finite figure of a run that did not diverge."""
    score = run["scores"].get(metric)
    if run["status"] == "diverged" or score is None or not isinstance(score["value"], int | float):
        return None
    value = float(score["value"])
    return value if math.isfinite(value) else None


def _usual_passports(raws: Sequence[Mapping[str, Any]], metric: str) -> dict[str, Passport]:
    """Block -> the passport that most scores of this metric share, seeds and machines aside."""
    found: dict[str, list[Passport]] = {}
    for raw in raws:
        for run in raw["runs"]:
            passport = passport_of(run, metric)
            if passport is not None:
                found.setdefault(raw["block"], []).append(passport)
    return {
        block: max(passports, key=lambda one: sum(not differences(one, other) for other in passports))
        for block, passports in found.items()
    }


def _marks(runs: Sequence[Run], metric: str, usual: Passport | None) -> tuple[str, ...]:
    """The fields in which some run's passport differs from the usual one."""
    unlike: dict[str, None] = {}
    for run in runs:
        passport = passport_of(run, metric)
        if passport is not None and usual is not None:
            unlike |= dict.fromkeys(differences(passport, usual))
    return tuple(unlike)


def passport_of(run: Run, metric: str) -> Passport | None:
    """The whole passport of a run's score, or None."""
    names = [field.name for field in fields(Passport)]
    known = OLDER | run["scores"].get(metric, {}).get("passport", {})
    return Passport.from_dict({name: known[name] for name in names}) if set(names) <= set(known) else None
