"""Trains runs that end well and runs that fail, watched by the monitors, and notes both in results/monitor/runs.json.

python -m measurements.monitor.measure CIFAR10 --data DATA [--worlds ring digits]     about ten minutes on one free core

CIFAR10 is a folder of colour images in subfolders by class, DATA holds MNIST. Runs that are in the file are left out,
so that a measurement that was stopped goes on. `python -m measurements.monitor.page` prints the tables.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from equipoise.common.files import write_text_atomically
from equipoise.common.machine import git_commit
from equipoise.monitor import BalanceMonitor, HealthMonitor, MemorisationMonitor, Monitor, VarietyMonitor
from equipoise.monitor.collapse import SAMPLES
from equipoise.monitor.monitor import Watcher
from measurements import RESULTS_FOLDER
from measurements.monitor.cases import CASES, MEASURED_ON, Case
from measurements.monitor.loops import LOOKS, train, training_items
from measurements.monitor.truth import Judge, Truth
from measurements.monitor.worlds import World, world

RESULTS = RESULTS_FOLDER / "monitor" / "runs.json"
JUDGED = 10
"""Looks of the judge in a run."""
MOST_ITEMS, HELD_OUT = 10_000, 500
"""Training items and others that the monitor of copies compares with."""


class Watched:
    """Feeds the monitors and, less often, the judge, which know nothing of each other."""

    def __init__(self, played_on: World, training: Tensor):
        self.judge = Judge(played_on, training)
        self.monitor = Monitor(*_monitors(played_on, training))
        self.alarms: list[dict[str, Any]] = []
        self.truths: list[tuple[int, Truth]] = []
        self.steps = 0

    def step(self, real: Tensor, fake: Tensor, losses: dict[str, Tensor], gradients: dict[str, Tensor]) -> None:
        """The one line of a loop."""
        self.steps += 1
        self.monitor.update(step=self.steps, real_scores=real, fake_scores=fake, losses=losses, gradients=gradients)

    def look(self, samples: Tensor, iteration: int, total: int) -> None:
        """Ask the monitors; and every fourth time the judge."""
        if "samples" in self.monitor.takes:
            self.monitor.update(step=iteration, samples=samples[:SAMPLES])
        self.alarms += [
            {"name": each.name, "passed": each.passed, "step": each.step, "seen": each.seen}
            for each in self.monitor.report().alarms
        ]
        if iteration % (total // JUDGED) == 0:
            self.truths.append((iteration, self.judge.look(samples)))


def _monitors(played_on: World, training: Tensor) -> list[Watcher]:
    monitors: list[Watcher] = [BalanceMonitor(), HealthMonitor()]
    variety = VarietyMonitor.of(training, played_on.iterations)
    if variety is not None:
        monitors.append(variety)
    if training[0].numel() > 2:
        monitors.append(MemorisationMonitor(training[:MOST_ITEMS], played_on.held_out[:HELD_OUT]))
    return monitors


def measured(case: Case, seed: int, played_on: World) -> dict[str, Any]:
    """One run: what the judge found over time, and what the monitors said."""
    watched = Watched(played_on, training_items(played_on, case.knobs, seed))
    train(played_on, case.knobs, seed, watched)
    found = [truth for _, truth in watched.truths]
    return {
        "world": case.world,
        "meant": case.meant,
        "words": case.words,
        "seed": seed,
        "iterations": watched.steps,
        "judged_at": [iteration for iteration, _ in watched.truths],
        "finite": [truth.finite for truth in found],
        "modes": [truth.modes for truth in found],
        "distance": [round(truth.distance, 2) if truth.finite else None for truth in found],
        "copies": [round(truth.copies, 3) for truth in found],
        "histograms": [truth.histogram for truth in found],
        "alarms": watched.alarms,
    }


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("colour", type=Path)
    words.add_argument("--data", type=Path)
    words.add_argument("--worlds", nargs="+", default=["ring", "digits", "mnist", "colour"])
    words.add_argument("--most", type=int, default=1_000, help="how many runs at most")
    given = words.parse_args()
    torch.set_num_threads(1)
    done = {(run["world"], run["words"], run["seed"]) for run in read()}
    asked = [case for case in CASES if case.world in given.worlds]
    cases = [(case, seed) for seed in MEASURED_ON for case in asked if seed in case.seeds]
    missing = [(case, seed) for case, seed in cases if (case.world, case.words, seed) not in done]
    for case, seed in missing[: given.most]:
        played_on = world(case.world, given.colour if case.world == "colour" else given.data)
        run = measured(case, seed, played_on)
        write([*read(), run])
        print(case.world, case.meant, case.words, seed, flush=True)


def read() -> list[dict[str, Any]]:
    """The runs that were measured so far."""
    found = json.loads(RESULTS.read_text(encoding="utf-8"))["runs"] if RESULTS.exists() else []
    return list(found)


def write(runs: list[dict[str, Any]]) -> None:
    """The file, a run a line."""
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(run) for run in runs)
    about = json.dumps({"commit": git_commit(), "torch": torch.__version__, "looks": LOOKS})
    write_text_atomically(RESULTS, f'{{"about": {about}, "runs": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
