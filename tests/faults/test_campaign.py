"""The campaigns of measurements/trust in small: one fault of every kind, and nothing is lost."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import equipoise

pytestmark = pytest.mark.lengthy

ROOT = Path(__file__).parents[2]
INJECTIONS = 5


def campaign(script: str, injections: int, out: Path) -> Any:
    words = ["-m", f"measurements.trust.{script}", "--injections", injections, "--out", out]
    paths = os.pathsep.join([str(ROOT), str(Path(equipoise.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(out.read_text())


def test_no_injection_loses_anything(tmp_path: Path, start: Callable[..., Any]) -> None:
    out = tmp_path / "faults.json"
    injecting = start("--injections", INJECTIONS, "--out", out, module="measurements.trust.faults")
    assert injecting.wait(280) == 0, injecting.communicate()[1]
    found = json.loads(out.read_text())
    assert [row["outcome"] for row in found["injections"]] == ["equal"] * INJECTIONS
    assert {row["faults"][0]["kind"] for row in found["injections"]} == set(found["summary"]["by_kind"])
    assert all(fault["moment"] for row in found["injections"] for fault in row["faults"])
    struck = sum(kind["struck_before_the_end"] for kind in found["summary"]["by_kind"].values())
    assert struck >= 2, "most faults came after the run had ended"


@pytest.mark.slow
def test_no_injection_into_a_study_loses_anything(tmp_path: Path) -> None:
    """One of every kind; tests/studies/test_runner.py kills a worker and a starter in every run of the tests."""
    found = campaign("study_faults", 8, tmp_path / "faults.json")
    assert [row["outcome"] for row in found["injections"]] == ["equal"] * 8
    assert {row["kind"] for row in found["injections"]} == set(found["summary"]["by_kind"])
    assert sum(row["struck"] for row in found["injections"]) >= 4
