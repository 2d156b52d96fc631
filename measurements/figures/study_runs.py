"""What is kept of a study of our own, a line for each run, and the tables that are made of it."""

import itertools
import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from equipoise.common.files import write_text_atomically
from equipoise.runs.directory import open_run
from equipoise.runs.record import RunRecord, read_run
from equipoise.studies.paired import Paired, paired
from equipoise.studies.results import read_results
from equipoise.studies.study import Study
from equipoise.studies.study_file import study_to_yaml
from measurements import RESULTS_FOLDER
from measurements.figures.run_results import corner, logged
from measurements.pages import table

STUDIES = RESULTS_FOLDER / "studies"
KEPT = ("data", "data_hash", "extractor", "generated_count", "real_count", "resize", "weights_hash", "versions")
"""Of a score's passport, once for all runs of a study."""
FOLLOWED = ("margin", "lower_bound", "upper_bound")
"""What an epoch logs, of which a run's course is kept."""
Run = dict[str, Any]
"""Row, variant, seed, status, commit, scores by metric, and the course of margins and bounds."""


def condense(directory: Path, study: Study) -> None:
    """The results of a study, one line for each run, and the study as YAML."""
    runs, passports = list[Run](), dict[str, Mapping[str, Any]]()
    for row in read_results(directory)["rows"]:
        for each in row["runs"]:
            record = read_run(directory / each["directory"])
            numbers = {name: it for name, it in each["scores"].items() if isinstance(it["value"], int | float)}
            passports |= {name: _common(score["passport"]) for name, score in numbers.items()}
            run: Run = {"row": row["label"], **{name: each[name] for name in ("variant", "seed", "status")}}
            run["commit"] = record.first_session.get("commit")
            run["scores"] = {name: float(f"{score['value']:.5g}") for name, score in numbers.items()} | _reach(record)
            runs.append(run | {"paths": _paths(record)})
    folder = STUDIES / study.name
    folder.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(f"  {json.dumps(run)}" for run in runs)
    text = f'{{\n "passports": {json.dumps(passports, indent=1)},\n "runs": [\n{lines}\n ]\n}}\n'
    write_text_atomically(folder / "runs.json", text)
    write_text_atomically(folder / "study.yaml", study_to_yaml(study))


def first_samples(directory: Path) -> dict[str, Image.Image]:
    """The corner of the last grid of samples of each row's first run, by the row's label."""
    rows = read_results(directory)["rows"]
    return {row["label"]: corner(open_run(directory / row["runs"][0]["directory"]), 5, 3) for row in rows}


def _common(passport: Mapping[str, Any]) -> dict[str, Any]:
    return {name: passport[name] for name in KEPT if name in passport}


def _reach(run: RunRecord) -> dict[str, float]:
    """The monitor's last word on how much of the data the samples reach, where it was taken."""
    lines = logged(open_run(run.path), "variety")
    return {"reach": float(f"{lines[-1]['values']['reach']:.3g}")} if lines else {}


def _paths(run: RunRecord) -> dict[str, list[float]]:
    """What epochs log, each value once where it does not change."""
    curves = {name: run.by_epoch(name) for name in FOLLOWED}
    rounded_off = {name: [float(f"{value:.4g}") for value in curve.values] for name, curve in curves.items() if curve}
    return {name: [value for value, _ in itertools.groupby(values)] for name, values in rounded_off.items()}


def read(name: str) -> list[Run]:
    """The runs of a study; none where it has not been carried out."""
    path = STUDIES / name / "runs.json"
    return json.loads(path.read_text(encoding="utf-8"))["runs"] if path.is_file() else []


def scores_table(name: str, titles: Mapping[str, str]) -> str:
    """A row for each row of the study: mean and deviation of each metric over its finished runs.

    Args:
        name: of the study.
        titles: the heads of the columns by metric.
    """
    every = read(name)
    ended = any(run["paths"] for run in every)
    rows = []
    for label, runs in by_row(every).items():
        finished = [run for run in runs if run["status"] == "finished"]
        cells = [rounded([run["scores"][metric] for run in finished if metric in run["scores"]]) for metric in titles]
        where = [_ended_at(finished)] if ended else []
        rows.append(" | ".join([label, *cells, *where, f"{len(finished)} of {len(runs)}"]))
    return table(" | ".join(["row", *titles.values(), *(["ends at"] if ended else []), "finished"]), rows)


def pairs_table(name: str, metric: str, pairs: Sequence[tuple[str, str]]) -> str:
    """The differences of rows on equal seeds and variants; only an interval without 0 decides.

    Args:
        name: of the study.
        metric: less is better.
        pairs: labels of two rows each.
    """
    found_rows, rows = by_row(read(name)), []
    for one, other in pairs:
        values = [_by_seed(found_rows[label], metric) for label in (one, other)]
        found = paired(*values)
        if found is None or found.low is None or found.high is None:
            rows.append(f"{one} | {other} | {difference(found)} | ")
            continue
        better = f"{one} is better" if found.high < 0 else f"{other} is better"
        verdict = better if found.low * found.high > 0 else "undecided"
        rows.append(f"{one} | {other} | {difference(found)} | {verdict}")
    return table("row | against | difference (95 % interval) | verdict", rows)


def difference(found: Paired | None) -> str:
    """The mean difference with its interval; of fewer than two pairs, that they are too few."""
    if found is None or found.low is None or found.high is None:
        return "too few runs"
    return f"{found.mean:.3g} ({found.low:.3g} to {found.high:.3g})"


def apart(one: Sequence[float], other: Sequence[float]) -> str:
    """The difference of values at equal places."""
    return difference(paired(dict(enumerate(one)), dict(enumerate(other))))


def by_row(runs: Sequence[Run]) -> dict[str, list[Run]]:
    found = dict[str, list[Run]]()
    for run in runs:
        found.setdefault(run["row"], []).append(run)
    return found


def _by_seed(runs: Sequence[Run], metric: str) -> dict[int, float]:
    """The mean over the variants of each seed."""
    values = dict[int, list[float]]()
    for run in runs:
        if run["status"] == "finished" and metric in run["scores"]:
            values.setdefault(run["seed"], []).append(run["scores"][metric])
    return {seed: statistics.fmean(each) for seed, each in values.items()}


def rounded(values: Sequence[float]) -> str:
    """Mean and, of several, deviation, in three digits."""
    if not values:
        return "none"
    deviation = f" ± {_digits(statistics.stdev(values), 2)}" if len(values) > 1 else ""
    return f"{_digits(statistics.fmean(values), 3)}{deviation}"


def _digits(value: float, count: int) -> str:
    """So many digits, but whole numbers where these are too few for one: 1.3e+02 is 129."""
    return f"{value:.0f}" if abs(value) >= 10**count else f"{value:.{count}g}"


def _ended_at(runs: Sequence[Run]) -> str:
    """Least and most of where margins or bounds ended."""
    names = [name for name in FOLLOWED if all(name in run["paths"] for run in runs)]
    ranges = []
    for name in names:
        values = sorted({run["paths"][name][-1] for run in runs})
        ranges.append(f"{values[0]:.3g}" if values[0] == values[-1] else f"{values[0]:.3g} to {values[-1]:.3g}")
    return "; ".join(ranges)


def scored(runs: Sequence[Run]) -> list[Run]:
    """Those that have scores."""
    return [run for run in runs if run["scores"]]


def diverged(runs: Sequence[Run]) -> int:
    return sum(run["status"] == "diverged" for run in runs)
