"""Measure every row on the CPU, then write the page.

Run: python -m measurements.benchmarks.run [words...]   a quarter of an hour on one free core; words choose rows by name
     python -m measurements.benchmarks.run --long [words...]   the rows that take too long for every day: half an hour

Each row goes to results/benchmarks/cpu.json as soon as it is measured; docs/performance.md and its figures follow.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import torch

from equipoise.common.files import write_text_atomically
from measurements import RESULTS_FOLDER
from measurements.benchmarks import page
from measurements.benchmarks.cases import cpu_cases, long_cases
from measurements.benchmarks.growth import grown
from measurements.benchmarks.input_path import input_path
from measurements.benchmarks.measure import Case, compare, machine
from measurements.benchmarks.start import start_up

RESULTS = RESULTS_FOLDER / "benchmarks" / "cpu.json"
SECTIONS: dict[str, Callable[[], dict[str, Any]]] = {"start": start_up, "input": input_path, "growth": grown}


def main(words: list[str], long: bool) -> None:
    """Measure the rows whose names hold one of the words, all without words; older figures of the others stay."""
    torch.set_num_threads(1)
    began = time.perf_counter()
    found = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {"rows": {}}
    found["machine"] = machine()
    _keep_known(found)
    _rows(found, _chosen(long_cases() if long else cpu_cases(), words))
    for name, measure in SECTIONS.items():
        if not long and (not words or name in words):
            found[name] = measure()
            _save(found)
    if not long and not words:
        found["whole"] = {"minutes": (time.perf_counter() - began) / 60}
        _save(found)
    page.main()


def _rows(found: dict[str, Any], cases: Sequence[Case]) -> None:
    for case in cases:
        found["rows"][case.name] = compare(case) | {"date": datetime.now(UTC).date().isoformat()}
        print(case.name, {name: way["ratio"]["median"] for name, way in found["rows"][case.name]["ways"].items()})
        _save(found)


def _chosen(cases: Sequence[Case], words: Sequence[str]) -> list[Case]:
    return [case for case in cases if not words or any(word.lower() in case.name.lower() for word in words)]


def _keep_known(found: dict[str, Any]) -> None:
    """Drop the rows that are no more, and put the others in order."""
    names = [case.name for case in [*cpu_cases(), *long_cases()]]
    found["rows"] = {name: found["rows"][name] for name in names if name in found["rows"]}


def _save(found: dict[str, Any]) -> None:
    _keep_known(found)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    write_text_atomically(RESULTS, json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main([word for word in sys.argv[1:] if word != "--long"], "--long" in sys.argv)
