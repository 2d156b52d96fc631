"""Independent jobs in local processes of one thread each. If a process dies, its job is run again.

Where the system can, workers are forked from a process that has imported what the jobs need and does nothing else, so
that torch is imported only once, also for workers that replace dead ones.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import wait
from multiprocessing.context import BaseContext
from typing import Any, TypeVar

from equipoise.common.errors import EquipoiseError, Interrupted
from equipoise.common.plugins import Plugin, load_all, loaded_plugins

Job = TypeVar("Job")
Result = TypeVar("Result")
Done = Callable[[int, int], None]
"""Called with how many jobs have finished, and how many there are."""

INTERRUPTED = "interrupted; finished runs are kept and the others saved: give the same command again to continue."
"""What is said where an interrupt ends many runs."""
MOST_DEATHS = 3
"""A job whose worker died so often is given up."""
_SECONDS_TO_SAVE = 20
_ORPHANED = threading.Event()
_IMPORTED_LATE = ("matplotlib.figure", "matplotlib.backends.backend_svg")
"""What is imported when the first page is drawn."""


def run_jobs(
    function: Callable[[Job], Result],
    jobs: Sequence[Job],
    workers: int,
    done: Done = lambda finished, total: None,
    lost: Result | None = None,
    size: Callable[[Job], int] = lambda job: 1,
) -> list[Result]:
    """Apply a function to every job, `workers` at a time, each in a process of one thread. Returns: in the jobs' order.

    Where a process dies, what had not finished is called again, in new processes: a job must be able to go on from
    what it left on the disk.

    Args:
        function: at the top level of a module, so that a new process finds it.
        jobs: its arguments.
        workers: how many processes; with 1 the jobs run here, one after the other.
        done: told after each job how many are finished, and of how many.
        lost: the result of a job whose process dies again and again, even where it has the machine for itself; without
            one, that is an error.
        size: for how many a job counts.

    Raises:
        EquipoiseError: processes died again and again, as where memory is short.
    """
    results: dict[int, Result] = {}

    def count() -> None:
        done(sum(size(jobs[index]) for index in results), sum(map(size, jobs)))

    if workers == 1:
        return _run_here(function, jobs, count, results)
    for _ in range(MOST_DEATHS + 1):
        if _run_there(function, jobs, workers, count, results):
            return [results[index] for index in range(len(jobs))]
    if lost is None:
        raise EquipoiseError(
            f"worker processes died {MOST_DEATHS + 1} times, perhaps because memory ran out; try fewer with --workers."
        )
    for index in (each for each in range(len(jobs)) if each not in results):
        alone: dict[int, Result] = {}
        _run_there(function, [jobs[index]], 1, lambda: None, alone)
        results[index] = alone.get(0, lost)
        count()
    return [results[index] for index in range(len(jobs))]


def _run_there(
    function: Callable[[Job], Result],
    jobs: Sequence[Job],
    workers: int,
    count: Callable[[], None],
    results: dict[int, Result],
) -> bool:
    """Run what has no result yet. Returns: whether everything has one now; if not, a process died."""
    context, environment = get_ready(function), dict(os.environ)
    given = (environment, loaded_plugins())
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=given) as pool:
        futures: dict[Future[Result], int] = {}
        try:
            with _interrupts_later():
                for index, job in enumerate(jobs):
                    if index not in results:
                        futures[pool.submit(_call, function, job)] = index
            for future in as_completed(futures):
                results[futures[future]] = future.result()
                count()
        except BrokenProcessPool:
            _end_workers()
            return False
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            _end_workers()
            raise
    return True


@contextmanager
def _interrupts_later() -> Iterator[None]:
    """Ctrl-C takes effect at the end: a process that is half started when its starter ends fails in many lines."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        signal.raise_signal(signal.SIGINT)


def _end_workers() -> None:
    """End what still works; a run saves itself first.

    A process that dies while it waits for work holds a lock, and another one that asks for work would wait for ever.
    """
    workers, end = multiprocessing.active_children(), time.monotonic() + _SECONDS_TO_SAVE
    for worker in workers:
        worker.terminate()
    for worker in workers:
        if not wait([worker.sentinel], max(0.0, end - time.monotonic())):
            worker.kill()


def get_ready(function: Callable[[Any], object]) -> BaseContext:
    """Begin to import what processes need that run this function. Returns: how they are made.

    Called some seconds before `run_jobs`, it spares as many.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([function.__module__, *_IMPORTED_LATE])
    _start_server()
    return context


def _start_server() -> None:
    """Start the process that all others are copies of, deaf to Ctrl-C: it would end in the middle of its imports."""
    resource_tracker.ensure_running()  # by itself first, as it takes signals off the list of the blocked ones
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _run_here(
    function: Callable[[Job], Result], jobs: Sequence[Job], count: Callable[[], None], results: dict[int, Result]
) -> list[Result]:
    for index, job in enumerate(jobs):
        results[index] = function(job)
        count()
    return list(results.values())


def _call(function: Callable[[Job], Result], job: Job) -> Result:
    """Apply the function; what SIGTERM or the starter's end stopped ends this process as soon as the run is saved."""
    try:
        return function(job)
    except Interrupted as interrupted:
        if interrupted.signal_number == signal.SIGTERM:
            os._exit(128 + signal.SIGTERM)
        raise
    finally:
        if _ORPHANED.is_set():
            os._exit(1)


def _begin(environment: dict[str, str], plugins: tuple[Plugin, ...]) -> None:
    """A worker's first act: one thread, its starter's plug-ins and environment, no work for a starter that is gone.

    Ctrl-C on a terminal reaches the starter alone, which then asks each worker once to save its run and end.
    """
    import torch
    from tqdm import tqdm

    tqdm.set_lock(threading.RLock())  # its own is shared by processes, and left behind by one that ends at once
    if hasattr(os, "setpgrp"):
        os.setpgrp()

    os.environ.clear()
    os.environ.update(environment)
    torch.set_num_threads(1)
    load_all(plugins)
    threading.Thread(target=_end_with_starter, daemon=True).start()


def _end_with_starter() -> None:
    """End this process when its starter has died: the run under way saves itself, then all stops."""
    starter = multiprocessing.parent_process()
    assert starter is not None
    starter.join()
    _ORPHANED.set()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_SECONDS_TO_SAVE)
    os._exit(1)
