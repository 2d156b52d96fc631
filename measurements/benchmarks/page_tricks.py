"""The page's sections on steps: how near the machine's limit they are, what each trick gave, and what did not pay."""

import json
from typing import Any

from measurements import RESULTS_FOLDER

TRICKS = RESULTS_FOLDER / "benchmarks" / "tricks.json"
_PEAK = """## Distance to the machine's peak

The peak is the speed of the fastest of several large 3x3 convolutions (256 to 256 maps of 32x32, channels last),
measured between the rounds. "GFLOP/s" and the first "share" count the operations that were really carried out. Minimal
filtering needs fewer operations at peak speed and adds cheap ones below it, so this share falls although the step
becomes faster. The last two columns therefore count the operations that direct convolutions of the same layers would
need, folded layers included. Compare the last share with the target of 0.7.
"""
_USED = """## What each optimisation gains

The same task without and with one optimisation, everything else unchanged, measured alternately by
`python -m measurements.benchmarks.tricks`. "Memory kept between steps" means that `equipoise train` tells glibc to keep
up to one gibibyte of freed memory, unless your environment sets `MALLOC_` variables of its own.
"""
_UNUSED = """## What did not help
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
        "| task | way | peak, GFLOP/s | GFLOP/s | share | direct GFLOP/s | direct share |",
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
    head = [
        "| optimisation | task | times as fast (quartiles) | seconds without | with |",
        "| --- | --- | --- | --- | --- |",
    ]
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
    paid = (
        f"{seconds / saved:,.0f} faster steps make up for this" if saved > 0 else "later steps never make up for this"
    )
    return (
        f"The first compiled step took {seconds:.0f} seconds; {paid}.\n"
        "Equipoise compiles nothing: compiled networks bypass the optimisations above, which gain more, and do\n"
        "not support second derivatives.\n"
    )
