"""The real commands under torchrun: a rank that dies, a restart, an interrupt, and a resume with other processes.

The run that nothing disturbs is started as a user would, the others by torchrun's launcher in a process that has
imported torch already.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import equipoise
from equipoise.training.checkpoint import list_checkpoints
from tests.striking import Strike

pytestmark = pytest.mark.lengthy

RECIPE = ("gan-digits", "--iterations", "100", "--set", "watch.checkpoints=10", "--set", "watch.sample_grids=1")
FIXED = ("--device", "cpu", "--quiet")
LONGEST_SECONDS = 150
SECONDS_TO_END = 30


def torchrun(*words: object) -> None:
    """Two processes, started by the command that a user would type."""
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", 2, "-m", "equipoise")
    paths = os.pathsep.join([str(Path(equipoise.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": paths}
    command_line = [sys.executable, *map(str, (*launcher, *words))]
    done = subprocess.run(command_line, capture_output=True, text=True, env=environment, timeout=LONGEST_SECONDS)
    assert done.returncode == 0, done.stderr


def newest_of(run: Path) -> int:
    """The iteration of the newest checkpoint, 0 before the first."""
    return max((each.iteration for each in list_checkpoints(run / "checkpoints")), default=0)


def finish(process: Any) -> str:
    _, errors = process.communicate(timeout=LONGEST_SECONDS)
    assert process.returncode == 0, errors
    return errors


def end_of(run: Path) -> dict[str, torch.Tensor]:
    return load_file(run / "checkpoints" / "iteration-000000100.safetensors")


def differing(one: Path, other: Path) -> list[str]:
    ours, theirs = end_of(one), end_of(other)
    assert ours.keys() == theirs.keys()
    return [name for name in ours if not torch.equal(ours[name], theirs[name])]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two processes that nothing disturbed."""
    out = tmp_path_factory.mktemp("torchrun") / "whole"
    torchrun("train", *RECIPE, "--out", out, *FIXED)
    return out


def test_one_process_writes(whole: Path) -> None:
    lines = [json.loads(line) for line in (whole / "metrics.jsonl").read_text().splitlines()]
    assert [line["iteration"] for line in lines if line["kind"] == "iteration"] == [*range(1, 101)]
    (session,) = json.loads((whole / "environment.json").read_text())["sessions"]
    assert session["processes"] == 2
    assert (whole / "report.html").is_file()


def test_a_killed_rank_is_started_again_and_nothing_is_lost(
    whole: Path, tmp_path: Path, start: Callable[..., Any], record_property: Callable[[str, object], None]
) -> None:
    strike = Strike(signal.SIGKILL, 30, 0.02, rank=1)
    process = start("train", *RECIPE, "--out", tmp_path / "run", *FIXED, ranks=2, restarts=1, strike=strike)
    while newest_of(tmp_path / "run") < 60 and process.poll() is None:  # not one that was under way
        time.sleep(0.01)
    record_property("recovery_seconds", time.monotonic() - process.struck_at())
    finish(process)
    assert differing(tmp_path / "run", whole) == []
    assert (tmp_path / "run" / "metrics.jsonl").read_text() == (whole / "metrics.jsonl").read_text()


def test_a_killed_rank_ends_the_others_and_one_process_goes_on(
    whole: Path, tmp_path: Path, start: Callable[..., Any], record_property: Callable[[str, object], None]
) -> None:
    strike = Strike(signal.SIGKILL, 30, 0.02)
    process = start("train", *RECIPE, "--out", tmp_path / "run", *FIXED, ranks=2, strike=strike)
    _, errors = process.communicate(timeout=LONGEST_SECONDS)
    seconds = time.monotonic() - process.struck_at()
    record_property("seconds_until_all_ended", seconds)
    assert seconds < SECONDS_TO_END
    assert process.returncode != 0
    assert "lost another process of this run" in errors
    resumed = start("resume", tmp_path / "run", *FIXED, ranks=1)
    assert "warning: the run started with processes: 2 and continues with 1" in finish(resumed)
    ours, theirs = end_of(tmp_path / "run"), end_of(whole)
    for name, value in ours.items():
        torch.testing.assert_close(value, theirs[name], rtol=1e-2, atol=1e-3)


def test_more_processes_go_on_than_began(whole: Path, tmp_path: Path, start: Callable[..., Any]) -> None:
    run = Path(shutil.copytree(whole, tmp_path / "run"))
    for path in (run / "checkpoints").glob("iteration-000000100*"):
        path.unlink()
    assert "warning: the run started with processes: 2 and continues with 4" in finish(
        start("resume", run, *FIXED, ranks=4)
    )
    ours, theirs = end_of(run), end_of(whole)
    for name, value in ours.items():
        torch.testing.assert_close(value, theirs[name], rtol=1e-2, atol=1e-3)


def test_an_interrupt_stops_all_after_the_same_iteration(
    whole: Path, tmp_path: Path, start: Callable[..., Any]
) -> None:
    strike = Strike(signal.SIGTERM, 20, 0.02, launcher=True)
    process = start("train", *RECIPE, "--out", tmp_path / "run", *FIXED, ranks=2, strike=strike)
    _, errors = process.communicate(timeout=LONGEST_SECONDS)
    assert errors.count("interrupted and saved at iteration") == 1, errors
    output, errors = (resumed := start("resume", tmp_path / "run", *FIXED, ranks=2)).communicate(LONGEST_SECONDS)
    assert resumed.returncode == 0, errors
    assert output.count("The run is complete") == 1
    assert differing(tmp_path / "run", whole) == []
