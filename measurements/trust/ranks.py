"""How far several processes end from one: every toy experiment, 20 iterations in float64, with and without the gather.

    python -m measurements.trust.ranks --out results/trust/ranks.json

Plays what tests/distributed/test_processes_equal_one.py plays, for all entries of the table and at 2 and 4 processes.
"""

import argparse
import json
import runpy
import tempfile
from pathlib import Path
from types import SimpleNamespace

import torch

from equipoise.common.files import write_text_atomically
from equipoise.runs.environment import git_commit
from measurements import ROOT

CONTRACT = ROOT / "tests" / "distributed" / "test_processes_equal_one.py"
JOBS = {"2": "2:gather:20", "4": "4:gather:20", "2 without the gather": "2:forget:20"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("results/trust/ranks.json"))
    chosen, test = parser.parse_args(), SimpleNamespace(**runpy.run_path(str(CONTRACT)))
    names = sorted(test.toy_table())
    with tempfile.TemporaryDirectory() as folder:
        ends = test.play(Path(folder), dict.fromkeys(("1:gather:20", *JOBS.values()), names))
    found = {
        name: {label: test.deviation(ends[job][name][0], ends["1:gather:20"][name][0]) for label, job in JOBS.items()}
        for name in names
    }
    result = {
        "passport": {"torch": torch.__version__, "iterations": 20, "dtype": "float64", "commit": git_commit()},
        "experiments": len(names),
        "largest": {label: max(row[label] for row in found.values()) for label in ("2", "4")},
        "smallest_without_the_gather": min(row["2 without the gather"] for row in found.values()),
        "largest_deviation_from_one_process": found,
    }
    write_text_atomically(chosen.out, json.dumps(result, indent=1))
    print({key: result[key] for key in ("experiments", "largest", "smallest_without_the_gather")})


if __name__ == "__main__":
    main()
