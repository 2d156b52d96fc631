"""The demo: MAGAN against fixed margins on real digits."""

import json
import statistics
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from equipoise.common.counted import counted
from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import write_text_atomically
from equipoise.common.machine import available_cores
from equipoise.data.digits import Digits
from equipoise.evaluation.judge import judge_of
from equipoise.experiments.experiment import Experiment, with_length
from equipoise.recipes.digits import ebgan_digits, magan_digits
from equipoise.runs.directory import RunDirectory
from equipoise.runs.train import Page, Settings, resume, train
from equipoise.runs.trained import evaluate
from equipoise.studies.carry_out import in_stacks, together
from equipoise.studies.workers import run_jobs
from equipoise.training.stack import Stack

_MARGINS = (10.0, 5.0, 1.0)
_EPOCHS = 150  # the recipes train 200; twelve runs have to fit into a minute on two cores
_SAMPLES = 10_000
_METRICS = ("inception-score", "class-histogram")
TITLE = "An adaptive margin against fixed ones"
"""Of the page."""
INTRODUCTION = (
    "Real handwritten digits (8x8 pixels), the same networks, optimiser, iterations and seeds throughout; only the "
    "margin differs. EBGAN keeps its margin fixed, so you must find a good one by trial. MAGAN (Wang et al. 2017) "
    "starts from the energy of the real data and lowers the margin whenever the generator stops improving."
)
"""Below its title."""
_MAGAN = "MAGAN"
_CURVES = ("margin", "real_energy", "fake_energy")
_SIGNIFICANT_DIGITS = 5


@dataclass(frozen=True)
class Job:
    """One run of the demo."""

    group: str
    experiment: Experiment
    out: Path
    page: Page


def run_demo(
    out: Path, seeds: int = 3, workers: int | None = None, epochs: int = _EPOCHS, page: Page = None
) -> dict[str, list[Path]]:
    """Train MAGAN and EBGAN at margins 10, 5 and 1 on digits, score them, and write `summary.json`.

    What an earlier call finished is kept; what it left unfinished goes on.

    Args:
        out: the folder for the runs and `summary.json`.
        seeds: how many seeds of each.
        workers: runs at a time; one per core by default.
        epochs: adversarial epochs of each run.
        page: writes a run's page, as in `Settings`.

    Returns: the runs of each group.

    Raises:
        EquipoiseError: the folder holds other runs, or cannot be written.
    """
    jobs = _jobs(out, seeds, epochs, page)
    torch.set_num_threads(1)
    judge_of(Digits(), None, torch.device("cpu"))
    told = f"{counted(len(jobs), 'run')} of {counted(epochs, 'epoch')}"
    _tell(f"{told}; the usual 12 of 150 take about a minute on two cores.")
    workers = workers or available_cores()
    groups_of_jobs = [[jobs[number] for number in group] for group in in_stacks([j.experiment for j in jobs], workers)]
    at_once = min(workers, len(groups_of_jobs))
    run_jobs(_carry_out_group, groups_of_jobs, at_once, lambda n, of: _tell(f"run {n} of {of} done"), size=len)
    groups: dict[str, list[Path]] = {}
    for job in jobs:
        groups.setdefault(job.group, []).append(job.out)
    summary = {group: _summary(paths) for group, paths in groups.items()}
    write_text_atomically(out / "summary.json", json.dumps({"epochs": epochs, "groups": summary}, indent=1))
    for group, numbers in summary.items():
        score = f"{numbers['mean']:.2f} ± {numbers['deviation']:.2f}"
        _tell(f"{group:<18} inception score {score} over {counted(seeds, 'seed')}")
    return groups


def verdict(out: Path) -> str:
    """What the scores of a demo's `summary.json` say, in one or two sentences."""
    means = {name: each["mean"] for name, each in json.loads((out / "summary.json").read_text())["groups"].items()}
    own = means.pop(_MAGAN)
    best, worst = max(means, key=means.__getitem__), min(means, key=means.__getitem__)
    told = f"MAGAN scores {own:.2f} without a search for its margin; fixed margins score {means[worst]:.2f} to "
    told += f"{means[best]:.2f}."
    if means[best] > own:
        return (
            f"{told} The best of them, {best}, scores above MAGAN: adaptation saves the search, and does not beat a "
            "margin that suits the data."
        )
    return f"{told} None of them scores above MAGAN here; the best is {best}."


def _jobs(out: Path, seeds: int, epochs: int, page: Page) -> list[Job]:
    bases = {_MAGAN: magan_digits()} | {f"EBGAN, margin {m:g}": ebgan_digits(m) for m in _MARGINS}
    return [
        Job(
            group,
            with_length(replace(base, seed=seed), epochs=epochs),
            out / "runs" / f"{_word(group)}-seed{seed}",
            page,
        )
        for group, base in bases.items()
        for seed in range(seeds)
    ]


def _carry_out_group(jobs: list[Job]) -> None:
    together(_carry_out, jobs)


def _carry_out(job: Job, stack: Stack | None) -> None:
    """Train what is missing of one run, and score it."""
    settings = Settings(device="cpu", threads=1, quiet=True, on_collapse="log", stack=stack)
    run = RunDirectory(job.out)
    if not run.config.exists():
        train(job.experiment, job.out, settings)
    elif run.experiment() == job.experiment:
        resume(job.out, settings)
    else:
        raise EquipoiseError(f"{printable(job.out)} holds another run; choose a new folder with --out.")
    evaluate(job.out, _METRICS, _SAMPLES, replace(settings, page=job.page))


def _summary(paths: list[Path]) -> dict[str, Any]:
    runs = [RunDirectory(path) for path in paths]
    scores = [json.loads(run.scores.read_text(encoding="utf-8"))["scores"] for run in runs]
    values = [next(score["value"] for score in each if score["metric"] == _METRICS[0]) for each in scores]
    return {
        "inception_scores": values,
        "mean": statistics.fmean(values),
        "deviation": statistics.stdev(values) if len(values) > 1 else 0.0,
        "curves": [_curves(run) for run in runs],
        "passport": scores[0][0]["passport"],
    }


def _curves(run: RunDirectory) -> dict[str, list[float | None]]:
    """The margin and the mean energies of every adversarial epoch, as the page draws them."""
    lines = [json.loads(line) for line in run.log.read_text(encoding="utf-8").splitlines()]
    epochs = [line["values"] for line in lines if line["kind"] == "epoch" and line["stage"] == "adversarial"]
    return {name: [_rounded(values.get(name)) for values in epochs] for name in _CURVES}


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_SIGNIFICANT_DIGITS}g}")


def _word(group: str) -> str:
    return group.lower().replace(", margin ", "-")


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201
