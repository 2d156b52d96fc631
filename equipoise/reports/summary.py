"""Many runs as the rows of one table: means and deviations over seeds, runs that diverged, passports that differ."""

import json
import math
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from equipoise.evaluation.passport import OLDER, decisive
from equipoise.runs.curves import FAKE, MARGIN, REAL
from equipoise.runs.record import RunRecord

DASH = "\N{EN DASH}"
"""In a cell without a value."""
_PLAIN_FROM, _PLAIN_BELOW = 5e-4, 1e6


@dataclass(frozen=True)
class Cell:
    """One cell of a table: its text, its sort key (None sorts last), and whether it has the mark."""

    text: str
    order: float | str | None = None
    marked: bool = False

    def __str__(self) -> str:
        """The text with its mark."""
        return f"{self.text}†" if self.marked else self.text


@dataclass(frozen=True)
class Table:
    """A sortable table. `notes` stand below it; the first explains the mark where a cell carries one."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()


def comparison_table(groups: Mapping[str, Sequence[RunRecord]]) -> Table:
    """A row per group: runs, diverged and collapsed ones, every scalar score, and the last energies and margin."""
    metrics = tuple(dict.fromkeys(metric for runs in groups.values() for run in runs for metric in _scalars(run)))
    usual = {metric: usual_passport(groups, metric) for metric in metrics}
    ends = tuple(name for name in _ENDS if any(run.by_epoch(name) for runs in groups.values() for run in runs))
    rows = tuple(_row(label, runs, metrics, usual, ends) for label, runs in groups.items())
    columns = (
        "group",
        "runs",
        "diverged",
        "collapsed",
        *(title(metric) for metric in metrics),
        *(_ENDS[name] for name in ends),
    )
    marked = any(cell.marked for row in rows for cell in row)
    cautions = (note for label, runs in groups.items() for note in _cautions(label, runs))
    notes = (*((MARK,) if marked else ()), *cautions)
    return Table("Scores and final energies, mean ± standard deviation over seeds", columns, rows, notes)


_ENDS = {REAL: "final energy, real", FAKE: "final energy, generated", MARGIN: "final margin"}
MARK = (
    "† measured differently from the rest of its column, or differently in each run, and then without a mean. Do not "
    "compare it; the passports below show the difference."
)
"""What stands below a table with a mark."""


def usual_passport(groups: Mapping[str, Sequence[RunRecord]], metric: str) -> str:
    """The passport, as comparable text, that most scores of this metric share."""
    scores = (_scalars(run) for runs in groups.values() for run in runs)
    return Counter(found[metric][1] for found in scores if metric in found).most_common(1)[0][0]


def comparable(passport: Mapping[str, object]) -> str:
    """A passport as text, by what makes two scores the same measurement: not seed, versions, commit or device."""
    whole = OLDER | dict(passport)
    kept = {name: whole.get(name) for name in decisive(whole)}
    return json.dumps(kept, sort_keys=True, default=str)


def title(metric: str) -> str:
    """A metric's name for people: `inception-score` reads `inception score`."""
    return metric.replace("-", " ").replace("_", " ")


def spread(values: Sequence[float]) -> Cell:
    """Mean ± sample standard deviation; a single value stands alone, no finite value is a dash."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return Cell(DASH)
    mean = math.fsum(finite) / len(finite)
    if len(finite) == 1:
        return Cell(shown(mean), mean)
    return Cell(with_spread(mean, statistics.stdev(finite)), mean)


def with_spread(value: float, deviation: float | None) -> str:
    """A value ± its deviation, both with the decimals that the larger of them needs; without one, the value alone."""
    if deviation is None:
        return shown(value)
    largest = max(abs(value), abs(deviation))
    if not math.isfinite(largest) or (largest != 0 and not _PLAIN_FROM <= largest < _PLAIN_BELOW):
        return f"{shown(value)} ± {shown(deviation)}"
    places = _places(largest)
    return f"{value:,.{places}f} ± {deviation:,.{places}f}".replace("-", "\N{MINUS SIGN}")


def shown(value: float) -> str:
    """A number as the tables show it: two to four decimals, or a power of ten where these say nothing."""
    if not math.isfinite(value):
        return "not finite"
    size = abs(value)
    if size != 0 and not _PLAIN_FROM <= size < _PLAIN_BELOW:
        return f"{value:.2e}".replace("-", "\N{MINUS SIGN}")
    return f"{value:,.{_places(size)}f}".replace("-", "\N{MINUS SIGN}")


def _places(size: float) -> int:
    if size >= 1 or size == 0:
        return 2
    return 3 if size >= 0.05 else 4


def _row(
    label: str, runs: Sequence[RunRecord], metrics: Sequence[str], usual: Mapping[str, str], ends: Sequence[str]
) -> tuple[Cell, ...]:
    diverged, collapsed = sum(run.diverged for run in runs), sum(run.log.collapsed for run in runs)
    steady = [run for run in runs if not run.diverged]
    return (
        Cell(label, label),
        Cell(str(len(runs)), len(runs)),
        Cell(str(diverged), diverged),
        Cell(str(collapsed), collapsed),
        *(_score_cell(runs, metric, usual[metric]) for metric in metrics),
        *(spread([run.by_epoch(name).last for run in steady]) for name in ends),
    )


def _cautions(label: str, runs: Sequence[RunRecord]) -> Iterator[str]:
    """What a reader of the means should know: runs of unequal length, and seeds that occur twice."""
    ends = sorted({run.log.last_iteration for run in runs if not run.diverged})
    if len(ends) > 1:
        span = f"from {ends[0]:,} to {ends[-1]:,}"
        yield f"{label}: the runs end at different iterations, {span}; finish them with resume."
    seeds = Counter(run.seed for run in runs if run.seed)
    if twice := [seed for seed, count in seeds.items() if count > 1]:
        yield f"{label}: several runs have the seed {', '.join(twice)}; they are copies, not independent repetitions."


def _score_cell(runs: Sequence[RunRecord], metric: str, usual: str) -> Cell:
    scores = [found[metric] for found in map(_scalars, runs) if metric in found]
    values = [value for value, _ in scores if math.isfinite(value)]
    cell = spread(values)
    partly = f" ({len(values)} of {len(runs)})" if 0 < len(values) < len(runs) else ""
    passports = {passport for _, passport in scores}
    if len(passports) > 1:
        return Cell(DASH, None, marked=True)
    return Cell(cell.text + partly, cell.order, marked=bool(passports - {usual}))


def _scalars(run: RunRecord) -> dict[str, tuple[float, str]]:
    """By metric, of each score that is one number: its value, and its passport as comparable text."""
    return {s.metric: (s.value, comparable(s.passport)) for s in run.scores if isinstance(s.value, float)}
