"""Measure every row on the CPU in one setting, then write the page.

Run: python -m measurements.benchmarks.run --setting idle [--mimicry PATH] [words...]
     python -m measurements.benchmarks.run --setting busy [--mimicry PATH] [words...]
     python -m measurements.benchmarks.run --setting idle --long [words...]

About eight minutes on one free core; words choose rows, tricks and sections (stacks, start, demo, input, growth) by
name. The last four sections take eight minutes more and are measured only by name. `--long` takes the rows that are too
long for every day, half an hour. `--rounds N` allows at most N rounds of each row. With a checkout of mimicry, got by
`git clone https://github.com/kwotsin/mimicry`, the rows of SNGAN also measure its own step.

Each row goes to idle.json or busy.json as soon as it is measured, in the folder of results/benchmarks that is named
after the processor's widest instructions, and the last two sections to cpu.json; docs/performance.md and its
figures follow. All computing is on one thread.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from equipoise.common.files import write_text_atomically
from measurements import RESULTS_FOLDER
from measurements.benchmarks import mimicry, page, stacks, tricks
from measurements.benchmarks import trick_ways as ways
from measurements.benchmarks.cases import cpu_cases, long_cases
from measurements.benchmarks.growth import grown
from measurements.benchmarks.input_path import input_path
from measurements.benchmarks.measure import Case, compare, machine
from measurements.benchmarks.settings import SETTINGS, Record, beside
from measurements.benchmarks.start import demo, start_up

OTHERS = RESULTS_FOLDER / "benchmarks" / "cpu.json"
OF_THE_SETTING: dict[str, Callable[[], dict[str, Any]]] = {"start": start_up, "demo": demo}
SECTIONS: dict[str, Callable[[], dict[str, Any]]] = {"input": input_path, "growth": grown}
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Numerical libraries read these once, when they are imported."""


def main(arguments: list[str]) -> None:
    """Measure what was chosen; older figures of all else stay."""
    chosen = _chosen(arguments)
    torch.set_num_threads(1)
    began, record = time.perf_counter(), Record(chosen.setting)
    short, long = ({case.name: case for case in cases} for cases in (cpu_cases(chosen.mimicry), long_cases()))
    with beside(chosen.setting):
        _measure(record, record.rows, long if chosen.long else short, [*short, *long], chosen)
        if not chosen.long:
            for place, cases in tricks.cases().items():
                _measure(record, record.tricks[place], cases, list(cases), chosen)
            if ways.FIRST_SECONDS:
                record.save(first_compiled_step_seconds=ways.FIRST_SECONDS[0])
            if not chosen.words or "stacks" in chosen.words:
                record.save(stacks=stacks.measured_all(), stacks_date=datetime.now(UTC).date().isoformat())
            for name in chosen.words:
                if name in OF_THE_SETTING:
                    record.add(**{name: OF_THE_SETTING[name](), f"{name}_date": datetime.now(UTC).date().isoformat()})
    if not chosen.long and not chosen.words:
        record.save(minutes=(time.perf_counter() - began) / 60)
    _other_sections(chosen.words)
    page.main()


def _chosen(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="parts of the names of what to measure")
    parser.add_argument("--setting", choices=list(SETTINGS), required=True)
    parser.add_argument("--mimicry", type=Path, help="a checkout of mimicry")
    parser.add_argument("--rounds", type=int, default=sys.maxsize, help="at most so many of each row")
    parser.add_argument("--long", action="store_true", help="the long rows")
    chosen = parser.parse_args(arguments)
    if chosen.mimicry:
        mimicry.check(parser, chosen.mimicry)
    return chosen


def _measure(
    record: Record, rows: dict[str, Any], cases: Mapping[str, Case], order: Sequence[str], chosen: argparse.Namespace
) -> None:
    """The chosen cases; rows that are no more are dropped, and the others put in order."""
    for name, case in cases.items():
        if not chosen.words or any(word.lower() in name.lower() for word in chosen.words):
            row = compare(replace(case, rounds=min(case.rounds, chosen.rounds)))
            rows[name] = row | {"date": datetime.now(UTC).date().isoformat()}
            print(name, {way: round(each["ratio"]["median"], 2) for way, each in row["ways"].items()}, flush=True)
            kept = {each: rows[each] for each in order if each in rows}
            rows.clear()
            rows.update(kept)
            record.save()


def _other_sections(words: Sequence[str]) -> None:
    for name, measure in SECTIONS.items():
        if name in words:
            found = json.loads(OTHERS.read_text(encoding="utf-8")) if OTHERS.exists() else {}
            found |= {name: measure(), "machine": machine()}
            write_text_atomically(OTHERS, json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    if not ONE_THREAD.items() <= os.environ.items():
        command = [sys.executable, "-m", "measurements.benchmarks.run", *sys.argv[1:]]
        os.execve(sys.executable, command, os.environ | ONE_THREAD)
    main(sys.argv[1:])
