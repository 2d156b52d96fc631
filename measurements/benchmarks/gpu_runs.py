"""Runs at once on one GPU, each in a process of its own with its own CUDA graphs."""

import multiprocessing
import queue
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from typing import Any

import torch

from measurements.benchmarks.timers import Way, seconds

SECONDS_TO_START = 120.0
"""After which the processes count as failed."""
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
        return [results.get(timeout=SECONDS_TO_START + calls) for _ in processes]
    except queue.Empty:
        raise RuntimeError(f"{count} runs at once did not all end.") from None
    finally:
        for process in processes:
            process.terminate()


def _run(make: MakeWay, calls: int, device: str, barrier: Barrier, results: Any) -> None:
    """One of the processes: all begin to count together."""
    torch.set_num_threads(1)
    way = make(torch.device(device))
    barrier.wait(SECONDS_TO_START)
    results.put(seconds(way, calls, torch.device(device)))
