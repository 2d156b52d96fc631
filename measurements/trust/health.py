"""What it costs to look whether a run still holds finite numbers: CPU time of training with the look over without it.

    python -m measurements.trust.health --out results/trust/health.json

Plays the same iterations of several recipes with and without the vital signs, in turns, at one thread.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from equipoise.common.files import write_text_atomically
from equipoise.common.machine import git_commit
from equipoise.data.noise import Noise
from equipoise.experiments.build import build_game, build_state
from equipoise.recipes.catalogue import recipe
from equipoise.runs.vitals import Vitals
from equipoise.training import loop as loops
from equipoise.training.loop import Loop
from measurements.benchmarks.measure import Case, compare, machine
from measurements.benchmarks.timers import Way

RECIPES: dict[str, dict[str, Any]] = {
    "gan-digits": {},
    "magan-digits": {},
    "reg-gan-ring": {},
    "sngan-cifar10": {"batch_size": 16},
}
BUDGETS = {name: "cpu" if name == "sngan-cifar10" else "paper" for name in RECIPES}


def loop_of(name: str, changes: dict[str, Any]) -> Loop:
    experiment = recipe(name, BUDGETS[name])
    if experiment.data.name not in ("digits", "ring", "ring-6"):
        changes = changes | {"data": Noise((3, 32, 32), count=64)}
    experiment = replace(experiment, **changes)
    game = build_game(experiment, experiment.data.load())
    return Loop(game, build_state(experiment, game, torch.device("cpu")))


def ways_of(name: str, changes: dict[str, Any], iterations: int) -> Callable[[], dict[str, Way]]:
    """The look is taken as a run takes it: after every move, read together every 50 iterations and at the end."""

    def prepare() -> dict[str, Way]:
        looking, blind = loop_of(name, changes), loop_of(name, changes)
        health = Vitals(lambda iteration: False, every_seconds=None)

        def looked() -> None:
            for _ in range(iterations):
                health(looking.state, looking.iterate())
            health.check()

        def unlooked() -> None:
            vitals, loops._vitals = loops._vitals, lambda outcome, players, buffers: []
            for _ in range(iterations):
                blind.iterate()
            loops._vitals = vitals

        return {"with the look": looked, "without": unlooked}

    return prepare


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("results/trust/health.json"))
    parser.add_argument("--rounds", type=int, default=9)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for name, changes in RECIPES.items():
        iterations = 1 if "cifar" in name else 50
        work = f"{iterations} iterations of {name}" + (f", {changes}" if changes else "")
        case = Case(name, "training with the look", {}, ways_of(name, changes, iterations), work, chosen.rounds)
        rows.append(compare(case))
        print(name, rows[-1]["ways"]["without"]["ratio"])
    result = {"machine": machine() | {"commit": git_commit()}, "rows": rows}
    write_text_atomically(chosen.out, json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
