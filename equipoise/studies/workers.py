"""Independent jobs in local processes of one thread each. A process that dies loses nothing but its time."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from equipoise.common.errors import EquipoiseError

Job = TypeVar("Job")
Result = TypeVar("Result")
Done = Callable[[int, int], None]

MOST_DEATHS = 3
_SECONDS_TO_SAVE = 20
_ORPHANED = threading.Event()


def available_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_jobs(
    function: Callable[[Job], Result],
    jobs: Sequence[Job],
    workers: int,
    done: Done = lambda finished, total: None,
) -> list[Result]:
    """Apply a function to every job, `workers` at a time, each in a process of one thread. Returns: in the jobs' order.

    Where a process dies, what had not finished is called again, in new processes: a job must be able to go on from
    what it left on the disk.

    Args:
        function: at the top level of a module, so that a new process finds it.
        jobs: its arguments.
        workers: how many processes; with 1 the jobs run here, one after the other.
        done: told after each job how many are finished.

    Raises:
        EquipoiseError: processes died again and again, as where memory is short.
    """
    if workers == 1:
        return _run_here(function, jobs, done)
    results: dict[int, Result] = {}
    for _ in range(MOST_DEATHS + 1):
        if _run_there(function, jobs, workers, done, results):
            return [results[index] for index in range(len(jobs))]
    raise EquipoiseError(
        f"worker processes died {MOST_DEATHS + 1} times, perhaps for want of memory; try fewer with --workers."
    )


def _run_there(
    function: Callable[[Job], Result], jobs: Sequence[Job], workers: int, done: Done, results: dict[int, Result]
) -> bool:
    """Run what has no result yet. Returns: whether everything has one now; if not, a process died."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(os.getpid(),)) as pool:
        futures: dict[Future[Result], int] = {}
        try:
            for index, job in enumerate(jobs):
                if index not in results:
                    futures[pool.submit(_call, function, job)] = index
            for future in as_completed(futures):
                results[futures[future]] = future.result()
                done(len(results), len(jobs))
        except BrokenProcessPool:
            return False
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in multiprocessing.active_children():
                worker.terminate()  # a run saves itself first
            raise
    return True


def _run_here(function: Callable[[Job], Result], jobs: Sequence[Job], done: Done) -> list[Result]:
    results = []
    for finished, job in enumerate(jobs, start=1):
        results.append(function(job))
        done(finished, len(jobs))
    return results


def _call(function: Callable[[Job], Result], job: Job) -> Result:
    """Apply the function, unless nobody is left to wait for it."""
    if _ORPHANED.is_set():
        os._exit(1)
    return function(job)


def _begin(parent: int) -> None:
    """A worker's first act: one thread, and no work for a parent that is gone."""
    import torch

    torch.set_num_threads(1)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process when its parent has died: the run under way saves itself, then all stops."""
    while os.getppid() == parent:
        time.sleep(1)
    _ORPHANED.set()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_SECONDS_TO_SAVE)
    os._exit(1)
