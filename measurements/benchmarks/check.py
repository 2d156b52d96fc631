"""Has something become slower? CPU-time ratios at one thread against those committed of a busy machine; never seconds.

They are those of a processor with the same instructions, where one is known.

    python -m measurements.benchmarks.check [words...]            measures rows again; words choose them by name
    python -m measurements.benchmarks.check --fresh OTHER.json    compares figures that were measured before

Without words the rows are those that take a few seconds. A row fails when one of its ways has lost more than the
tolerance of its committed speed against the first, plain way. Exit code 1 then, with the row's name.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

TOLERANCE = 0.3
"""Of the committed ratio: on a shared machine the median of a short row wanders by a tenth or two."""
_QUICK_SECONDS = 15.0

Rows = dict[str, Any]


def regressions(committed: Rows, fresh: Rows, tolerance: float = TOLERANCE) -> list[str]:
    """One sentence for each way that has become slower than its row's first way by more than the tolerance.

    Args:
        committed: the rows of the results file.
        fresh: the same rows, or some of them, measured now.
        tolerance: the share of a ratio that may be lost.
    """
    return [
        f"{name}: {way} was {before:.2f} times as fast as {row['first']} and is {now:.2f} times as fast."
        for name, row in fresh.items()
        for way, before, now in _pairs(committed[name], row)
        if not now >= before * (1 - tolerance)
    ]


def _pairs(committed: dict[str, Any], fresh: dict[str, Any]) -> list[tuple[str, float, float]]:
    """Each way but the first, with its committed ratio and its ratio now; a way that is gone counts as 0."""
    return [
        (way, figures["ratio"]["median"], fresh["ways"].get(way, {"ratio": {"median": 0.0}})["ratio"]["median"])
        for way, figures in committed["ways"].items()
        if way != committed["first"]
    ]


def seconds_of(row: dict[str, Any]) -> float:
    """About how long the row takes."""
    once: float = sum(way["median_seconds"] * row["calls"] for way in row["ways"].values())
    return once * float(row["rounds"] + 1)


def measured(committed: Rows, words: list[str]) -> Rows:
    """The chosen rows, measured now."""
    import torch

    from measurements.benchmarks.cases import cpu_cases
    from measurements.benchmarks.measure import compare

    torch.set_num_threads(1)
    found = {}
    for case in cpu_cases():
        known = committed.get(case.name)
        wanted = any(word.lower() in case.name.lower() for word in words) if words else True
        if known is not None and wanted and (words or seconds_of(known) < _QUICK_SECONDS):
            found[case.name] = compare(case)
            print(case.name, {name: round(way["ratio"]["median"], 2) for name, way in found[case.name]["ways"].items()})
    return found


def _committed() -> Path:
    """Of this processor, or else of the page's first."""
    from measurements.benchmarks.settings import PROCESSORS, file_of

    own = file_of("busy")
    return own if own.exists() else file_of("busy", PROCESSORS[0])


def main(arguments: list[str]) -> int:
    """0 if nothing has become slower, else 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="parts of the names of the rows to measure")
    parser.add_argument("--committed", type=Path, help="what to compare with, instead")
    parser.add_argument("--fresh", type=Path, help="figures measured before, instead of measuring")
    parser.add_argument("--tolerance", type=float, default=TOLERANCE, help="the share of a ratio that may be lost")
    chosen = parser.parse_args(arguments)
    committed: Rows = json.loads((chosen.committed or _committed()).read_text(encoding="utf-8"))["rows"]
    fresh: Rows = (
        json.loads(chosen.fresh.read_text(encoding="utf-8"))["rows"]
        if chosen.fresh
        else measured(committed, chosen.words)
    )
    if not fresh:
        print("error: no row was compared; check the words.", file=sys.stderr)
        return 1
    lost = regressions(committed, fresh, chosen.tolerance)
    for sentence in lost:
        print(f"slower: {sentence}", file=sys.stderr)
    print(f"{len(fresh)} rows compared, {len(lost)} slower than {1 - chosen.tolerance:.0%} of their committed speed.")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
