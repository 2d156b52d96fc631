"""Carry out a study: only missing runs, in this process, in workers or on a Ray cluster, and one page at the end."""

import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from equipoise.common.counted import counted
from equipoise.common.durations import duration
from equipoise.common.errors import EquipoiseError, printable, when_interrupted
from equipoise.common.files import try_lock
from equipoise.common.machine import available_cores, choose_device, threads_beside_a_gpu, threads_kept
from equipoise.data.mnist import Mnist
from equipoise.evaluation.catalogue import METRICS
from equipoise.evaluation.features import InceptionExtractor
from equipoise.evaluation.judge import judge_of
from equipoise.runs.directory import run_at
from equipoise.runs.train import Page, Settings
from equipoise.studies.carry_out import Job, attempt, attempt_group, in_stacks, read_outcome
from equipoise.studies.catalogue import study as find_study
from equipoise.studies.checks import check_rows
from equipoise.studies.estimate import Estimate, estimate
from equipoise.studies.kept_runs import check_kept_runs
from equipoise.studies.plan import Planned, plan
from equipoise.studies.progress import status_line
from equipoise.studies.real_data import score_real_data
from equipoise.studies.results import gather, write_results
from equipoise.studies.study import Study
from equipoise.studies.study_file import keep_study
from equipoise.studies.workers import INTERRUPTED, Done, run_jobs
from equipoise.training.precision import Precision

Tell = Callable[[str], None]
"""What a sentence for the user is given to."""
_LOCK = ".lock"
_DIED = "its process died repeatedly, perhaps because memory ran out; try fewer with --workers."


@dataclass(frozen=True)
class Means:
    """The settings with which a study is carried out.

    Attributes:
        workers: runs at a time; by default one per core, or one per GPU. More share the GPUs.
        ray: the address of a Ray cluster, "local" for one of its own, or None for local processes.
        slurm: what `equipoise.studies.slurm` asks Slurm for, or None.
        gpu_share: of a GPU, that each Ray task asks for.
        device: of every run; "auto" by default.
        data_root: where published data files lie.
        inception_weights: the file with the weights of Inception-v3, or None.
        precision: what the players of every run compute in; runs in another than float32 have directories of their own.
        graphs: whether whole iterations are played as CUDA graphs, where they can be.
        page: writes each run's page, as in `Settings`.
    """

    workers: int | None = None
    ray: str | None = None
    slurm: Mapping[str, str] | None = None
    gpu_share: float = 0.0
    device: str = "auto"
    data_root: Path | None = None
    inception_weights: Path | None = None
    precision: Precision = "float32"
    graphs: bool = False
    page: Page = None


