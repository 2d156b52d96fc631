"""The operations of one call of each way of the rows with convolutions: the same on every machine, so counted apart.

Run: python -m measurements.benchmarks.operations [words...]      words choose rows by name

Writes results/benchmarks/operations.json. "Direct" counts the operations without minimal filtering of convolutions.
"""

import json
import math
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any
from unittest.mock import patch

import torch
from torch.utils.flop_counter import FlopCounterMode

from equipoise.common.files import write_text_atomically
from equipoise.kernels import winograd
from measurements import RESULTS_FOLDER
from measurements.benchmarks.cases import cpu_cases, long_cases
from measurements.benchmarks.timers import Way

RESULTS = RESULTS_FOLDER / "benchmarks" / "operations.json"


def counted(way: Way) -> float:
    """Billions of operations of one call."""
    counter = FlopCounterMode(display=False, custom_mapping=_IN_PLACE)
    counter.mod_tracker = _NoModules()  # type: ignore[assignment]
    with counter:
        way()
    return counter.get_total_flops() / 1e9


def _both(way: Way) -> dict[str, float]:
    with patch.object(winograd, "gains", lambda *_: False):
        direct = counted(way)
    return {"gigaflop": counted(way), "direct_gigaflop": direct}


def _product_flop(total: Sequence[int], left: Sequence[int], right: Sequence[int], *_: Any, **__: Any) -> int:
    """Operations of a product of matrices that is added to another, from the shapes."""
    return 2 * math.prod(left) * right[-1]


_IN_PLACE = {torch.ops.aten.addmm_: _product_flop, torch.ops.aten.baddbmm_: _product_flop}
"""What the counter leaves out."""


class _NoModules(nullcontext[None]):
    """In place of the counter's module tracker, whose hooks fail when a graph is differentiated more than once."""

    parents = frozenset({"Global"})


def main(words: list[str]) -> None:
    """Count the chosen rows, all without words; the others stay."""
    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    cases = [case for case in (*cpu_cases(), *long_cases()) if case.convolves]
    for case in cases:
        if not words or any(word.lower() in case.name.lower() for word in words):
            known[case.name] = {name: _both(way) for name, way in case.prepare().items()}
    kept = {case.name: known[case.name] for case in cases if case.name in known}
    write_text_atomically(RESULTS, json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
