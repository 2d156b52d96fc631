"""The results of a study: a pure function of its runs, whatever machine, order or number of workers made them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import read_text_bounded, write_text_atomically
from equipoise.runs.record import read_run
from equipoise.studies.carry_out import Job, read_outcome
from equipoise.studies.kept_results import misfit
from equipoise.studies.log_measures import LOG_MEASURES, take_from_log
from equipoise.studies.plan import Planned, content_hash
from equipoise.studies.sources import RESULTS
from equipoise.studies.study import Study

FORMAT = "equipoise-study-1"
"""The format that a file of results names."""


def gather(
    study: Study,
    budget: str,
    with_inception: bool,
    pairs: Sequence[tuple[Planned, Job]],
    real_data: Sequence[dict[str, Any]] = (),
    failures: Mapping[Path, str] | None = None,
) -> dict[str, Any]:
    """All results of the runs, as JSON values: no times, no paths.

    Args:
        study: what was run.
        budget: at which size.
        with_inception: whether Inception's weights were at hand.
        pairs: every run as it was planned, with the job that carried it out.
        real_data: the scores of the references that are real data.
        failures: by a run's directory, why it could not be carried out.
    """
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for planned, job in pairs:
        row = planned.row
        start = {"label": row.label, "block": row.block, "recipe": row.recipe, "changes": list(row.changes), "runs": []}
        rows.setdefault((row.label, row.block), start)["runs"].append(
            _run(study, planned, job, (failures or {}).get(job.directory))
        )
    return {
        "format": FORMAT,
        "study": study.name,
        "budget": budget,
        "inception": with_inception,
        "rows": list(rows.values()),
        "real_data": list(real_data),
    }


def write_results(results: dict[str, Any], out: Path) -> Path:
    """Write `results.json` into the study's directory and return its path."""
    path = Path(out) / RESULTS
    write_text_atomically(path, json.dumps(results, indent=1, sort_keys=True) + "\n")
    return path


def read_results(directory: Path) -> dict[str, Any]:
    """The results in a study's directory.

    Raises:
        EquipoiseError: there are none, or the file is damaged.
    """
    path = Path(directory) / RESULTS
    try:
        found = json.loads(read_text_bounded(path))
    except (OSError, ValueError, RecursionError) as error:
        raise EquipoiseError(
            f"{printable(directory)} contains no study: its {RESULTS} is missing or damaged."
        ) from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise EquipoiseError(f"{printable(path)} is not the results of a study.")
    place = misfit(found)
    if place is not None:
        raise EquipoiseError(f"{printable(path)} is damaged: {place} is missing or has the wrong type.")
    return found


def failed_runs(results: Mapping[str, Any]) -> list[str]:
    """What went wrong, once for each run that could not be carried out."""
    return [run["reason"] for row in results["rows"] for run in row["runs"] if run["status"] == "failed"]


def _run(study: Study, planned: Planned, job: Job, failure: str | None) -> dict[str, Any]:
    if failure:
        return _entry(planned, "failed", failure)
    outcome = read_outcome(job)
    assert outcome is not None, f"{job.directory} has not been carried out"
    scores = {score["metric"]: score for score in outcome.get("scores", [])}
    scores |= _from_log(study, job.directory, planned)
    beyond = _beyond(study, planned, scores)
    status, reason = "diverged" if beyond else outcome["status"], beyond or outcome["reason"]
    return _entry(planned, status, reason, scores, outcome.get("unmeasured", {}))


def _entry(planned: Planned, status: str, reason: str, scores: Any = None, unmeasured: Any = None) -> dict[str, Any]:
    return {
        "variant": planned.variant,
        "seed": planned.experiment.seed,
        "experiment": content_hash(planned.experiment),
        "directory": planned.directory.as_posix(),
        "status": status,
        "reason": reason,
        "scores": scores or {},
        "unmeasured": unmeasured or {},
    }


def _from_log(study: Study, run: Path, planned: Planned) -> dict[str, Any]:
    """The study's measures that stand in the log, which is long: it is read where there are any."""
    watched = next(iter(planned.experiment.watch.metrics), "")
    names = [measure.metric for measure in study.measures if measure.metric in LOG_MEASURES]
    if not names:
        return {}
    record = read_run(run)
    taken = {name: take_from_log(name, record, watched) for name in names}
    return {name: score for name, score in taken.items() if score is not None}


def _beyond(study: Study, planned: Planned, scores: dict[str, Any]) -> str:
    """Why a finished run counts as diverged by its score, or nothing; a stand-in's score has no threshold."""
    limit, metric = planned.row.diverged_beyond, study.measures[0].metric
    if limit is None or metric not in scores or scores[metric]["value"] <= limit:
        return ""
    return f"{metric} is above {limit:g}."