def tell(line: str) -> None:
    """Show progress on stderr."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201


@threads_kept()
def run_study(
    name: str | Study,
    out: Path,
    budget: str = "cpu",
    seeds: int | None = None,
    means: Means | None = None,
    say: Tell = tell,
) -> Path:
    """Carry out the missing runs of a study, write `results.json`, and return its path.

    Runs that an earlier call finished are kept, what it left unfinished goes on, and a run that diverges or fails is
    counted and stops nothing; one that failed is tried again by the next call. The results are the same for every way
    of running.

    Args:
        name: of the study, or a study of one's own, which is kept beside its results.
        out: its directory.
        budget: "smoke", "cpu" or "paper".
        seeds: of each row and variant; by default what the budget buys.
        means: with what.
        say: is told how far it is.

    Raises:
        Interrupted: SIGINT or SIGTERM came; the runs are saved.
        EquipoiseError: data are missing, the directory cannot be written or is in use, every run failed, and so on.
    """
    means, study = means or Means(), find_study(name) if isinstance(name, str) else name
    if means.inception_weights is not None:
        InceptionExtractor.from_file(means.inception_weights)
    pairs = _pairs(study, out, budget, seeds, means)
    check_kept_runs([job for _, job in pairs])
    missing = [(each, job) for each, job in pairs if read_outcome(job) is None]
    if not isinstance(name, str):
        check_rows([each for each, _ in pairs], study.measures[0].metric, _settings(means))
    with _alone_in(out):
        keep_study(None if isinstance(name, str) else study, out, say)
        say(_what_is_to_do(study, budget, pairs, missing))
        failures = _carry_out(missing, out, budget, means, say) if missing else {}
        if failures and len(failures) == len(pairs):
            raise EquipoiseError(f"every run failed, the first one because: {next(iter(failures.values()))}")
        real = score_real_data(study, budget, _settings(means), out)
        return write_results(gather(study, budget, means.inception_weights is not None, pairs, real, failures), out)


def tell_plan(study: Study, out: Path, budget: str, seeds: int | None, means: Means, say: Tell) -> None:
    """Say what `run_study` would train, and for how long; the time is measured over a few iterations.

    Raises:
        EquipoiseError: as `run_study` before it trains.
    """
    pairs = _pairs(study, out, budget, seeds, means)
    check_kept_runs([job for _, job in pairs])
    check_rows([each for each, _ in pairs], study.measures[0].metric, _settings(means))
    missing = [each for each, job in pairs if read_outcome(job) is None]
    expected = estimate(missing, out, means.device, means.data_root, means.precision)
    say(f"{_what_is_to_do(study, budget, pairs, missing)} Nothing is trained now.")
    labels = list(dict.fromkeys(each.row.label for each, _ in pairs))
    width = max(map(len, labels))
    for label in labels:
        runs = [each for each, _ in pairs if each.row.label == label]
        to_do = [seconds for each, seconds in zip(missing, expected.left, strict=True) if each.row.label == label]
        each_takes = f", {duration(statistics.fmean(to_do))} each" if to_do else ""
        say(f"  {label:<{width}}  {counted(len(runs), 'run')}, {len(to_do)} to do{each_takes}")
    if missing:
        say(_how_long(expected, means, *_at_once(means, len(missing))))
    say(f"Measured: {', '.join(measure.metric for measure in study.measures)}; the first one decides.")
    say(f"The runs would be in {printable(out)}.")


def _what_is_to_do(study: Study, budget: str, pairs: Sequence[object], missing: Sequence[object]) -> str:
    source = ", ".join(part for part in (study.paper, study.place) if part)
    heading = f"{study.title} ({source})" if source else study.title
    return f"{heading}, budget {budget}: {counted(len(pairs), 'run')}, {len(missing)} to do."


def _at_once(means: Means, runs: int) -> tuple[int, list[str]]:
    """How many of these runs are carried out at a time on this machine, and the GPUs that they may use."""
    gpus = gpus_of(choose_device(means.device))
    return max(1, min(means.workers or len(gpus) or available_cores(), runs)), gpus


def _how_long(expected: Estimate, means: Means, workers: int, gpus: Sequence[str]) -> str:
    here = means.ray in (None, "local") and means.slurm is None
    at_once = f"{workers} at a time" if here else "on the cluster"
    parallel = workers if not gpus else min(workers, len(gpus))
    return f"Expected: {duration(expected.seconds / parallel)}, {at_once} ({expected.source})."


def _pairs(study: Study, out: Path, budget: str, seeds: int | None, means: Means) -> list[tuple[Planned, Job]]:
    """Every run with the job that carries it out."""
    planned = [_in(means.precision, each) for each in plan(study, budget, seeds, means.inception_weights is not None)]
    return [(each, _job(each, out.resolve(), means)) for each in planned]


@contextmanager
def _alone_in(out: Path) -> Iterator[None]:
    """Within, no other study can be carried out in this directory; the lock ends with the process."""
    if run_at(out) is not None:
        raise EquipoiseError(f"{printable(out)} is a run; choose another --out for the runs of a study.")
    out.mkdir(parents=True, exist_ok=True)
    with open(out / _LOCK, "ab") as file:
        if not try_lock(file):
            raise EquipoiseError(
                f"another process is working in {printable(out)}; wait for it, or choose another --out."
            )
        yield


def _carry_out(
    missing: Sequence[tuple[Planned, Job]], out: Path, budget: str, means: Means, say: Tell
) -> dict[Path, str]:
    """Carry out these runs. Returns: by the directories of those that failed, why."""
    workers, gpus = _at_once(means, len(missing))
    weights: Sequence[float] = [1.0] * len(missing)
    if budget != "smoke":
        expected = estimate([each for each, _ in missing], out, means.device, means.data_root, means.precision)
        say(_how_long(expected, means, workers, gpus))
        weights = expected.left
    _train_judges(missing, means, say)
    on_a_cluster = means.ray is not None or means.slurm is not None
    jobs = _placed([job for _, job in missing], [] if on_a_cluster else gpus, workers)
    start = time.monotonic()
    with when_interrupted(lambda: INTERRUPTED), status_line(jobs) as line:

        def done(finished: int, total: int) -> None:
            left = (time.monotonic() - start) * sum(weights[finished:]) / sum(weights[:finished])
            told = f"run {finished} of {total} done" + (f", {duration(left)} left" if finished < total else "")
            (line.tell if line is not None and say is tell else say)(told)

        reasons = _run(jobs, workers, means, done)
    return {job.directory: reason for job, reason in zip(jobs, reasons, strict=True) if reason}


def _run(jobs: Sequence[Job], workers: int, means: Means, done: Done) -> list[str]:
    """Carry out the jobs where they are to be. Returns: why each failed, or nothing."""
    if means.slurm is not None:
        from equipoise.studies.slurm import run_jobs_on_slurm

        return run_jobs_on_slurm(attempt, jobs, jobs[0].directory.parents[1] / "slurm", means.slurm, done)
    if means.ray is not None:
        from equipoise.studies.ray_cluster import run_jobs_on_ray

        return run_jobs_on_ray(attempt, jobs, means.ray, means.workers, means.gpu_share, done)
    if jobs[0].settings.precision != "float32" or any(choose_device(j.settings.device).type != "cpu" for j in jobs):
        return run_jobs(attempt, jobs, workers, done, lost=_DIED)
    numbers = in_stacks([job.experiment for job in jobs], workers)
    groups: list[Sequence[Job]] = [[jobs[number] for number in group] for group in numbers]
    found: list[list[str]] = run_jobs(attempt_group, groups, workers, done, lost=[], size=len)
    reasons = {n: why for group, each in zip(numbers, found, strict=True) for n, why in zip(group, each, strict=False)}
    return [reasons.get(number, _DIED) for number in range(len(jobs))]


def gpus_of(device: torch.device) -> list[str]:
    """The names of the GPUs that runs may use: the one with this number, or every one; none for a CPU."""
    if device.type != "cuda":
        return []
    return [str(device)] if device.index is not None else [f"cuda:{n}" for n in range(torch.cuda.device_count())]


def _placed(jobs: Sequence[Job], gpus: Sequence[str], workers: int) -> list[Job]:
    """The jobs on one GPU after the other, each with its part of the cores; as they are where there is none."""
    if not gpus:
        return list(jobs)
    threads = threads_beside_a_gpu(workers)
    return [
        replace(job, settings=replace(job.settings, device=gpus[number % len(gpus)], threads=threads))
        for number, job in enumerate(jobs)
    ]


def _in(precision: Precision, planned: Planned) -> Planned:
    """A run in another precision is another run: it must neither be taken for this one nor go on from it."""
    if precision == "float32":
        return planned
    return replace(planned, directory=planned.directory.with_name(f"{planned.directory.name}-{precision}"))


def _job(planned: Planned, out: Path, means: Means) -> Job:
    place = out / planned.directory
    return Job(planned.experiment, place, planned.metrics, planned.samples, _settings(means), planned.few_samples)


def _settings(means: Means) -> Settings:
    return Settings(
        means.device,
        means.data_root,
        threads=1,
        quiet=True,
        on_collapse="log",
        inception_weights=means.inception_weights,
        precision=means.precision,
        graphs=means.graphs,
        page=means.page,
    )


def _train_judges(missing: Sequence[tuple[Planned, Job]], means: Means, say: Tell) -> None:
    """Train each data set's classifier once, before several workers would, where a metric needs it."""
    place = choose_device(means.device)
    torch.set_num_threads(threads_beside_a_gpu(1) if place.type == "cuda" else 1)
    for data in dict.fromkeys(each.experiment.data for each, _ in missing if _is_judged(each)):
        judged = Mnist() if data.by_digit else data
        try:
            judge_of(judged, means.data_root, place, say)
        except EquipoiseError:
            continue  # a set without labels has no classifier; what is truly missing is told by the run


def _is_judged(planned: Planned) -> bool:
    """Whether any of its scores, at the end or during the training, may need its data set's classifier."""
    names = (*planned.metrics, *planned.experiment.watch.metrics)
    return any(not {"classifier", "features", "modes"}.isdisjoint(METRICS[name].needs) for name in names)
