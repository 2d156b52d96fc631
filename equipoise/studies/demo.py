"""The demo: four stories, each of runs that differ in one thing, on data that come with the package."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from equipoise.common.counted import counted
from equipoise.common.errors import EquipoiseError, printable, when_interrupted
from equipoise.common.files import file_name, write_text_atomically
from equipoise.common.machine import available_cores, threads_kept
from equipoise.data.digits import Digits
from equipoise.evaluation.judge import judge_of
from equipoise.evaluation.score_sheet import read_scores
from equipoise.experiments.config import to_yaml
from equipoise.experiments.experiment import Experiment
from equipoise.runs.directory import RunDirectory
from equipoise.runs.run_log import read_log
from equipoise.runs.train import Page, Settings, resume, train
from equipoise.runs.trained import evaluate
from equipoise.studies.carry_out import in_stacks, together
from equipoise.studies.demo_stories import Story, Told, stories, verdict
from equipoise.studies.runner import tell
from equipoise.studies.workers import INTERRUPTED, get_ready, run_jobs
from equipoise.training.stack import Stack

_BESIDE = ("class-histogram",)
"""Taken of digits for the page, besides what decides."""
TITLE = "Four ideas, tried on data that come with the package"
"""Of the page."""
INTRODUCTION = (
    "Four ideas from the papers, each against what it improves, in runs that differ in nothing else and share their "
    "seeds. Better or worse: the paired t-test over seeds, corrected for the pairs of a story, gives p < 0.05. No "
    "difference beyond chance: it does not, which with few seeds says little."
)
"""Below the verdicts."""
_CURVES = ("margin", "real_energy", "fake_energy")
_SIGNIFICANT_DIGITS = 5


@dataclass(frozen=True)
class Job:
    """One run of the demo."""

    group: str
    experiment: Experiment
    out: Path
    metrics: tuple[str, ...]
    samples: int
    page: Page


@threads_kept()
def run_demo(out: Path, seeds: int = 3, workers: int | None = None, page: Page = None) -> tuple[Told, ...]:
    """Train the runs of every story, score them, and write `summary.json`.

    What an earlier call finished is kept; what it left unfinished goes on.

    Args:
        out: the folder for the runs and `summary.json`.
        seeds: how many seeds of each group.
        workers: runs at a time; one per core by default.
        page: writes the page of each group's first run, as in `Settings`.

    Returns: the stories with their verdicts and runs.

    Raises:
        EquipoiseError: the folder holds other runs, or cannot be written.
    """
    told_by = stories()
    jobs = [job for story in told_by for job in _jobs(story, out, seeds, page)]
    torch.set_num_threads(1)
    workers = workers or available_cores()
    tell(f"{counted(len(jobs), 'run')}; the usual 30 take about a minute on two idle cores.")
    if workers > 1:
        get_ready(_carry_out_group)
    judge_of(Digits(), None, torch.device("cpu"))
    groups_of_jobs = [[jobs[number] for number in group] for group in in_stacks([j.experiment for j in jobs], workers)]
    at_once = min(workers, len(groups_of_jobs))
    with when_interrupted(lambda: INTERRUPTED):
        run_jobs(_carry_out_group, groups_of_jobs, at_once, lambda n, of: tell(f"run {n} of {of} done"), size=len)
    summary = [_summary(story, [job for job in jobs if job.group in story.groups]) for story in told_by]
    write_text_atomically(out / "summary.json", json.dumps({"length": 1.0, "stories": summary}, indent=1))
    for each in summary:
        tell(f"{each['title']}: {each['answer']}")
    return tuple(
        Told(
            story.title,
            each["answer"],
            (each["figures"], story.setting),
            {label: [job.out for job in jobs if job.group == label] for label in story.groups},
        )
        for story, each in zip(told_by, summary, strict=True)
    )


def _jobs(story: Story, out: Path, seeds: int, page: Page) -> list[Job]:
    beside = _BESIDE if isinstance(next(iter(story.groups.values())).data, Digits) else ()
    return [
        Job(
            label,
            replace(experiment, seed=seed),
            out / "runs" / f"{run_word(label)}-seed{seed}",
            (*story.metrics, *beside),
            story.samples,
            None if seed else page,
        )
        for label, experiment in story.groups.items()
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
    elif to_yaml(run.experiment()) == to_yaml(job.experiment):  # with what the networks take by default
        resume(job.out, settings)
    else:
        raise EquipoiseError(f"{printable(job.out)} holds another run; choose a new folder with --out.")
    evaluate(job.out, job.metrics, job.samples, replace(settings, page=job.page))


def _summary(story: Story, jobs: Sequence[Job]) -> dict[str, Any]:
    """The verdict, and of each group the scores, curves and how the first score was measured."""
    groups: dict[str, Any] = {}
    for label in story.groups:
        runs = [RunDirectory(job.out) for job in jobs if job.group == label]
        scores = [{score.metric: score for score in read_scores(run.scores)} for run in runs]
        groups[label] = {
            "scores": {metric: [found[metric].value for found in scores] for metric in story.metrics},
            "curves": [_curves(run) for run in runs],
            "passport": scores[0][story.metrics[0]].passport,
        }
    by_metric = {
        metric: {label: group["scores"][metric] for label, group in groups.items()} for metric in story.metrics
    }
    found = verdict(story.metrics, by_metric)
    return {"title": story.title, "answer": found.answer, "figures": found.figures, "groups": groups}


def _curves(run: RunDirectory) -> dict[str, list[float | None]]:
    """The margin and the mean energies of every adversarial epoch, as the page draws them."""
    epochs = [record.values for record in read_log(run.log).epochs if record.stage == "adversarial"]
    names = [name for name in _CURVES if any(name in values for values in epochs)]
    return {name: [_rounded(values.get(name, math.nan)) for values in epochs] for name in names}


def _rounded(value: float) -> float | None:
    """As JSON: what is no number is null there."""
    return float(f"{value:.{_SIGNIFICANT_DIGITS}g}") if math.isfinite(value) else None


def run_word(group: str) -> str:
    """How the folders of a group's runs begin."""
    return file_name(group.lower().replace(",", ""))
