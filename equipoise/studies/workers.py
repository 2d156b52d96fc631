"""Independent jobs in local processes of one thread each."""

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


def available_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_jobs(
    function: Callable[[Job], Result],
    jobs: Sequence[Job],
    workers: int,
    done: Callable[[int, int], None] = lambda finished, total: None,
) -> list[Result]:
    """Apply a function to every job, `workers` at a time, each in a process of one thread. Returns: in the jobs' order.

    Args:
        function: at the top level of a module, so that a new process finds it.
        jobs: its arguments.
        workers: how many processes; with 1 the jobs run here, one after the other.
        done: told after each job how many are finished.
    """
    if workers == 1:
        return _run_here(function, jobs, done)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_one_thread) as pool:
        futures = [pool.submit(function, job) for job in jobs]
        try:
            for finished, future in enumerate(as_completed(futures), start=1):
                future.result()
                done(finished, len(jobs))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return [future.result() for future in futures]


def _run_here(function: Callable[[Job], Result], jobs: Sequence[Job], done: Callable[[int, int], None]) -> list[Result]:
    results = []
    for finished, job in enumerate(jobs, start=1):
        results.append(function(job))
        done(finished, len(jobs))
    return results


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)
