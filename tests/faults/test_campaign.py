"""The campaign of benchmarks/faults.py in small: one fault of every kind, and nothing is lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import equipoise

ROOT = Path(__file__).parents[2]
INJECTIONS = 5


def test_no_injection_loses_anything(tmp_path: Path) -> None:
    out = tmp_path / "faults.json"
    words = [ROOT / "benchmarks" / "faults.py", "--injections", INJECTIONS, "--out", out]
    paths = os.pathsep.join([str(Path(equipoise.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, env=environment)
    assert done.returncode == 0, done.stderr
    found = json.loads(out.read_text())
    assert [row["outcome"] for row in found["injections"]] == ["equal"] * INJECTIONS
    assert {row["faults"][0]["kind"] for row in found["injections"]} == set(found["summary"]["by_kind"])
    struck = sum(kind["struck_before_the_end"] for kind in found["summary"]["by_kind"].values())
    assert struck >= 2, "most faults came after the run had ended"
