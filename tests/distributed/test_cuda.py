"""What only a machine with GPUs can show; skipped elsewhere. The choice of backend is tested everywhere."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist

import equipoise
from equipoise.common import machine
from equipoise.common.machine import choose_device
from equipoise.experiments.build import build_game, build_state
from equipoise.experiments.experiment import with_length
from equipoise.recipes.catalogue import recipe
from equipoise.runs import processes, train
from equipoise.runs.manner import Manner
from equipoise.runs.vitals import Diverged, Vitals
from equipoise.testing.toys import TOY_EXPERIMENTS
from equipoise.training.loop import Loop

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
needs_gpus = pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two CUDA devices")


class Started(Exception):
    """Ends the start of a process group where its backend is known."""


@pytest.mark.parametrize(
    ("device", "gpus", "local_size", "backend"),
    [("cuda", 8, 8, "nccl"), ("cuda", 2, 4, "gloo"), ("cpu", 8, 8, "gloo"), ("cuda:1", 2, 2, "gloo")],
)
def test_nccl_is_chosen_where_every_process_has_a_gpu(
    device: str, gpus: int, local_size: int, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NCCL refuses two processes on one GPU."""
    chosen = []

    def start(name: str, **options: Any) -> None:
        chosen.append(name)
        raise Started

    place = {"WORLD_SIZE": local_size, "RANK": 1, "LOCAL_RANK": 1, "LOCAL_WORLD_SIZE": local_size}
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": 29500}
    for name, value in (place | meeting).items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr(processes, "choose_device", torch.device)
    monkeypatch.setattr(processes, "_common_store", lambda rank, restarts: None)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    monkeypatch.setattr(torch.cuda, "device", nullcontext)
    monkeypatch.setattr(dist, "init_process_group", start)
    with pytest.raises(Started), processes.joined(device):
        pass
    assert chosen == [backend]


@needs_gpu
def test_a_gpu_sees_what_is_not_finite() -> None:
    experiment = with_length(recipe("gan-digits"), iterations=20)
    game = build_game(experiment, experiment.data.load().to(torch.device("cuda")))
    loop = Loop(game, build_state(experiment, game, torch.device("cuda")))
    health = Vitals(lambda iteration: False, every_iterations=10, every_seconds=None)
    for _ in range(4):
        health(loop.state, loop.iterate())
    loop.state.parameters["generator"].values.data[0] = float("nan")
    with pytest.raises(Diverged) as caught:
        loop.run([health])
    assert caught.value.iteration == 5


@needs_gpu
@pytest.mark.parametrize("name", TOY_EXPERIMENTS)
def test_no_iteration_waits_for_the_gpu(name: str) -> None:
    """tests/contracts/test_waits.py has the same without a GPU."""
    experiment, device = TOY_EXPERIMENTS[name](), torch.device("cuda")
    game = build_game(experiment, experiment.data.load().to(device))
    loop = Loop(game, build_state(experiment, game, device))
    for stage in range(len(game.algorithm.stages())):
        loop.state.clock.stage, loop.state.clock.stage_iteration = stage, 0
        loop.iterate()  # what is built once for all iterations may be sent in the first one
        torch.cuda.set_sync_debug_mode("error")
        try:
            while not loop.finished and loop.state.clock.stage == stage and loop.state.clock.stage_iteration < 3:
                loop.iterate()
        finally:
            torch.cuda.set_sync_debug_mode("default")


def _train(folder: Path, name: str, ranks: int, *words: str) -> Path:
    out = folder / name
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(ranks)]
    train = ["-m", "equipoise", "train", "gan-digits", "--iterations", "20", "--device", "cuda", "--quiet"]
    paths = os.pathsep.join([str(Path(equipoise.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PYTHONPATH": paths}
    command = [*torchrun, *train, "--out", str(out), *words]
    subprocess.run(command, check=True, timeout=250, env=environment)
    return out


@needs_gpus
def test_two_gpus_end_near_one(tmp_path: Path) -> None:
    """Over NCCL, in float32."""
    from safetensors.torch import load_file

    ends = [load_file(max((_train(tmp_path, f"{n}", n) / "checkpoints").glob("*.safetensors"))) for n in (1, 2)]
    for name, value in ends[0].items():
        torch.testing.assert_close(ends[1][name], value, rtol=1e-3, atol=1e-4)


@needs_gpu
def test_a_run_of_a_gpu_resumes_on_the_cpu_with_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from equipoise.runs.train import Settings, resume

    run = _train(tmp_path, "run", 1)
    for path in sorted((run / "checkpoints").iterdir())[-2:]:
        path.unlink()
    resume(run, Settings(device="cpu", threads=1, quiet=True))
    assert "warning: the run started with the device cuda" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "current"), [("cuda:1", [torch.device("cuda:1")]), ("cuda", []), ("cpu", [])])
def test_a_gpu_that_is_named_is_the_current_one_while_a_run_trains(
    name: str, current: list[torch.device], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before and after, the caller's own one is."""
    made: list[torch.device] = []

    @contextmanager
    def within(device: torch.device) -> Iterator[None]:
        made.append(device)
        yield
        made.remove(device)

    monkeypatch.setattr(torch, "empty", lambda *shape, device: None)
    monkeypatch.setattr(torch.cuda, "device", within)
    monkeypatch.setattr(torch.cuda, "set_device", made.append)
    assert choose_device(name) == torch.device(name)
    assert made == []
    with processes.joined(name) as joined:
        assert joined.device == torch.device(name)
        assert made == current
    assert made == []


@pytest.mark.parametrize(("device", "size", "found"), [("cuda", 1, 8), ("cuda", 4, 4), ("cpu", 2, 1)])
def test_a_trial_of_threads_is_for_one_process_on_a_cpu(
    device: str, size: int, found: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a GPU it would settle on one, and evaluation would crawl."""

    def trial(*words: object) -> int:
        raise AssertionError("iterations were timed")

    monkeypatch.setattr(train, "choose_threads", trial)
    monkeypatch.setattr(machine, "available_cores", lambda: 16)
    experiment = recipe("gan-digits")
    game = build_game(experiment, experiment.data.load())
    place = processes.Processes(0, size, 0, size, 0, torch.device(device))
    assert train._usual_threads(experiment, game, Manner(), place, tells=False) == found
