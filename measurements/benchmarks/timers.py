"""Calls one way, in this process or in one of its own, and takes its CPU seconds, or wall clock on a device."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

import torch

Way = Callable[[], object]


def synchronise(device: torch.device) -> None:
    """Wait for a GPU."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def seconds(way: Way, calls: int, device: torch.device) -> float:
    """Wall clock of one call."""
    synchronise(device)
    start = time.perf_counter()
    for _ in range(calls):
        way()
    synchronise(device)
    return (time.perf_counter() - start) / calls


class Timer:
    """Of a way that is called in this process."""

    def __init__(self, way: Way):
        self._way = way

    def seconds(self, calls: int) -> float:
        """CPU seconds of one of so many calls."""
        return process_seconds(self._way, calls)


class _Remote(Timer):
    """Of a way that another process calls."""

    def __init__(self, there: Connection):
        self._there = there

    def seconds(self, calls: int) -> float:
        self._there.send(calls)
        seconds: float = self._there.recv()
        return seconds


@contextmanager
def in_own_process(timer: Timer) -> Iterator[Timer]:
    """The timer in a child of this process, which waits while another way is timed."""
    here, there = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=_serve, args=(timer, there), daemon=True)
    child.start()
    there.close()
    yield _Remote(here)
    child.terminate()
    child.join()


def _serve(timer: Timer, asked: Connection) -> None:
    while True:
        asked.send(timer.seconds(asked.recv()))


def process_seconds(way: Way, calls: int) -> float:
    """CPU seconds of this process, one call's share."""
    start = time.process_time()
    for _ in range(calls):
        way()
    return (time.process_time() - start) / calls
