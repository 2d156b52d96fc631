"""The page's sections on steps: how near the machine's limit they are, what each trick gave, and what did not pay."""

import json
from pathlib import Path
from typing import Any

TRICKS = Path(__file__).parents[1] / "results" / "benchmarks" / "tricks.json"
_PEAK = """## Near the machine's limit

GFLOP per second of each way, and of the fastest of several large 3x3 convolutions (256 to 256 maps of 32x32, channels
last) between the rounds. Operations are those that were carried out. Minimal filtering leaves out operations that run
at the peak and adds cheap ones that do not, so that the share falls while the step becomes faster: the last two columns
count what direct convolutions of the same layers would take, folds included. That is the share to hold against 0.7.
"""
FLOORS = """## Targets that were missed

- Five metrics: of 4,000 samples, more than half of our time is the one pass through the network, whose convolutions run
  at the machine's peak on both sides. The kernel distance is computed in float64, as every metric here, and the other
  side's in float32; precision and recall are decided as in float64, mostly by products in float32.
- Frechet distance of 2048 features: 8 lies within the spread of the two rounds; at 512 it is met.
- MAGAN on MNIST: both sides carry out the same operations but for a fiftieth, as each player draws latents of its own,
  and 3.29 of our 3.94 GFLOP are one layer: a transposed convolution of 128 maps of 7x7 to 64 maps, twice forward and
  twice backward. What is left to win is the distance from the peak below, and maps that small keep it. Tried: channels
  last, the bias afterwards, the kernel's gradient as a matrix product (all in use), and the transposed convolution as
  four convolutions or as one compiled network (below).
- MMD loss with one bandwidth: about a million operations, a fiftieth of a millisecond at the peak. The rest of the time
  is that of some thirty small calls, of torch's own work for one node of its graph, and of the exponentials of all
  pairs. The gradient is in closed form, in one node, already.
- SNGAN with 1 discriminator step: 2.6 was set for a batch of 64; the rows have 16, so that all rows fit into a
  quarter of an hour.
- PICO: a step time of at most 1.05 times PIM's lies within the spread.
- The share of the peak, at least 0.7: it is reached by large convolutions alone. Folds and minimal filtering leave out
  operations that run at the peak, so that batch normalisation, activations, copies and the thin first and last layers
  weigh more in what remains; the figures below were taken while other work filled the memory's path too.
"""
_USED = """## What each trick gave

The same work without the trick and with it, everything else in place, in turns (`python benchmarks/tricks.py`).
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
    return (
        f"The first step of the compiled networks took {seconds:.0f} seconds, and what it wins afterwards lies within\n"
        "the spread. Nothing here is compiled: compiled networks refuse second derivatives besides.\n"
    )
