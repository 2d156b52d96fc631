"""How fast each kind of run was: kept beside the run when it ends, for those that come later."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from equipoise.common.files import read_text_bounded, write_text_atomically
from equipoise.experiments.config import to_plain
from equipoise.experiments.experiment import Experiment

_FILE = "seconds.json"
_ASIDE = ("name", "seed", "watch")
"""What does not change how long an iteration takes, or hardly."""


@dataclass(frozen=True)
class Pace:
    """A kind of run: how many iterations it has, and the seconds of each."""

    iterations: int
    seconds: float


def kind_of(experiment: Experiment, precision: str = "float32") -> str:
    """What decides how long a run takes: a hash of its configuration without seed, name and numbers that count nothing.

    Two learning rates or two margins make no difference; two widths, batches, lengths or precisions do.
    """
    counts = {name: _counts(value) for name, value in to_plain(experiment).items() if name not in _ASIDE}
    counts |= {} if precision == "float32" else {"precision": precision}
    return hashlib.sha256(json.dumps(counts, sort_keys=True).encode()).hexdigest()[:16]


def keep_pace(run: Path, experiment: Experiment, pace: Pace, precision: str = "float32") -> None:
    """Keep the pace of a run that ended in its directory; what is there already stays."""
    if not (run / _FILE).exists():
        found = {"kind": kind_of(experiment, precision), "iterations": pace.iterations}
        write_text_atomically(run / _FILE, json.dumps(found | {"seconds_per_iteration": pace.seconds}))


def paces(runs: Path) -> dict[str, Pace]:
    """By kind the mean pace of the runs in this folder that ended; files that cannot be read are left out."""
    found: dict[str, list[Pace]] = {}
    for file in runs.glob(f"*/{_FILE}"):
        try:
            kept = json.loads(read_text_bounded(file))
            pace = Pace(int(kept["iterations"]), float(kept["seconds_per_iteration"]))
            found.setdefault(str(kept["kind"]), []).append(pace)
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return {kind: Pace(each[0].iterations, sum(p.seconds for p in each) / len(each)) for kind, each in found.items()}


def _counts(value: Any) -> Any:
    """The same without floating-point numbers."""
    if isinstance(value, Mapping):
        return {name: _counts(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_counts(each) for each in value]
    return None if isinstance(value, float) else value
