"""The rows of a comparison of one's own against each other: the paired test of every two, by the first measure."""

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from equipoise.studies.log_measures import lower_is_better
from equipoise.studies.paired import LEVEL, Paired, holm, paired
from equipoise.studies.summary import RowSummary, Summary

_MOST_ROWS = 5
"""Of so many rows every two are shown; of more, the best one against each other."""


@dataclass(frozen=True)
class Contrast:
    """Two rows of one block, the better mean first.

    Attributes:
        better, worse: their labels; where no value of the metric is better than another, the larger mean comes first.
        block: in which both stand.
        found: the test of `better` minus `worse`, or None where they share no seed with a score.
        corrected: its p-value, corrected for every pair of rows in the table.
        pairs: how many these are.
        ranked: whether values of the metric can be better or worse.
        lost: how many seeds are left out because a run has no score.
    """

    better: str
    worse: str
    block: str
    found: Paired | None
    corrected: float
    pairs: int
    ranked: bool
    lost: int

    @property
    def is_decided(self) -> bool:
        """Whether the rows differ by the test."""
        return self.found is not None and self.corrected < LEVEL


def contrasts(summary: Summary) -> tuple[Contrast, ...]:
    """The tests by the first measure; none where the study has something published to be held against."""
    if summary.study.has_claims or not summary.study.measures:
        return ()
    metric = summary.study.measures[0].metric
    blocks: dict[str, list[RowSummary]] = {}
    for row in summary.rows:
        blocks.setdefault(row.block, []).append(row)
    ordered = {block: _ordered(rows, metric, summary.metrics[metric]) for block, rows in blocks.items()}
    every = [pair for rows in ordered.values() for pair in itertools.combinations(rows, 2)]
    tests = [paired(_by_seed(one, metric, summary), _by_seed(other, metric, summary)) for one, other in every]
    corrected = holm([1.0 if test is None else test.p_value for test in tests])
    ranked = lower_is_better(summary.metrics[metric]) is not None
    return tuple(
        Contrast(one.label, other.label, one.block, test, p_value, len(every), ranked, _lost(one, other, test))
        for (one, other), test, p_value in zip(every, tests, corrected, strict=True)
        if len(ordered[one.block]) <= _MOST_ROWS or one is ordered[one.block][0]
    )


def _ordered(rows: Sequence[RowSummary], metric: str, taken: str) -> list[RowSummary]:
    """Best first; rows without a figure last."""

    def place(row: RowSummary) -> float:
        figure = row.found[metric].figure
        if figure is None or figure.mean is None:
            return math.inf
        return figure.mean if lower_is_better(taken) else -figure.mean

    return sorted(rows, key=place)


def _by_seed(row: RowSummary, metric: str, summary: Summary) -> dict[int, float]:
    """The mean value of each seed, of the variant that stands for the row."""
    taken, variant = summary.metrics[metric], row.found[metric].variant
    values: dict[int, list[float]] = {}
    for run in row.runs:
        score = run["scores"].get(taken)
        counts = summary.study.summary != "best variant" or run["variant"] == variant
        if counts and run["status"] == "finished" and score and isinstance(score["value"], int | float):
            values.setdefault(run["seed"], []).append(float(score["value"]))
    return {seed: statistics.fmean(found) for seed, found in values.items() if all(map(math.isfinite, found))}


def _lost(one: RowSummary, other: RowSummary, test: Paired | None) -> int:
    seeds = {run["seed"] for run in one.runs} & {run["seed"] for run in other.runs}
    return len(seeds) - (0 if test is None else test.count)
