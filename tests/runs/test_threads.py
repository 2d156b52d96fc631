"""The trial that finds the count of threads is short where iterations are long, or too short to share."""

from types import SimpleNamespace
from typing import Any

import pytest

from equipoise.runs import threads


@pytest.mark.parametrize(("seconds", "iterations"), [(0.005, 4), (0.1, 8), (5.0, 4)])
def test_the_trial_is_as_short_as_it_can_be(seconds: float, iterations: int, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    loop: Any = SimpleNamespace(finished=False, played=0)

    def iterate() -> None:
        loop.played += 1
        clock[0] += seconds

    loop.iterate = iterate
    monkeypatch.setattr(threads, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    monkeypatch.setattr(threads, "available_cores", lambda: 4)
    monkeypatch.setattr(threads, "torch", SimpleNamespace(set_num_threads=lambda count: None))
    told: list[str] = []
    assert threads.choose_threads(lambda: loop, told.append) == 1
    assert loop.played == iterations
    assert "--threads N" in told[0]


def test_one_core_needs_no_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "available_cores", lambda: 1)
    monkeypatch.setattr(threads, "torch", SimpleNamespace(set_num_threads=lambda count: None))
    told: list[str] = []
    assert threads.choose_threads(lambda: pytest.fail("no trial"), told.append) == 1
    assert told == []
