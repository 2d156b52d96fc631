"""One run of a study, from its current state to its scores. It can be stopped anywhere and called again."""

import json
import shutil
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import torch

from equipoise.common.checks import NotFiniteError
from equipoise.common.errors import EquipoiseError
from equipoise.common.files import read_text_bounded, write_text_atomically
from equipoise.common.machine import choose_device
from equipoise.common.plugins import loaded_plugins
from equipoise.common.random import stream
from equipoise.evaluation.sampling import sample_picture, write_picture
from equipoise.evaluation.scoring import take_possible
from equipoise.experiments.build import empty_network
from equipoise.experiments.experiment import Experiment
from equipoise.runs.directory import RunDirectory
from equipoise.runs.interrupts import catch_interrupts
from equipoise.runs.record import read_run
from equipoise.runs.train import Interrupted, Settings, resume, train
from equipoise.runs.trained import Trained, evidence_of, keep_scores, load_trained
from equipoise.studies.critic_map import METRICS, write_critic_map
from equipoise.studies.pace import Pace, keep_pace
from equipoise.training.stack import Stack, stackable

AnyJob = TypeVar("AnyJob")
Result = TypeVar("Result")

WALK_STEPS, WALK_SAMPLES = 9, 25
"""Points of a walk between two latents, and how many walks there are."""
_CALLS = 1.5
"""What the calls of an iteration cost a group, as many times as the arithmetic of one of its runs."""
_OUTCOME = "outcome.json"


@dataclass(frozen=True)
class Job:
    """Everything a worker needs to know about one run.

    Attributes:
        experiment: what is trained.
        directory: of the run.
        metrics: what is scored.
        samples: that each metric sees.
        settings: where and how loudly, and what writes the page.
        few_samples: as in `evaluate`.
    """

    experiment: Experiment
    directory: Path
    metrics: tuple[str, ...]
    samples: int
    settings: Settings
    few_samples: bool

    @property
    def request(self) -> dict[str, Any]:
        """What the scores depend on besides the run itself; a metric may be a plug-in's."""
        plugins = [plugin.record for plugin in loaded_plugins()]
        return {
            "metrics": list(self.metrics),
            "samples": self.samples,
            "inception": self.settings.inception_weights is not None,
            "few_samples": self.few_samples,
        } | ({"plugins": plugins} if plugins else {})


def carry_out(job: Job) -> None:
    """Train the rest of one run, score it, and write its page; `outcome.json`, written last, says how it ended.

    A run diverged if its training met a value that is not a number, if its last logged losses or energies are not
    finite, or if its samples are not.

    Raises:
        Interrupted: a signal came; the run is saved.
        EquipoiseError: data are missing, the disk is full, and so on.
    """
    if read_outcome(job) is not None:
        return
    outcome = _ended(job)
    if outcome["status"] == "diverged" and job.settings.stack is not None:
        # A stack finds what is not finite an iteration later than a run by itself, so the run is trained again alone.
        shutil.rmtree(job.directory)
        carry_out(replace(job, settings=replace(job.settings, stack=None)))
        return
    job.settings.write_page(job.directory)
    text = json.dumps(outcome | {"request": job.request}, indent=1, sort_keys=True)
    write_text_atomically(job.directory / _OUTCOME, text)


def _ended(job: Job) -> dict[str, Any]:
    """Train and score. Returns: how it ended."""
    try:
        reason = _trained(job)
        return {"status": "diverged", "reason": reason} if reason else _scored(job)
    except Interrupted:
        raise
    except EquipoiseError as error:
        not_finite = _divergence(error)
        if not_finite is None:
            raise EquipoiseError(str(error)) from None  # without what cannot travel between processes
        return {"status": "diverged", "reason": not_finite}


def attempt(job: Job) -> str:
    """`carry_out`, whose failure is this run's own affair. Returns: why it failed, or nothing.

    Raises:
        Interrupted: a signal came; the run is saved.
    """
    try:
        carry_out(job)
    except Interrupted:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())
        return reason if isinstance(error, EquipoiseError) else f"{type(error).__name__}: {reason}"
    return ""


def in_stacks(experiments: Sequence[Experiment], workers: int) -> list[list[int]]:
    """Which runs are trained together: those that differ in their seed, cut so that every worker has its share.

    Args:
        experiments: of the runs.
        workers: processes that carry them out.

    Returns: their numbers, in groups; the largest first, so that the last to end are short.
    """
    kinds = list[tuple[Experiment | None, list[int]]]()
    for number, experiment in enumerate(experiments):
        kind = replace(experiment, name="", seed=0, algorithm=experiment.algorithm.shared())
        alike = next((numbers for known, numbers in kinds if known == kind), None)
        if alike is not None:
            alike.append(number)
        else:
            kinds.append((kind if _can_be_stacked(experiment) else None, [number]))
    share = (len(experiments) + _CALLS * (len(kinds) + workers - 1)) / workers
    room, groups = share, list[list[int]]()
    for _, numbers in kinds:
        while numbers:
            count = min(len(numbers), max(1, round(room - _CALLS)))
            groups.append(numbers[:count])
            numbers, room = numbers[count:], room - count - _CALLS
            room = share if room < 1 else room
    return sorted(groups, key=len, reverse=True)


