"""Measure every row on the CPU, then write the page.

Run: python benchmarks/run.py [words...]      about ten minutes on one free core; words choose rows by name

Each row goes to results/benchmarks/cpu.json as soon as it is measured; docs/performance.md and its figure follow.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import page
import torch
from cases import cpu_cases
from measure import compare, machine
from start import start_up

from equipoise.common.files import write_text_atomically

RESULTS = Path(__file__).parents[1] / "results" / "benchmarks" / "cpu.json"


def main(words: list[str]) -> None:
    """Measure the rows whose names hold one of the words, all without words; older figures of the others stay."""
    torch.set_num_threads(1)
    found = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {"rows": {}}
    found["machine"] = machine()
    for case in cpu_cases():
        if not words or any(word.lower() in case.name.lower() for word in words):
            found["rows"][case.name] = compare(case) | {"date": datetime.now(UTC).date().isoformat()}
            print(case.name, {name: way["ratio"]["median"] for name, way in found["rows"][case.name]["ways"].items()})
            _save(found)
    if not words or "start" in words:
        found["start"] = start_up()
        _save(found)
    page.write(found)


def _save(found: dict[str, object]) -> None:
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    write_text_atomically(RESULTS, json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
