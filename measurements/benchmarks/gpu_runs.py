"""Runs at once on one GPU, each in a process of its own with its own CUDA graphs."""

import multiprocessing
import queue
import time
from collections.abc import Callable, Sequence
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Barrier
from typing import Any

import torch

from equipoise.training.precision import matrix_precision
from measurements.benchmarks.timers import Way, seconds

SECONDS_TO_START, SECONDS_AT_MOST = 120.0, 180.0
"""After which the processes count as failed: at their start, and before the next one ends."""
MakeWay = Callable[[torch.device], Way]
"""Makes what a process repeats: an iteration, past its warm-up. Importable, as each process makes its own."""


def at_once(make: MakeWay, counts: tuple[int, ...], calls: int, device: torch.device) -> dict[str, Any]:
    """Seconds of an iteration of the slowest of so many runs at once, and how that compares with the first count.

    Returns: `seconds` by the number of runs, and `times as long`, the last over the first.
    """
    found = [max(_seconds_of(make, count, calls, device)) for count in counts]
    return {"seconds": dict(zip(map(str, counts), found, strict=True)), "times as long": found[-1] / found[0]}


def _seconds_of(make: MakeWay, count: int, calls: int, device: torch.device) -> list[float]:
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(count), context.Queue()
    arguments = (make, calls, str(device), barrier, results)
    processes = [context.Process(target=_run, args=arguments, daemon=True) for _ in range(count)]
    for process in processes:
        process.start()
    try:
        return [_next_of(results, processes) for _ in processes]
    finally:
        for process in processes:
            process.terminate()


def _next_of(results: Any, processes: Sequence[BaseProcess]) -> float:
    """The next result, as soon as it is there; an error as soon as a process has failed or the time is over."""
    end = time.monotonic() + SECONDS_AT_MOST
    while time.monotonic() < end and not any(process.exitcode for process in processes):
        try:
            return float(results.get(timeout=1))
        except queue.Empty:
            continue
    raise RuntimeError(f"{len(processes)} runs at once did not all end.")


def _run(make: MakeWay, calls: int, device: str, barrier: Barrier, results: Any) -> None:
    """One of the processes: all begin to count together."""
    torch.set_num_threads(1)
    place = torch.device(device)
    with matrix_precision("float32", place):
        way = make(place)
        barrier.wait(SECONDS_TO_START)
        results.put(seconds(way, calls, place))
