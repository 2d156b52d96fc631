"""The rows of a comparison of one's own against each other: the paired test of every two, by the first measure."""

import itertools
import math
import statistics
from collections.abc import Sequence, Set
from dataclasses import dataclass

from equipoise.evaluation.passport import Passport, differences
from equipoise.studies.log_measures import lower_is_better
from equipoise.studies.paired import LEVEL, Paired, holm, paired
from equipoise.studies.summary import RowSummary, Summary, passport_of

_MOST_ROWS = 5
"""Of so many rows every two are shown; of more, the best one against each other."""


@dataclass(frozen=True)
class Contrast:
    """Two rows of one block, the better mean first.

    Attributes:
        better, worse: their labels; where no value of the metric is better than another, the larger mean comes first.
        block: in which both stand.
        found: the test of `better` minus `worse`, or None where they share no seed that can be compared.
        corrected: its p-value, corrected for every pair of rows in the table.
        pairs: how many these are.
        ranked: whether values of the metric can be better or worse.
        lost: how many seeds are left out because a run has no score.
        unlike: how many are left out because the two runs were not measured in the same way.
    """

    better: str
    worse: str
    block: str
    found: Paired | None
    corrected: float
    pairs: int
    ranked: bool
    lost: int
    unlike: int

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
    unlike = [_unlike(one, other, summary.metrics[metric]) for one, other in every]
    tests = [
        paired(_by_seed(one, metric, summary, without), _by_seed(other, metric, summary, without))
        for (one, other), without in zip(every, unlike, strict=True)
    ]
    corrected = holm([1.0 if test is None else test.p_value for test in tests])
    ranked = lower_is_better(summary.metrics[metric]) is not None
    return tuple(
        Contrast(
            one.label,
            other.label,
            one.block,
            test,
            p_value,
            len(every),
            ranked,
            _lost(one, other, test) - len(without),
            len(without),
        )
        for (one, other), test, p_value, without in zip(every, tests, corrected, unlike, strict=True)
        if len(ordered[one.block]) <= _MOST_ROWS or one is ordered[one.block][0]
    )


def _ordered(rows: Sequence[RowSummary], metric: str, taken: str) -> list[RowSummary]:
    """Best first; rows without a figure last."""

    def place(row: RowSummary) -> float:
        found = row.found[metric]
        mean = found.figure.mean if found.figure is not None else statistics.fmean(found.values or (math.inf,))
        if mean is None or math.isinf(mean):
            return math.inf
        return mean if lower_is_better(taken) else -mean

    return sorted(rows, key=place)


def _unlike(one: RowSummary, other: RowSummary, taken: str) -> set[int]:
    """The seeds whose runs of the two rows were scored in different ways, as their passports say."""
    sides: list[dict[int, list[Passport]]] = [{}, {}]
    for row, side in zip((one, other), sides, strict=True):
        for run in row.runs:
            if (passport := passport_of(run, taken)) is not None:
                side.setdefault(run["seed"], []).append(passport)
    return {
        seed
        for seed, passports in sides[0].items()
        if any(differences(a, b) for a in passports for b in sides[1].get(seed, ()))
    }


def _by_seed(row: RowSummary, metric: str, summary: Summary, without: Set[int]) -> dict[int, float]:
    """The mean value of each seed but these, of the variant that stands for the row."""
    taken, variant = summary.metrics[metric], row.found[metric].variant
    values: dict[int, list[float]] = {}
    for run in row.runs:
        score = run["scores"].get(taken)
        counts = summary.study.summary != "best variant" or run["variant"] == variant
        if run["seed"] in without:
            continue
        if counts and run["status"] == "finished" and score and isinstance(score["value"], int | float):
            values.setdefault(run["seed"], []).append(float(score["value"]))
    return {seed: statistics.fmean(found) for seed, found in values.items() if all(map(math.isfinite, found))}


def _lost(one: RowSummary, other: RowSummary, test: Paired | None) -> int:
    seeds = {run["seed"] for run in one.runs} & {run["seed"] for run in other.runs}
    return len(seeds) - (0 if test is None else test.count)
