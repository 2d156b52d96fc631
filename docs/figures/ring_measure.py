"""Trains on the ring of six Gaussians and keeps what docs/ring.md shows, in results/ring/RECIPE.json.

python docs/figures/ring_measure.py reg-gan-ring 5 6 7 8 9      about a minute a seed on one free core

A file holds one recipe; seeds that it holds already are measured anew, the others stay.
"""

import argparse
import json
import platform
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from equipoise import __version__
from equipoise.common.files import write_text_atomically
from equipoise.data.ring import Ring
from equipoise.experiments.build import build_game, build_state, sampling_generator
from equipoise.experiments.config import to_plain
from equipoise.experiments.experiment import Experiment
from equipoise.metrics import point_coverage
from equipoise.recipes.catalogue import recipe
from equipoise.runs.environment import git_commit
from equipoise.runs.sampling import generate
from equipoise.training.loop import Loop

RESULTS = Path(__file__).parents[2] / "results" / "ring"
SAMPLES, LEAST, LOOSE = 2_500, 20, 1.0
SNAPSHOTS = 6
MAP_SEED, MAP_SAMPLES, MAP_BINS, MAP_LIMIT = 5, 10_000, 52, 6.5


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("recipe")
    words.add_argument("seeds", nargs="+", type=int)
    chosen = words.parse_args()
    torch.set_num_threads(1)
    for seed in chosen.seeds:
        experiment = recipe(chosen.recipe)
        keep(chosen.recipe, experiment, seed, train(experiment, seed))


def train(experiment: Experiment, seed: int) -> list[dict[str, Any]]:
    """Train from this seed. Returns: the coverage, at evenly spaced iterations; a heat map too for one seed."""
    game = build_game(seeded(experiment, seed), experiment.data.load(None, seed))
    state = build_state(seeded(experiment, seed), game, torch.device("cpu"))
    loop, found = Loop(game, state), []
    last = experiment.algorithm.iterations or 0
    due = {round(last * share / SNAPSHOTS) for share in range(1, SNAPSHOTS + 1)}
    while not loop.finished:
        loop.iterate()
        if state.clock.iteration in due:
            points = generate(sampling_generator(experiment, state), experiment.latent, MAP_SAMPLES, seed, "ring")
            found.append({"iteration": state.clock.iteration} | measured(points) | mapped(points, seed))
    return found


def seeded(experiment: Experiment, seed: int) -> Experiment:
    return replace(experiment, seed=seed)


def measured(points: torch.Tensor) -> dict[str, Any]:
    """Modes covered and shares of good samples among the first points."""
    ring = Ring()
    centres = torch.tensor(ring.centres(), dtype=torch.float64)
    found = point_coverage(points[:SAMPLES], centres, ring.deviation, LOOSE, LEAST)
    return {
        "covered": found.covered,
        "covered_loosely": found.covered_loosely,
        "share_near": round(found.share_near, 4),
        "share_loose": round(found.share_loose, 4),
    }


def mapped(points: torch.Tensor, seed: int) -> dict[str, Any]:
    """The counts of a two-dimensional histogram, a row per bin of y, as text of one number per bin; one seed only."""
    if seed != MAP_SEED:
        return {}
    bins, limits = [MAP_BINS] * 2, [-MAP_LIMIT, MAP_LIMIT] * 2
    counts = torch.histogramdd(points.double(), bins, limits).hist.T.int().tolist()
    return {"heat_map": [" ".join(map(str, row)) for row in counts]}


def keep(name: str, experiment: Experiment, seed: int, snapshots: list[dict[str, Any]]) -> None:
    path = RESULTS / f"{name}.json"
    before = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.exists() else {}
    plain = to_plain(experiment)
    plain.pop("seed")
    runs = {int(key): value for key, value in before.items()} | {seed: {"commit": git_commit(), "snapshots": snapshots}}
    document = {
        "passport": {
            "command": f"python docs/figures/ring_measure.py {name} " + " ".join(map(str, sorted(runs))),
            "metric": f"point_coverage: near is within 0.3, loose within {LOOSE:g} of a centre; a mode is covered "
            f"with at least {LEAST} of {SAMPLES} samples",
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
