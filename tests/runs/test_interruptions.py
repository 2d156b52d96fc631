"""Real processes, killed or interrupted in the middle: what resumes ends bit for bit like what was never stopped."""

import json
import random
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from equipoise.experiments.experiment import with_length
from equipoise.recipes.catalogue import recipe
from equipoise.runs.train import Settings, train
from tests.striking import Strike

pytestmark = pytest.mark.lengthy

RECIPE = "magan-digits"  # three stages and a memory: whatever can be lost, it has
EPOCHS = 7
ENDS = (signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
MOST_SECONDS = 100
FIXED = ("--device", "cpu", "--threads", "1", "--quiet")


def train_words(out: Path) -> tuple[object, ...]:
    lengths = ("--epochs", EPOCHS, "--set", "watch.checkpoints=30", "--set", "watch.sample_grids=10")
    return ("train", RECIPE, "--out", out, *lengths, *FIXED)


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
    chance, run = random.Random(0), tmp_path / "run"
    words = train_words(run)
    for place, number in enumerate(ENDS):
        strike = Strike(number, 40 * place + chance.randrange(40), chance.uniform(0, 0.08))
        process = start(*words, strike=strike)
        _, errors = process.communicate(timeout=MOST_SECONDS)
        assert process.returncode == (-number if number == signal.SIGKILL else 128 + number), (strike, errors)
        if number != signal.SIGKILL:
            assert errors.startswith("equipoise: interrupted and saved at iteration "), errors
            assert errors.strip().endswith(f"Resume with: equipoise resume {run}")
        words = ("resume", run, *FIXED)
    process = start(*words)
    _, errors = process.communicate(timeout=MOST_SECONDS)
    assert process.returncode == 0, errors
    assert everything(run) == everything(uninterrupted)
