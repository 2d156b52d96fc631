"""Runs that earlier versions left half way are read and gone on with as those versions did.

`kept/` holds one folder for every form that a checkpoint of this format has had; `kept/make.py` makes them. One
expectation is younger than its run: averages of batch-normalised generators (`format-3-plain/gan`) have since been
sampled with statistics of their own weights, as they always are in `format-3-with-configuration/gan`.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from equipoise.cli.main import main

pytestmark = pytest.mark.lengthy

KEPT = Path(__file__).parent / "kept"
RUNS = [path.relative_to(KEPT).as_posix() for path in sorted(KEPT.glob("format-*/*"))]
FIXED = ("--device", "cpu", "--threads", "1", "--quiet")


@pytest.fixture
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return shutil.copytree(KEPT / request.param, tmp_path / "run")


@pytest.fixture
def expected(run: Path) -> Any:
    return json.loads((run / "expected.json").read_text(encoding="utf-8"))


def samples(run: Path, count: int) -> Any:
    file = run.with_name("samples.npz")
    assert main(["sample", str(run), "--count", str(count), "--out", str(file), "--device", "cpu"]) == 0
    with np.load(file) as arrays:
        return arrays[arrays.files[0]].reshape(count, -1).astype(int)


def close_to(found: Any, bytes_expected: list[list[int]]) -> bool:
    """Equal but for what another processor rounds."""
    return bool(np.abs(found - np.array(bytes_expected)).max() <= 1)


def test_each_form_of_a_checkpoint_is_kept() -> None:
    assert len(RUNS) == 4
    assert sum(path.stat().st_size for path in KEPT.rglob("*") if path.is_file()) < 100_000


@pytest.mark.parametrize("run", RUNS, indirect=True)
def test_a_kept_run_is_sampled_and_scored_as_its_version_did(run: Path, expected: Any) -> None:
    half_way = expected["half way"]
    assert close_to(samples(run, len(half_way["samples"])), half_way["samples"])
    words = ["evaluate", str(run), "--metrics", "nearest-neighbours", "--samples", str(len(half_way["samples"]))]
    assert main([*words, *FIXED]) == 0
    (score,) = json.loads((run / "scores.json").read_text(encoding="utf-8"))["scores"]
    assert score["value"] == pytest.approx(half_way["score"], rel=1e-3)


@pytest.mark.parametrize("run", RUNS, indirect=True)
def test_a_kept_run_is_gone_on_with_as_its_version_did(run: Path, expected: Any) -> None:
    assert main(["resume", str(run), *FIXED]) == 0
    last = json.loads((run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    found = {name: last["values"][name] for name in expected["end"]["values"]}  # later versions log more
    assert found == pytest.approx(expected["end"]["values"], rel=1e-4)
    assert close_to(samples(run, len(expected["end"]["samples"])), expected["end"]["samples"])
