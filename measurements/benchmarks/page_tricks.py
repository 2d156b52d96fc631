"""The page's sections on steps: how near the machine's limit they are, what each trick gave, and what did not pay."""

import json
from typing import Any

from measurements import RESULTS_FOLDER

TRICKS = RESULTS_FOLDER / "benchmarks" / "tricks.json"
_PEAK = """## Near the machine's limit

GFLOP per second of each way, and of the fastest of several large 3x3 convolutions (256 to 256 maps of 32x32, channels
last) between the rounds. Operations are those that were carried out. Minimal filtering leaves out operations that run
at the peak and adds cheap ones that do not, so that the share falls while the step becomes faster: the last two columns
count what direct convolutions of the same layers would take, folds included. That is the share to hold against 0.7.
"""
_USED = """## What each trick gave

The same work without the trick and with it, everything else in place, in turns:
`python -m measurements.benchmarks.tricks`. Memory kept between steps: `equipoise train` tells glibc to keep up to a
gibibyte of what it frees; where the environment sets `MALLOC_` variables of its own, they stand.
"""
_UNUSED = """## What did not pay
"""


def peak_section(rows: dict[str, Any]) -> str:
    """Every row of convolutions."""
    lines = [
        f"| {row['name'] if name == row['first'] else ''} | {name} | {row['peak_gigaflops']:.0f} "
        f"| {_rate_and_share(way, row, 'gigaflop')} | {_rate_and_share(way, row, 'direct_gigaflop')} |"
        for row in rows.values()
        if row.get("peak_gigaflops")
        for name, way in row["ways"].items()
    ]
    head = [
        "| work | way | peak | GFLOP/s | share | direct GFLOP/s | share |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    return _PEAK + "\n" + "\n".join([*head, *lines]) + "\n" if lines else ""


def _rate_and_share(way: dict[str, Any], row: dict[str, Any], operations: str) -> str:
    rate = way[operations] / way["median_seconds"]
    return f"{rate:.0f} | {rate / row['peak_gigaflops']:.2f}"


def tricks_section() -> str:
    """Both tables, from the committed file."""
    if not TRICKS.exists():
        return ""
    found = json.loads(TRICKS.read_text(encoding="utf-8"))
    return "\n".join([_USED, _table(found["used"]), _UNUSED, _table(found["unused"]), _compiling(found)])


def _table(rows: dict[str, Any]) -> str:
    head = ["| trick | work | times as fast (quartiles) | seconds without | with |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*head, *(_line(row) for row in rows.values())]) + "\n"


def _line(row: dict[str, Any]) -> str:
    before, after = row["ways"]["without"], row["ways"]["with"]
    ratio = after["ratio"]
    speed = f"{ratio['median']:.2f} ({ratio['lower_quartile']:.2f} to {ratio['upper_quartile']:.2f})"
    seconds = f"{before['median_seconds']:.3g} | {after['median_seconds']:.3g}"
    return f"| {row['name']} | {row['work']} | {speed} | {seconds} |"


def _compiling(found: dict[str, Any]) -> str:
    seconds = found.get("first_compiled_step_seconds")
    if seconds is None:
        return ""
    ways = next(row["ways"] for row in found["unused"].values() if "compile" in row["name"])
    saved = ways["without"]["median_seconds"] - ways["with"]["median_seconds"]
    paid = f"after {seconds / saved:,.0f} of them" if saved > 0 else "never"
    return (
        f"The first step of the compiled networks took {seconds:.0f} seconds, which these steps pay back {paid}.\n"
        "Nothing here is compiled: compiled networks go past the routes above, which gain more, and refuse second\n"
        "derivatives.\n"
    )
