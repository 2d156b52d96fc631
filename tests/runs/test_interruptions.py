"""Real processes, killed or interrupted in the middle: what resumes ends bit for bit like what was never stopped."""

import json
import random
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from equipoise.experiments.experiment import with_length
from equipoise.recipes.catalogue import recipe
from equipoise.runs.train import Settings, train
from equipoise.training.checkpoint import list_checkpoints

pytestmark = pytest.mark.lengthy

RECIPE = "magan-digits"  # three stages and a memory: whatever can be lost, it has
EPOCHS = 12  # twice what the ends need: on a busy machine a signal comes late
ENDS = (signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
MOST_SECONDS = 100
FIXED = ("--device", "cpu", "--threads", "1", "--quiet")


def train_words(out: Path) -> tuple[object, ...]:
    lengths = ("--epochs", EPOCHS, "--set", "watch.checkpoints=30", "--set", "watch.sample_grids=10")
    return ("train", RECIPE, "--out", out, *lengths, *FIXED)


def newest_checkpoint(run: Path) -> int:
    return max((each.iteration for each in list_checkpoints(run / "checkpoints")), default=-1)


def stop_after(process: Any, run: Path, iterations: int, delay_seconds: float, number: int) -> bool:
    """Send the signal once this process saved a checkpoint of at least so many iterations: it trains by then.

    Returns: whether it was in time.
    """
    iterations = max(iterations, newest_checkpoint(run) + 1)
    deadline = time.monotonic() + MOST_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if newest_checkpoint(run) >= iterations:
            time.sleep(delay_seconds)
            process.send_signal(number)
            process.wait(timeout=MOST_SECONDS)
            return True
        time.sleep(0.002)
    return False


def everything(run: Path) -> dict[str, object]:
    """The end of a run: the last checkpoint's tensors and clock, the whole log, and every sample grid."""
    index = max((run / "checkpoints").glob("*.json"))
    tensors = {name: value.numpy().tobytes() for name, value in load_file(index.with_suffix(".safetensors")).items()}
    samples = {path.name: path.read_bytes() for path in (run / "samples").iterdir()}
    clock = json.loads(index.read_text())["clock"]
    return {"tensors": tensors, "clock": clock, "log": (run / "metrics.jsonl").read_bytes(), "samples": samples}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same run in this process, from start to end."""
    out = tmp_path_factory.mktemp("whole") / "run"
    experiment = with_length(recipe(RECIPE), epochs=EPOCHS)
    experiment = replace(experiment, watch=replace(experiment.watch, checkpoints=30, sample_grids=10))
    return train(experiment, out, Settings(device="cpu", threads=1, quiet=True)).path


def test_kills_and_interrupts_at_random_moments_lose_nothing(
    uninterrupted: Path, tmp_path: Path, start: Callable[..., Any]
) -> None:
    """One run, ended repeatedly, by SIGKILL, SIGINT and SIGTERM; hundreds more in measurements/trust/faults.py."""
    chance, struck, run = random.Random(0), [], tmp_path / "run"
    process = start(*train_words(run))
    for place, number in enumerate(ENDS):
        iterations, delay = 40 * place + chance.randrange(40), chance.uniform(0, 0.08)
        if stop_after(process, run, iterations, delay, number):
            struck.append((number, process.returncode))
        _, errors = process.communicate()
        if process.returncode == 128 + number:
            assert errors.startswith("equipoise: interrupted and saved at iteration "), errors
            assert errors.strip().endswith(f"Resume with: equipoise resume {run}")
        process = start("resume", run, *FIXED)
    _, errors = process.communicate(timeout=MOST_SECONDS)
    assert process.returncode == 0, errors
    expected = {(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130), (signal.SIGTERM, 143)}
    assert expected <= set(struck), "the run was over before it could be ended"
    assert everything(run) == everything(uninterrupted), f"ended by {struck}"
