"""The regression check of the benchmarks: it must be able to fail."""

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "results" / "benchmarks" / "avx512" / "busy.json"


@pytest.fixture(scope="module")
def committed() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return found


def checked(folder: Path, figures: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    path = folder / "fresh.json"
    path.write_text(json.dumps(figures), encoding="utf-8")
    command = [sys.executable, "-m", "measurements.benchmarks.check", "--fresh", str(path), "--committed", str(RESULTS)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def test_equal_and_faster_figures_pass(tmp_path: Path, committed: dict[str, Any]) -> None:
    faster = copy.deepcopy(committed)
    for row in faster["rows"].values():
        for name, way in row["ways"].items():
            way["ratio"]["median"] *= 1.0 if name == row["first"] else 1.5
            way["median_seconds"] *= 100.0  # a slow machine is no regression
    done = checked(tmp_path, faster)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{len(committed['rows'])} rows compared, 0 slower" in done.stdout


def test_a_slower_row_fails_by_name(tmp_path: Path, committed: dict[str, Any]) -> None:
    slower = copy.deepcopy(committed)
    name = "MMD loss, five bandwidths"
    slower["rows"][name]["ways"]["equipoise"]["ratio"]["median"] *= 0.5
    done = checked(tmp_path, slower)
    assert done.returncode == 1
    assert f"slower: {name}: equipoise was" in done.stderr
    assert done.stderr.count("slower:") == 1


def test_a_way_that_is_gone_or_not_a_number_fails(tmp_path: Path, committed: dict[str, Any]) -> None:
    name = "MMD loss, five bandwidths"
    gone, broken = copy.deepcopy(committed), copy.deepcopy(committed)
    del gone["rows"][name]["ways"]["equipoise"]
    broken["rows"][name]["ways"]["equipoise"]["ratio"]["median"] = float("nan")
    assert checked(tmp_path, gone).returncode == checked(tmp_path, broken).returncode == 1


def test_nothing_compared_is_a_failure(tmp_path: Path) -> None:
    done = checked(tmp_path, {"rows": {}})
    assert done.returncode == 1
    assert "no row was compared" in done.stderr
