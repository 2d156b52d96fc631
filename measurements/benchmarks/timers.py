"""Calls one way, in this process or in one of its own: CPU seconds, and the operations of a call."""

import math
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from multiprocessing.connection import Connection
from typing import Any
from unittest.mock import patch

import torch
from torch.utils.flop_counter import FlopCounterMode

from equipoise.kernels import winograd

Way = Callable[[], object]


class Timer:
    """Of a way that is called in this process."""

    def __init__(self, way: Way):
        self._way = way

    def counted(self) -> float:
        """Billions of operations of one call, which takes longer for being counted."""
        counter = FlopCounterMode(display=False, custom_mapping=_IN_PLACE)
        counter.mod_tracker = _NoModules()  # type: ignore[assignment]
        with counter:
            self._way()
        return counter.get_total_flops() / 1e9

    def directly(self) -> float:
        """Billions of operations of one call without minimal filtering."""
        with patch.object(winograd, "gains", lambda *_: False):
            return self.counted()

    def seconds(self, calls: int) -> float:
        """CPU seconds of one of so many calls."""
        return process_seconds(self._way, calls)


class _Remote(Timer):
    """Of a way that another process calls."""

    def __init__(self, there: Connection):
        self._there = there

    def counted(self) -> float:
        operations: float = self._asked("counted")
        return operations

    def directly(self) -> float:
        operations: float = self._asked("directly")
        return operations

    def seconds(self, calls: int) -> float:
        seconds: float = self._asked("seconds", calls)
        return seconds

    def _asked(self, *words: Any) -> Any:
        self._there.send(words)
        return self._there.recv()


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
        name, *words = asked.recv()
        asked.send(getattr(timer, name)(*words))


def process_seconds(way: Way, calls: int) -> float:
    """CPU seconds of this process, one call's share."""
    start = time.process_time()
    for _ in range(calls):
        way()
    return (time.process_time() - start) / calls


def _product_flop(total: Sequence[int], left: Sequence[int], right: Sequence[int], *_: Any, **__: Any) -> int:
    """Operations of a product of matrices that is added to another, from the shapes."""
    return 2 * math.prod(left) * right[-1]


_IN_PLACE = {torch.ops.aten.addmm_: _product_flop, torch.ops.aten.baddbmm_: _product_flop}
"""What the counter leaves out."""


class _NoModules(nullcontext[None]):
    """In place of the counter's module tracker, whose hooks fail when a graph is differentiated more than once."""

    parents = frozenset({"Global"})
