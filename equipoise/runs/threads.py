"""How many threads are fastest for a run on a CPU, by a short trial."""

import time
from collections.abc import Callable

import torch

from equipoise.common.machine import available_cores
from equipoise.training.loop import Loop

_TRIAL_ITERATIONS = 3
_LONG_SECONDS = 2.0
"""Behind the first, an iteration that takes this long is timed once."""
_SHORT_SECONDS = 0.01
"""An iteration that one thread makes in less has nothing to share."""
_CLEARLY_FASTER = 0.9


def choose_threads(fresh_loop: Callable[[], Loop], tell: Callable[[str], None]) -> int:
    """The fastest number of threads, or a smaller one that is about as fast, from a few iterations of a copy.

    Small networks slow down many times over when threads fight for busy cores, so the count starts at 1 and doubles as
    long as that makes an iteration at least 10 % faster, and no further once it takes less than 10 ms. `tell` is told
    before a trial, which may take a while.
    """
    available = available_cores()
    if available == 1:
        torch.set_num_threads(1)
        return 1
    tell("Testing how many threads are fastest; --threads N skips this.")
    loop, best, fastest = fresh_loop(), 1, float("inf")
    threads = 1
    while threads <= available:
        seconds = _seconds_per_iteration(loop, threads)
        if seconds > fastest * _CLEARLY_FASTER:
            break
        best, fastest, threads = threads, seconds, threads * 2
        if seconds < _SHORT_SECONDS:
            break
    torch.set_num_threads(best)
    return best


def _seconds_per_iteration(loop: Loop, threads: int) -> float:
    torch.set_num_threads(threads)
    times = []
    for number in range(_TRIAL_ITERATIONS + 1):
        start = time.perf_counter()
        if not loop.finished:
            loop.iterate()
        times.append(time.perf_counter() - start)
        if number and times[-1] > _LONG_SECONDS:
            break
    return min(times[1:])
