"""The GPU's benchmark, rehearsed on the CPU: every line of it runs, for one row and a few iterations."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

pytest.importorskip("sklearn")

from measurements.benchmarks import gpu
from measurements.benchmarks.gpu_runs import at_once
from measurements.benchmarks.timers import Way

ROOT = Path(__file__).parents[2]


def test_a_row_is_as_long_as_its_whole_run() -> None:
    """Its data are a few batches, and the published number of epochs over them would soon be over."""
    row = gpu.rows()["MAGAN MNIST"]
    assert row.whole_run is not None
    loop = gpu.ours(row, torch.device("cpu"), gpu.REHEARSAL, recorded=False)
    assert loop.game.total_iterations > row.whole_run[0]


def test_one_run_that_fails_is_told_at_once() -> None:
    with pytest.raises(RuntimeError, match="1 runs at once did not all end"):
        at_once(unknown_device, (1,), 1, torch.device("cpu"))


def unknown_device(device: torch.device) -> Way:
    raise ValueError(device)


@pytest.mark.slow
def test_a_rehearsal_runs_every_line(tmp_path: Path) -> None:
    out, environment = tmp_path / "gpu.json", {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    words = ["--device", "cpu", "--out", str(out), "--only", "MAGAN"]
    subprocess.run([sys.executable, "-m", "measurements.benchmarks.gpu", *words], check=True, env=environment)
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found["rehearsal"] is True
    row = found["rows"]["MAGAN MNIST"]
    assert set(row["times as fast"]) == {"plain eager", "equipoise, eager", "equipoise, graphs"}
    assert row["whole run"]["iterations"] == 200 * (60_000 // 64)
    assert found["synchronisations"]["events"] > 0
    assert set(found["seconds_by_precision"]) == {
        f"{precision}, {way}" for precision in ("float32", "tf32", "bfloat16") for way in ("eager", "graphs")
    }
    assert found["runs_at_once"]["times as long"] > 0
    assert set(found["runs_at_once"]["seconds"]) == {"1", "2"}
    assert found["whole_run"]["iterations"] == 3
    assert len(found["seconds_by_layout"]) == 12
    assert all(isinstance(each, float) for each in found["seconds_by_layout"].values())
    assert set(found["recorded_differences"]) >= {"gan", "magan", "mmd-repulsive"}
    differences = {value for value in found["recorded_differences"].values() if not isinstance(value, str)}
    assert differences == {0.0}, "a rehearsal repeats every bit"
    assert not any("never recorded" in str(each) for each in found["recorded_differences"].values())
    assert found["recorded_differences"]["r3gan"].startswith("CUDA graphs cannot hold"), "a schedule changes"
    assert found["peak_gflop_per_second"]["convolution"] > 0
