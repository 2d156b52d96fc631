"""How far several processes end from one: every toy experiment, 20 iterations in float64, with and without the gather.

    python -m measurements.trust.ranks --out results/trust/ranks.json

Plays what tests/distributed/test_processes_equal_one.py plays, for all toy experiments and at 2 and 4 processes.
"""

import argparse
import json
import tempfile
from pathlib import Path

import torch

from equipoise.common.files import write_text_atomically
from equipoise.common.machine import git_commit
from equipoise.testing.ranks import deviation, play_in_float64, play_on_ranks
from equipoise.testing.toys import TOY_EXPERIMENTS

ITERATIONS = 20
JOBS = {"1": (1, True), "2": (2, True), "4": (4, True), "2 without the gather": (2, False)}
"""A label -> the number of processes, and whether scores are gathered."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("results/trust/ranks.json"))
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    experiments = {name: TOY_EXPERIMENTS[name]() for name in sorted(TOY_EXPERIMENTS)}
    play_in_float64(experiments["gan"], 1)  # imports, once for all ranks, whatever torch imports late
    with tempfile.TemporaryDirectory() as folder:
        alone, *several = (
            play_on_ranks(experiments, size, ITERATIONS, Path(folder, str(number)), gathers)
            for number, (size, gathers) in enumerate(JOBS.values())
        )
    labels = list(JOBS)[1:]
    found = {
        name: {label: deviation(ends[name][0], alone[name][0]) for label, ends in zip(labels, several, strict=True)}
        for name in experiments
    }
    result = {
        "passport": {"torch": torch.__version__, "iterations": ITERATIONS, "dtype": "float64", "commit": git_commit()},
        "experiments": len(experiments),
        "largest": {label: max(row[label] for row in found.values()) for label in ("2", "4")},
        "smallest_without_the_gather": min(row["2 without the gather"] for row in found.values()),
        "largest_deviation_from_one_process": found,
    }
    write_text_atomically(chosen.out, json.dumps(result, indent=1))
    print({key: result[key] for key in ("experiments", "largest", "smallest_without_the_gather")})


if __name__ == "__main__":
    main()
