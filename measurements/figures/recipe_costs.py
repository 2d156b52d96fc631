"""Measures what a recipe costs at the CPU budget, into results/recipes/cpu-costs.json, and prints the page's table.

python -m measurements.figures.recipe_costs          measures the recipes that the file does not hold as they are now
python -m measurements.figures.recipe_costs table    prints the table of docs/recipes.md

Recipes that differ in their data's content, in numbers such as learning rates and weights, or in what is watched only
cost the same and are measured once. The data are random images of the same shape, as many as a few batches; the length
of a stage is counted with the true number of images. Processor seconds of one thread: the fastest of a few iterations
of each stage, times their number.
"""

import json
import platform
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import torch

from equipoise import __version__
from equipoise.common.files import write_text_atomically
from equipoise.data.celeba import CelebA
from equipoise.data.cifar10 import Cifar10
from equipoise.data.compositional_mnist import CompositionalMnist
from equipoise.data.digits import Digits
from equipoise.data.folder import Folder
from equipoise.data.grid import Grid
from equipoise.data.lsun import LsunBedroom
from equipoise.data.mnist import Mnist
from equipoise.data.noise import Noise
from equipoise.data.ring import Ring
from equipoise.data.stacked_mnist import StackedMnist
from equipoise.data.stl10 import Stl10
from equipoise.experiments.build import build_game, build_state
from equipoise.experiments.config import to_plain
from equipoise.experiments.experiment import Experiment
from equipoise.recipes.catalogue import RECIPES, recipe
from equipoise.recipes.families import families
from equipoise.runs.pace import OneStage
from equipoise.training.loop import Loop
from measurements import RESULTS_FOLDER

RESULTS = RESULTS_FOLDER / "recipes" / "cpu-costs.json"
TIMED, BATCHES = 1, 3
COUNTS: dict[type, int] = {
    Digits: 1_797, Mnist: 60_000, Cifar10: 50_000, Stl10: 100_000, CelebA: 19_867, Folder: 50_000,
}  # fmt: skip
"""Images at the CPU budget, of the sets that do not say it themselves; a folder is taken to be as large as CIFAR-10."""
COUNTED = (Ring, Grid, StackedMnist, CompositionalMnist, LsunBedroom)
FREE_OF_PLAYERS = {"lr", "betas", "eps", "schedule", "beta2_schedule", "limit", "output_activation", "output_size"}
FREE_OF_ALGORITHMS = {
    "loss", "amplifier", "kernel", "widths", "margin", "repulsion", "bounds", "code_compat", "weight",
    "scale_weight", "geometric_weight", "mode_weight", "adversarial_weight", "pulling_away_weight", "pulling_away_of",
    "similarity_weight", "real_weight", "head_decay", "dequantisation", "gamma_schedule", "augment_schedule",
    "iterations", "epochs", "pretrain_epochs",
}  # fmt: skip
"""Fields whose values change nothing of the cost, or next to nothing beside the networks'."""
TABLE_HEAD = "| recipe | iterations | images per second | minutes |\n| --- | --- | --- | --- |"


def main() -> None:
    torch.set_num_threads(1)
    if sys.argv[1:] == ["table"]:
        print(table(json.loads(RESULTS.read_text(encoding="utf-8"))))
    else:
        measure_all()


def measure_all() -> None:
    """The cost of an iteration is measured where the file does not hold it; lengths are counted anew."""
    before = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {"costs": {}}
    costs: dict[str, dict[str, float]] = before["costs"]
    recipes = {}
    for name in RECIPES:
        experiment = recipe(name, "cpu")
        key = fingerprint(experiment)
        if key not in costs:
            costs[key] = measured(experiment)
            print(name, costs[key], flush=True)
            keep({"costs": costs, "recipes": {}})
        recipes[name] = length(experiment, costs[key]) | {"cost": key}
    used = {entry["cost"] for entry in recipes.values()}
    keep({"costs": {key: costs[key] for key in sorted(used)}, "recipes": recipes})


def fingerprint(experiment: Experiment) -> str:
    """A hash of all that an iteration's cost depends on: networks, batch, images, the algorithm's structure."""
    plain = to_plain(experiment)
    parts = [structure(plain["players"], FREE_OF_PLAYERS), structure(plain["algorithm"], FREE_OF_ALGORITHMS)]
    return sha256(json.dumps([parts, experiment.batch_size, list(experiment.data.item_shape)]).encode()).hexdigest()[
        :16
    ]


