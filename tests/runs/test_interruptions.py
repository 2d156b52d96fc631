"""Real processes, killed or interrupted in the middle: what resumes ends bit for bit like what was never stopped."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors.torch import load_file

RECIPE = "magan-digits"  # three stages and a memory: whatever can be lost, it has
KILLS = 4
MOST_SECONDS = 100


def start(*words: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "equipoise", *map(str, words), "--device", "cpu", "--threads", "1", "--quiet"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ))


def train_words(out: Path) -> tuple[object, ...]:
    lengths = ("--epochs", 6, "--set", "watch.checkpoints=30", "--set", "watch.sample_grids=10")
    return ("train", RECIPE, "--out", out, *lengths)


def finish(*words: object) -> None:
    process = start(*words)
    _, errors = process.communicate(timeout=MOST_SECONDS)
    assert process.returncode == 0, errors


def stop_after(process: "subprocess.Popen[str]", run: Path, iterations: int, delay_seconds: float, number: int) -> bool:
    """Send the signal once a checkpoint of at least so many iterations exists. Returns: whether it was in time."""
    deadline = time.monotonic() + MOST_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        newest = max((int(p.stem.split("-")[1]) for p in (run / "checkpoints").glob("*.json")), default=-1)
        if newest >= iterations:
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
    out = tmp_path_factory.mktemp("whole") / "run"
    finish(*train_words(out))
    return out


def test_sigkill_at_random_moments_loses_nothing(uninterrupted: Path, tmp_path: Path) -> None:
    chance, killed = random.Random(0), []
    process = start(*train_words(tmp_path / "run"))
    for kill in range(KILLS):
        iterations, delay = 40 * kill + chance.randrange(40), chance.uniform(0, 0.08)
        if (
            stop_after(process, tmp_path / "run", iterations, delay, signal.SIGKILL)
            and process.returncode == -signal.SIGKILL
        ):
            killed.append((iterations, delay))
        process.communicate()
        process = start("resume", tmp_path / "run")
    _, errors = process.communicate(timeout=MOST_SECONDS)
    assert process.returncode == 0, errors
    assert len(killed) >= KILLS // 2, "the run was over before it could be killed"
    assert everything(tmp_path / "run") == everything(uninterrupted), f"killed at {killed}"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_saves_and_says_how_to_go_on(uninterrupted: Path, tmp_path: Path, number: signal.Signals) -> None:
    run = tmp_path / "run"
    process = start(*train_words(run))
    assert stop_after(process, run, 20, 0.01, number)
    _, errors = process.communicate()
    assert process.returncode == 128 + number
    assert errors.startswith("equipoise: interrupted and saved at iteration ")
    assert errors.strip().endswith(f"Go on with: equipoise resume {run}")
    finish("resume", run)
    assert everything(run) == everything(uninterrupted)
