"""Two ways to do one thing, timed in turns: CPU time at one thread, medians with the least and the most."""

import os
import platform
import statistics
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import torch

from measurements.benchmarks.timers import Timer, Way, in_own_process, process_seconds

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
        warm_up: whether each way is called once before it is timed.
        convolves: whether the work is mostly convolutions, to be held against the fastest convolution in the same run.
        apart: whether each way has a process of its own, so that neither finds the memory that another one left.
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
    apart: bool = False


def compare(case: Case) -> dict[str, Any]:
    """Time all ways in turns, A B A B; with the machine's load before and after."""
    load = os.getloadavg()
    with ExitStack() as processes:
        ways = case.prepare()
        timers = {name: Timer(way) for name, way in ways.items()}
        if case.apart:
            timers = {name: processes.enter_context(in_own_process(timer)) for name, timer in timers.items()}
        seconds, peaks = _in_turns(case, timers)
    first, last = next(iter(ways)), list(ways)[-1]
    return {
        "name": case.name,
        "against": case.against,
        "work": case.work,
        "rounds": case.rounds,
        "calls": case.calls,
        "first": first,
        "target": dict(case.target),
        "load": [load, os.getloadavg()],
        "peak_gigaflops": max(peaks) if peaks else None,
        "also": {
            name: {"way": last, "target": target, "ratio": _ratio(seconds[name], seconds[last])}
            for name, target in case.also.items()
        },
        "ways": {name: _spread(times) | {"ratio": _ratio(seconds[first], times)} for name, times in seconds.items()},
    }


def _in_turns(case: Case, timers: Mapping[str, Timer]) -> tuple[dict[str, list[float]], list[float]]:
    """Each way's seconds of each round, and the rates of the convolution between the rounds."""
    for timer in timers.values() if case.warm_up else ():
        timer.seconds(1)
    seconds: dict[str, list[float]] = {name: [] for name in timers}
    peaks: list[float] = []
    for _ in range(case.rounds):
        for name, timer in timers.items():
            seconds[name].append(timer.seconds(case.calls))
        peaks += [convolution_rate() for _ in range(_PEAK_TRIALS if case.convolves else 0)]
    return seconds, peaks


def convolution_rate() -> float:
    """GFLOP per second of one large 3x3 convolution, channels last: what the machine gives at this moment."""
    maps = torch.ones(4, 256, 32, 32).contiguous(memory_format=torch.channels_last)
    kernel = torch.ones(256, 256, 3, 3).contiguous(memory_format=torch.channels_last)
    seconds = process_seconds(lambda: torch.conv2d(maps, kernel, padding=1), 2)
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
        "time": "CPU time of the process, interleaved",
    }


def _spread(times: list[float]) -> dict[str, float]:
    return {f"{name}_seconds": value for name, value in summary(times).items()}


def _ratio(first: list[float], other: list[float]) -> dict[str, float]:
    """The ratio of the times of each round, which both spent side by side."""
    return summary([a / b for a, b in zip(first, other, strict=True)])


def summary(values: list[float]) -> dict[str, float]:
    """Least, quartiles, median and most; of a single value, all are that value."""
    quartiles = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    names = ("least", "lower_quartile", "median", "upper_quartile", "most")
    return dict(zip(names, [min(values), *quartiles, max(values)], strict=True))