def structure(plain: Any, free: set[str]) -> Any:
    """The same without the fields that cost nothing."""
    if isinstance(plain, list):
        return [structure(each, free) for each in plain]
    if not isinstance(plain, dict):
        return plain
    return {
        name: structure(value, free)
        for name, value in plain.items()
        if name not in free and not is_scale(name, value) and not is_on_every_step(name, value)
    }


def is_scale(name: str, value: Any) -> bool:
    """The C of a spectral norm; an algorithm's scale is a word."""
    return name == "scale" and isinstance(value, float)


def is_on_every_step(name: str, value: Any) -> bool:
    """A penalty that is not lazy."""
    return name == "every" and value == 1


def measured(experiment: Experiment) -> dict[str, float]:
    """Processor seconds of an iteration of each stage."""
    stand_in = replace(experiment, data=like(experiment), seed=0)
    game = build_game(stand_in, stand_in.data.load(None, 0))
    found = {}
    for stage in experiment.algorithm.stages():
        longer = replace(stage, epochs=None, iterations=TIMED + 1)
        alone = replace(game, algorithm=OneStage(iterations=TIMED + 1, whole=experiment.algorithm, stage=longer))
        loop = Loop(alone, build_state(stand_in, alone, torch.device("cpu")))
        found[stage.name] = round(iteration_seconds(loop), 5)
    return found


def length(experiment: Experiment, costs: dict[str, float]) -> dict[str, Any]:
    """The iterations and processor seconds of the whole run."""
    game = build_game(experiment, Counted(count_of(experiment)))  # type: ignore[arg-type]
    iterations = {stage.name: game.stage_iterations(stage) for stage in experiment.algorithm.stages()}
    seconds = sum(count * costs[stage] for stage, count in iterations.items())
    return {"iterations": sum(iterations.values()), "batch": experiment.batch_size, "seconds": round(seconds, 1)}


@dataclass(frozen=True)
class Counted:
    """A set of which only the number of items matters."""

    count: int

    def __len__(self) -> int:
        return self.count


def count_of(experiment: Experiment) -> int:
    data: Any = experiment.data
    count: Any = data.count if isinstance(data, COUNTED) else COUNTS[type(data)]
    return int(count)


def like(experiment: Experiment) -> Any:
    """A few batches in the shape of the data."""
    data, count = experiment.data, BATCHES * experiment.batch_size
    return data.stand_in(count) or Noise(data.item_shape, count)


def iteration_seconds(loop: Loop) -> float:
    """Processor seconds of the fastest iteration after the first."""
    loop.iterate()
    return min(timed(loop))


def timed(loop: Loop) -> Iterator[float]:
    for _ in range(TIMED):
        start = time.process_time()
        loop.iterate()
        yield time.process_time() - start


def keep(found: dict[str, Any]) -> None:
    passport = {
        "command": "python -m measurements.figures.recipe_costs",
        "measure": "processor seconds of one thread at the CPU budget: the fastest iteration of each stage after the "
        f"first, of {TIMED}, times the number of its iterations",
        "equipoise": __version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "threads": 1,
    }
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    write_text_atomically(RESULTS, json.dumps({"passport": passport} | found, indent=1) + "\n")


def table(document: dict[str, Any]) -> str:
    """The Markdown table of the page; recipes that are one computation stand in one row, under the first's name."""
    rows: dict[tuple[str, int], list[str]] = {}
    for name, entry in document["recipes"].items():
        rows.setdefault((entry["cost"], entry["iterations"]), []).append(name)
    lines = [row(names, document["recipes"][names[0]]) for names in rows.values()]
    return "\n".join([TABLE_HEAD, *lines])


def row(names: list[str], entry: dict[str, Any]) -> str:
    speed = entry["iterations"] * entry["batch"] / entry["seconds"]
    shown = "less than 1" if entry["seconds"] < 60 else f"{entry['seconds'] / 60:.0f}"
    shown_names = ", ".join(f"`{family}`" for family in families(names))
    return f"| {shown_names} | {entry['iterations']:,} | {speed:,.0f} | {shown} |"


if __name__ == "__main__":
    main()
