"""Trains on the ring of six Gaussians and keeps what docs/ring.md shows, in results/ring/RECIPE.json.

python -m measurements.figures.ring_measure reg-gan-ring 20 21 22 23 24      one to two minutes a seed on one free core

A file holds one recipe; seeds that it holds already are measured anew, the others stay.
"""

import argparse
import json
import platform
from dataclasses import replace
from typing import Any

import torch

from equipoise import __version__
from equipoise.common.files import write_text_atomically
from equipoise.common.machine import git_commit
from equipoise.experiments.config import to_plain
from equipoise.experiments.experiment import Experiment
from equipoise.recipes.catalogue import recipe
from equipoise.simulations.ring_over_time import (
    COUNTED_SAMPLES,
    LEAST_SAMPLES,
    LOOSE_RADIUS,
    coverage,
    points_over_time,
)
from measurements import RESULTS_FOLDER

RESULTS = RESULTS_FOLDER / "ring"
SNAPSHOTS = 6
METRIC = (
    f"point_coverage: near is within 0.3, loose within {LOOSE_RADIUS:g} of a centre; a mode is covered with at least "
    f"{LEAST_SAMPLES} of {COUNTED_SAMPLES} samples"
)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("recipe")
    words.add_argument("seeds", nargs="+", type=int)
    chosen = words.parse_args()
    torch.set_num_threads(1)
    for seed in chosen.seeds:
        experiment = replace(recipe(chosen.recipe), seed=seed)
        keep(chosen.recipe, experiment, seed, train(experiment))


def train(experiment: Experiment) -> list[dict[str, Any]]:
    """The coverage at evenly spaced iterations of a run."""
    last = experiment.algorithm.iterations or 0
    due = [round(last * share / SNAPSHOTS) for share in range(1, SNAPSHOTS + 1)]
    return [
        {"iteration": iteration} | measured(points)
        for iteration, points in points_over_time(experiment, due, COUNTED_SAMPLES)
    ]


def measured(points: torch.Tensor) -> dict[str, Any]:
    found = coverage(points)
    return {
        "covered": found.covered,
        "covered_loosely": found.covered_loosely,
        "share_near": round(found.share_near, 4),
        "share_loose": round(found.share_loose, 4),
    }


def keep(name: str, experiment: Experiment, seed: int, snapshots: list[dict[str, Any]]) -> None:
    path = RESULTS / f"{name}.json"
    before = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.exists() else {}
    plain = to_plain(experiment)
    plain.pop("seed")
    runs = {int(key): value for key, value in before.items()} | {seed: {"commit": git_commit(), "snapshots": snapshots}}
    document = {
        "passport": {
            "command": f"python -m measurements.figures.ring_measure {name} " + " ".join(map(str, sorted(runs))),
            "metric": METRIC,
            "equipoise": __version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
            "device": "cpu",
            "threads": 1,
        },
        "experiment": plain,
        "runs": dict(sorted(runs.items())),
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    write_text_atomically(path, json.dumps(document, indent=1) + "\n")
    end = snapshots[-1]
    print(name, seed, {key: end[key] for key in ("iteration", "covered", "covered_loosely", "share_near")}, flush=True)


if __name__ == "__main__":
    main()
