"""Two ways to do one thing, timed in turns: CPU time at one thread, medians with quartiles, counted operations."""

import math
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

Way = Callable[[], object]
_PEAK_TRIALS = 3


@dataclass(frozen=True)
class Case:
    """One row of the table.

    Attributes:
        name: of the work.
        against: what the first way is.
        target: the ratio aimed at; the first way's time over each other's.
        prepare: builds the ways by name, the one to beat first; each does the work once when called.
        work: what is measured, in words: sizes and precision.
        rounds: how often each is timed.
        calls: calls of a way in one timing.
        also: targets of the last way's speed against other ways than the first, by their names.
        warm_up: whether each way is called once before it is timed; the operations are counted in the first call.
        convolves: whether the work is mostly convolutions, to be held against the fastest convolution in the same run.
    """

    name: str
    against: str
    target: Mapping[str, float]
    prepare: Callable[[], dict[str, Way]]
    work: str
    rounds: int = 5
    calls: int = 1
    also: Mapping[str, float] = field(default_factory=dict)
    warm_up: bool = True
    convolves: bool = False


def compare(case: Case) -> dict[str, Any]:
    """Time all ways in turns after one warm-up call each; the operations are counted in the first call."""
    ways = case.prepare()
    counted = {name: _counted(way) for name, way in ways.items()}
    seconds: dict[str, list[float]] = {name: [] if case.warm_up else [counted[name][1]] for name in ways}
    peaks: list[float] = []
    while len(seconds[list(ways)[-1]]) < case.rounds:
        for name, way in ways.items():
            seconds[name].append(_cpu_seconds(way, case.calls))
        peaks += [convolution_rate() for _ in range(_PEAK_TRIALS if case.convolves else 0)]
    first, last = next(iter(ways)), list(ways)[-1]
    return {
        "name": case.name,
        "against": case.against,
        "work": case.work,
        "rounds": case.rounds,
        "calls": case.calls,
        "first": first,
        "target": dict(case.target),
        "peak_gigaflops": max(peaks) if peaks else None,
        "also": {
            name: {"way": last, "target": target, "ratio": _ratio(seconds[name], seconds[last])}
            for name, target in case.also.items()
        },
        "ways": {
            name: _spread(times) | {"gigaflop": counted[name][0], "ratio": _ratio(seconds[first], times)}
            for name, times in seconds.items()
        },
    }


def convolution_rate() -> float:
    """GFLOP per second of one large 3x3 convolution, channels last: what the machine gives at this moment."""
    maps = torch.ones(4, 256, 32, 32).contiguous(memory_format=torch.channels_last)
    kernel = torch.ones(256, 256, 3, 3).contiguous(memory_format=torch.channels_last)
    seconds = _cpu_seconds(lambda: torch.conv2d(maps, kernel, padding=1), 2)
    return 2 * maps.numel() * kernel[0].numel() / seconds / 1e9


def machine() -> dict[str, Any]:
    """Where and with what the figures were taken."""
    return {
        "device": "cpu",
        "processor": platform.machine(),
        "system": platform.system(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "capability": torch.backends.cpu.get_cpu_capability(),
        "time": "CPU time of the process, interleaved; medians with quartiles",
    }


def _product_flop(total: Sequence[int], left: Sequence[int], right: Sequence[int], *_: Any, **__: Any) -> int:
    """Operations of a product of matrices that is added to another, from the shapes."""
    return 2 * math.prod(left) * right[-1]


_IN_PLACE = {torch.ops.aten.addmm_: _product_flop, torch.ops.aten.baddbmm_: _product_flop}
"""What the counter leaves out."""


class _NoModules(nullcontext[None]):
    """In place of the counter's module tracker, whose hooks fail when a graph is differentiated more than once."""

    parents = frozenset({"Global"})


def _counted(way: Way) -> tuple[float, float]:
    """The first call: its billions of operations, and its seconds."""
    counter = FlopCounterMode(display=False, custom_mapping=_IN_PLACE)
    counter.mod_tracker = _NoModules()  # type: ignore[assignment]
    with counter:
        seconds = _cpu_seconds(way, 1)
    return counter.get_total_flops() / 1e9, seconds


def _cpu_seconds(way: Way, calls: int) -> float:
    start = time.process_time()
    for _ in range(calls):
        way()
    return (time.process_time() - start) / calls


def _spread(times: list[float]) -> dict[str, float | None]:
    low, middle, high = _quartiles(times)
    return {"median_seconds": middle, "lower_quartile": low, "upper_quartile": high}


def _ratio(first: list[float], other: list[float]) -> dict[str, float]:
    """The ratio of the times of each round, which both spent side by side."""
    low, middle, high = _quartiles([a / b for a, b in zip(first, other, strict=True)])
    return {"median": middle, "lower_quartile": low, "upper_quartile": high}


def _quartiles(values: list[float]) -> list[float]:
    """Lower quartile, median and upper quartile; a single value is all three."""
    return statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
