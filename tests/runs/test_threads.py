"""The trial that finds the count of threads is short where iterations are long, or too short to share.

Public functions leave that count, and all else that torch keeps for a process, as it was.
"""

import random
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

import equipoise
from equipoise.common.errors import EquipoiseError
from equipoise.runs import threads
from equipoise.runs.run import Run

WAYS = {"device": "cpu", "quiet": True}


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


def kept_by_the_process() -> dict[str, Any]:
    """What a caller's own code goes on with: the states of torch, of the generators and of the signals."""
    backends: Any = torch.backends
    return {
        "threads": torch.get_num_threads(),
        "deterministic": (torch.are_deterministic_algorithms_enabled(), backends.cudnn.deterministic),
        "trials": backends.cudnn.benchmark,
        "filled": torch.utils.deterministic.fill_uninitialized_memory,
        "precision": [
            part.fp32_precision for part in (backends.mkldnn.matmul, backends.cuda.matmul, backends.cudnn.conv)
        ],
        "dtype": torch.get_default_dtype(),
        "gradients": (torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.is_anomaly_enabled()),
        "generators": (torch.get_rng_state().tolist(), random.getstate(), str(np.random.get_state())),
        "signals": (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)),
    }


@pytest.fixture
def unusual() -> Iterator[None]:
    """A caller whose settings are none of ours."""
    torch.set_num_threads(2)
    torch.set_default_dtype(torch.float64)
    torch.set_float32_matmul_precision("high")
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)
    torch.set_float32_matmul_precision("highest")
    torch.set_default_dtype(torch.float32)
    torch.set_num_threads(1)


@pytest.mark.usefixtures("unusual")
def test_public_functions_leave_the_process_as_it_was(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 255, (64, 3, 16, 16), dtype=np.uint8)

    def train(name: str, count: int) -> Run:
        return equipoise.train("gan-digits", tmp_path / name, budget="smoke", threads=count, **WAYS)

    doors: list[Callable[[], object]] = [
        lambda: train("run", 1),
        lambda: train("other", 3),
        lambda: equipoise.load(tmp_path / "run").sample(4),
        lambda: equipoise.load(tmp_path / "run").resume(iterations=12, threads=3, **WAYS),
        lambda: equipoise.load(tmp_path / "run").evaluate(["class-histogram"], samples=20, threads=3, **WAYS),
        lambda: equipoise.score(images, images[::-1].copy(), **WAYS),
    ]
    before = kept_by_the_process()
    for door in doors:
        door()
        assert kept_by_the_process() == before
    with pytest.raises(EquipoiseError, match="already holds a run"):
        train("run", 3)
    assert kept_by_the_process() == before