def _can_be_stacked(experiment: Experiment) -> bool:
    players = experiment.players.values()
    plain = experiment.average is None and not experiment.latent.classes
    plain = plain and all(player.constraint is None for player in players)
    return plain and stackable(empty_network(player.network) for player in players)


def together(work: Callable[[AnyJob, Stack | None], Result], jobs: Sequence[AnyJob]) -> list[Result]:
    """Carry out the jobs of one group, with their training in a stack. Returns: in the jobs' order.

    Args:
        work: carries out one job, given the stack that its run trains in, or None.
        jobs: at least one.

    Raises:
        BaseException: that of the first job that failed, after all have ended.
    """
    if len(jobs) == 1:
        return [work(jobs[0], None)]
    stack = Stack()
    with catch_interrupts() as interrupt:
        results = stack.run([partial(work, job, stack) for job in jobs])
    if interrupt.signal_number is not None:  # it came too late to stop a training
        signal.raise_signal(interrupt.signal_number)
    return results


def attempt_group(jobs: Sequence[Job]) -> list[str]:
    """`attempt` for each job of a group of `in_stacks`."""
    return together(lambda job, stack: attempt(replace(job, settings=replace(job.settings, stack=stack))), jobs)


def read_outcome(job: Job) -> dict[str, Any] | None:
    """How the run ended, or None if it did not, or if other scores were asked for."""
    return kept_answer(job.directory / _OUTCOME, job.request)


def kept_answer(path: Path, request: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a file of JSON holds, or None where there is none that answers this request."""
    try:
        found: dict[str, Any] = json.loads(read_text_bounded(path))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("request") == request else None


def _divergence(error: BaseException) -> str | None:
    """What was not finite, if that is what stopped the run: it stands somewhere behind the error."""
    behind: BaseException | None = error
    while behind is not None and not isinstance(behind, NotFiniteError):
        behind = behind.__cause__ or behind.__context__
    return None if behind is None else str(behind)


def _trained(job: Job) -> str:
    """Train to the end. Returns: why it counts as diverged, or nothing."""
    torch.set_num_threads(job.settings.threads or 1)
    run, start = RunDirectory(job.directory), time.monotonic()
    settings = replace(job.settings, page=None)  # it is written when the scores are known
    first = read_run(job.directory).log.last_iteration if run.config.exists() else 0
    if not run.config.exists():
        train(job.experiment, job.directory, settings)
    else:
        resume(job.directory, settings)
    record = read_run(job.directory)
    played = record.log.last_iteration - first
    if played > 0:
        pace = Pace(record.log.last_iteration, (time.monotonic() - start) / played)
        keep_pace(job.directory, job.experiment, pace, job.settings.precision or "float32")
    return "the last logged losses or energies are not finite numbers." if record.diverged else ""


def _scored(job: Job) -> dict[str, Any]:
    """Every metric that can be taken of the generator, and why the others cannot."""
    trained = load_trained(job.directory, choose_device(job.settings.device))
    evidence = evidence_of(trained, job.samples, job.settings, job.few_samples)
    try:
        scores, unmeasured = take_possible(job.metrics, evidence)
    except NotFiniteError as error:
        return {"status": "diverged", "reason": str(error)}
    keep_scores(trained, scores)
    _write_walk(trained)
    if METRICS & {score.metric for score in scores}:
        try:
            write_critic_map(evidence, trained.run.path)
        except EquipoiseError as error:
            unmeasured["critic-map"] = str(error)
    entries = [score.as_dict() for score in scores]
    return {"status": "finished", "reason": "", "scores": entries, "unmeasured": unmeasured}


@torch.no_grad()
def _write_walk(trained: Trained) -> None:
    """Grids along straight ways through the latent space, the same ways for every generator with that prior."""
    prior, seed = trained.experiment.latent, trained.experiment.seed
    device = next(trained.generator.parameters()).device
    start, end = (prior.sample(WALK_SAMPLES, stream(seed, "walk/latent", place)) for place in (0, 1))
    for step in range(WALK_STEPS):
        share = step / (WALK_STEPS - 1)
        samples = trained.generator(torch.lerp(start, end, share).to(device)).cpu()
        picture = sample_picture(samples, trained.experiment.value_range, columns=5)
        write_picture(picture, trained.run.path / "walk" / f"iteration-{step}.png")
