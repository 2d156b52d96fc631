"""The same jobs as jobs of a Slurm cluster, by submitit, which is an extra and imported when it is asked for."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Generic, TypeVar

from equipoise.common.errors import EquipoiseError, printable, shortened
from equipoise.common.plugins import Plugin, load_all, loaded_plugins
from equipoise.studies.workers import Done

Job = TypeVar("Job")
Result = TypeVar("Result")

CLUSTER = "cluster"
"""Among the options: "slurm" (the default), or "local" for processes of this machine in place of a cluster."""
_EVERY_SECONDS = 2.0


@dataclass(frozen=True)
class _OneJob(Generic[Job, Result]):
    """What a node executes; submitit calls `checkpoint` when the job is about to be stopped, and submits it again."""

    function: Callable[[Job], Result]
    plugins: tuple[Plugin, ...]

    def __call__(self, job: Job) -> Result:
        load_all(self.plugins)
        return self.function(job)

    def checkpoint(self, job: Job) -> Any:
        return import_module("submitit").helpers.DelayedSubmission(self, job)


def run_jobs_on_slurm(
    function: Callable[[Job], Result],
    jobs: Sequence[Job],
    folder: Path,
    options: Mapping[str, str],
    done: Done = lambda finished, total: None,
) -> list[Result]:
    """Apply a function to every job as a Slurm job. Returns: in the jobs' order.

    A job that reaches its time limit is submitted again and goes on from what it left on the disk, so every node must
    see the study's directory at the same path. Where this process is interrupted, jobs that have not ended are
    cancelled.

    Args:
        function: at the top level of a module.
        jobs: its arguments.
        folder: for submitit's own files: each job's output, and what was submitted.
        options: submitit's parameters, such as `slurm_partition` or `timeout_min`; and `cluster`.
        done: told after each job how many are finished.

    Raises:
        EquipoiseError: submitit is not installed, there is no Slurm here, an option is unknown, or a job was lost.
    """
    executor = _executor(folder, options)
    one = _OneJob(function, loaded_plugins())
    with executor.batch():
        submitted = [executor.submit(one, job) for job in jobs]
    try:
        finished = 0
        while finished < len(jobs):
            time.sleep(0.1 if options.get(CLUSTER) == "local" else _EVERY_SECONDS)
            ended = sum(job.done() for job in submitted)
            if ended > finished:
                finished = ended
                done(finished, len(jobs))
        return [_result(job) for job in submitted]
    except BaseException:
        for job in submitted:
            if not job.done():
                job.cancel()
        raise


def _result(job: Any) -> Any:
    submitit = import_module("submitit")
    try:
        return job.result()
    except submitit.core.utils.FailedJobError as error:
        raise EquipoiseError(f"job {job.job_id} failed: {_last_of_trace(str(error))}.") from error
    except submitit.core.utils.UncompletedJobError as error:
        raise EquipoiseError(
            f"job {job.job_id} was lost; its output is in {printable(job.paths.stderr)}. The same command tries again."
        ) from error


def _last_of_trace(text: str) -> str:
    """The last line of the trace, which submitit prints between rules."""
    trace = text.rpartition("\n-----")[0] or text
    return shortened(trace.strip().rpartition("\n")[2].rstrip("."))


def _executor(folder: Path, options: Mapping[str, str]) -> Any:
    try:
        submitit = import_module("submitit")
    except ImportError as error:
        raise EquipoiseError("--slurm needs submitit; install it with: pip install 'equipoise[slurm]'.") from error
    rest = {name: int(text) if text.isdecimal() else text for name, text in options.items() if name != CLUSTER}
    try:
        executor = submitit.AutoExecutor(folder=folder, cluster=options.get(CLUSTER, "slurm"))
        executor.update_parameters(**rest)
    except (RuntimeError, ValueError, NameError, TypeError, KeyError) as error:
        raise EquipoiseError(
            f"cannot submit to Slurm: {shortened(str(error).splitlines()[0].rstrip('.?'))}."
        ) from error
    return executor
