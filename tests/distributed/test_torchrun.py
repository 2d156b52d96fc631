"""The real commands under torchrun: a rank that dies, a restart, an interrupt, and a resume with other processes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import equipoise

RECIPE = ("gan-digits", "--iterations", "150", "--set", "watch.checkpoints=15", "--set", "watch.sample_grids=1")
LONGEST_SECONDS = 150
SECONDS_TO_END = 30


def start(command: str, *words: object, restarts: int = 0, ranks: int = 2) -> "subprocess.Popen[str]":
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", ranks, "--max-restarts", restarts)
    everything = (*torchrun, "-m", "equipoise", command, *words, "--device", "cpu", "--quiet")
    paths = os.pathsep.join([str(Path(equipoise.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": paths}
    command_line = [sys.executable, *map(str, everything)]
    return subprocess.Popen(command_line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def workers_of(process: "subprocess.Popen[str]") -> list[int]:
    """The ranks' process numbers, in the order in which they were started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, _, rest = stat.read_text().partition(" ")
            parent = int(rest.rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == process.pid:
            found.append(int(number))
    return sorted(found)


def newest_of(run: Path) -> int:
    """The iteration of the newest checkpoint, 0 before the first."""
    return max((int(path.stem.split("-")[1]) for path in (run / "checkpoints").glob("*.json")), default=0)


def wait_for_checkpoint(process: "subprocess.Popen[str]", run: Path, iteration: int) -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if newest_of(run) >= iteration:
            return
        time.sleep(0.005)
    raise AssertionError(f"no checkpoint of iteration {iteration}: {process.communicate()[1]}")


def finish(process: "subprocess.Popen[str]") -> str:
    _, errors = process.communicate(timeout=LONGEST_SECONDS)
    assert process.returncode == 0, errors
    return errors


def end_of(run: Path) -> dict[str, torch.Tensor]:
    return load_file(run / "checkpoints" / "iteration-000000150.safetensors")


def differing(one: Path, other: Path) -> list[str]:
    ours, theirs = end_of(one), end_of(other)
    assert ours.keys() == theirs.keys()
    return [name for name in ours if not torch.equal(ours[name], theirs[name])]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two processes that nothing disturbed."""
    out = tmp_path_factory.mktemp("torchrun") / "whole"
    finish(start("train", *RECIPE, "--out", out))
    return out


def test_one_process_writes(whole: Path) -> None:
    lines = [json.loads(line) for line in (whole / "metrics.jsonl").read_text().splitlines()]
    assert [line["iteration"] for line in lines if line["kind"] == "iteration"] == [*range(1, 151)]
    (session,) = json.loads((whole / "environment.json").read_text())["sessions"]
    assert session["processes"] == 2
    assert (whole / "report.html").is_file()


def test_a_killed_rank_is_started_again_and_nothing_is_lost(
    whole: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    process = start("train", *RECIPE, "--out", tmp_path / "run", restarts=1)
    wait_for_checkpoint(process, tmp_path / "run", 50)
    reached = newest_of(tmp_path / "run")
    os.kill(workers_of(process)[-1], signal.SIGKILL)
    killed = time.monotonic()
    while newest_of(tmp_path / "run") < min(reached + 21, 150) and process.poll() is None:  # not one that was under way
        time.sleep(0.01)
    record_property("recovery_seconds", time.monotonic() - killed)
    finish(process)
    assert differing(tmp_path / "run", whole) == []
    assert (tmp_path / "run" / "metrics.jsonl").read_text() == (whole / "metrics.jsonl").read_text()


def test_a_killed_rank_ends_the_others_and_one_process_goes_on(
    whole: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    process = start("train", *RECIPE, "--out", tmp_path / "run")
    wait_for_checkpoint(process, tmp_path / "run", 50)
    os.kill(workers_of(process)[0], signal.SIGKILL)
    killed = time.monotonic()
    _, errors = process.communicate(timeout=LONGEST_SECONDS)
    seconds = time.monotonic() - killed
    record_property("seconds_until_all_ended", seconds)
    assert seconds < SECONDS_TO_END
    assert process.returncode != 0
    assert "lost another process of this run" in errors
    resumed = start("resume", tmp_path / "run", ranks=1)
    assert "warning: the run began with processes: 2 and goes on with 1" in finish(resumed)
    ours, theirs = end_of(tmp_path / "run"), end_of(whole)
    for name, value in ours.items():
        torch.testing.assert_close(value, theirs[name], rtol=1e-2, atol=1e-3)


def test_an_interrupt_stops_all_after_the_same_iteration(whole: Path, tmp_path: Path) -> None:
    process = start("train", *RECIPE, "--out", tmp_path / "run")
    wait_for_checkpoint(process, tmp_path / "run", 30)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=LONGEST_SECONDS)
    assert errors.count("interrupted and saved at iteration") == 2, errors
    finish(start("resume", tmp_path / "run"))
    assert differing(tmp_path / "run", whole) == []
