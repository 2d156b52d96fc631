"""Do the discriminator's outputs keep classes apart, repulsive against attractive? On scikit-learn's digits.

python -m measurements.figures.critic_classes             trains six runs and writes the data; 6 minutes
python -m measurements.figures.critic_classes --baselines measures what needs no training; seconds
python -m measurements.figures.critic_classes --table     prints the table of docs/algorithms/mmd-gan.md
python -m measurements.figures.critic_classes --map LOSS  trains one run and adds its map to the figure; 1 minute

The data are results/mmd/critic-classes-*.json and critic-map-LOSS.json, the figure docs/figures/mmd_classes.png.

The networks are those of `gan-digits`, the discriminator with 16 outputs and C = 1/0.55 on every layer.
"""

import argparse
import json
import statistics
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib
import torch

from equipoise.algorithms.mmd_gan import MMDGAN
from equipoise.common.files import write_text_atomically
from equipoise.common.machine import git_commit
from equipoise.constraints import SpectralNorm
from equipoise.evaluation.catalogue import METRICS
from equipoise.evaluation.passport import current_versions
from equipoise.experiments.experiment import Experiment, NetworkConfig
from equipoise.losses.kernels import GAUSSIAN_MIXTURE
from equipoise.metrics.class_separation import class_silhouette, neighbour_purity
from equipoise.recipes.catalogue import recipe
from equipoise.runs.train import Settings, train
from equipoise.runs.trained import evidence_of, load_trained
from equipoise.studies.critic_map import write_critic_map
from measurements import FIGURES_FOLDER, RESULTS_FOLDER

matplotlib.use("Agg")
import matplotlib.pyplot as plt

DATA, BASELINES = (RESULTS_FOLDER / "mmd" / f"critic-classes-{name}.json" for name in ("digits", "baselines"))
TAKEN = ("critic-silhouette", "critic-purity")
SEEDS, ITERATIONS, FEATURES, SCALE, NEIGHBOURS = (0, 1, 2), 2000, 16, 1 / 0.55, 10
LOSSES = {
    "repulsive": MMDGAN(repulsion=1.0, iterations=ITERATIONS),
    "attractive": MMDGAN(repulsion=-1.0, widths=GAUSSIAN_MIXTURE, iterations=ITERATIONS),
}
QUIET = Settings("cpu", quiet=True, threads=1)


def experiment(loss: str, seed: int) -> Experiment:
    base = recipe("gan-digits")
    judge = base.players["discriminator"]
    network = NetworkConfig(judge.network.kind, {**judge.network.options, "output_size": FEATURES})
    players = {**base.players, "discriminator": replace(judge, network=network, constraint=SpectralNorm(scale=SCALE))}
    return replace(base, name=f"mmd-{loss}-digits", players=players, algorithm=LOSSES[loss], seed=seed)


def measured(loss: str, seed: int, mapped: bool = False) -> dict[str, Any]:
    """The scores of a run; with `mapped`, where t-SNE puts each image and its class too."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        train(experiment(loss, seed), run, QUIET)
        evidence = evidence_of(load_trained(run, torch.device("cpu")), 10, QUIET)
        found = {"loss": loss, "seed": seed} | {name: METRICS.load(name)(evidence).value for name in TAKEN}
        if mapped:
            write_critic_map(evidence, run)
            found |= json.loads((run / "critic-map.json").read_text(encoding="utf-8"))
        return found


def untrained(seed: int) -> list[dict[str, Any]]:
    """The scores of a discriminator after one iteration, and those of the images themselves."""
    plain = experiment("repulsive", seed)
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        train(replace(plain, algorithm=replace(LOSSES["repulsive"], iterations=1)), run, QUIET)
        evidence = evidence_of(load_trained(run, torch.device("cpu")), 10, QUIET)
        found = {name: METRICS.load(name)(evidence).value for name in TAKEN}
    data = evidence.data
    assert data.labels is not None
    pixels = data.batch(torch.arange(len(data)), plain.value_range).flatten(1)
    of_pixels = class_silhouette(pixels, data.labels), neighbour_purity(pixels, data.labels, NEIGHBOURS)
    return [
        {"loss": "after one iteration", "seed": seed} | found,
        {"loss": "the pixels themselves", "seed": seed} | dict(zip(TAKEN, of_pixels, strict=True)),
    ]


def map_of(loss: str) -> Path:
    return DATA.parent / f"critic-map-{loss}.json"


def draw() -> None:
    """The maps side by side, a colour for each digit."""
    figure, panels = plt.subplots(1, len(LOSSES), figsize=(8.4, 4.2), dpi=110)
    for axes, loss in zip(panels, LOSSES, strict=True):
        found = json.loads(map_of(loss).read_text(encoding="utf-8"))
        axes.scatter(*zip(*found["points"], strict=True), c=found["labels"], cmap="tab10", s=4)
        scores = ", ".join(f"{name.removeprefix('critic-')} {found[name]:.2f}" for name in TAKEN)
        axes.set_title(f"{loss}: {scores}", fontsize=10)
        axes.set_xticks([])
        axes.set_yticks([])
    figure.tight_layout()
    figure.savefig(FIGURES_FOLDER / "mmd_classes.png")


def table(*documents: dict[str, Any]) -> str:
    """A line for each loss, and for each baseline."""
    lines = ["| loss | silhouette by class | neighbours of the same class |", "| --- | --- | --- |"]
    every = [row for document in documents for row in document["runs"]]
    for loss in dict.fromkeys(row["loss"] for row in every):
        rows = [row for row in every if row["loss"] == loss]
        cells = ([row[name] for row in rows] for name in TAKEN)
        shown = " | ".join(f"{statistics.mean(cell):.3f} ± {statistics.stdev(cell):.3f}" for cell in cells)
        lines.append(f"| {loss} | {shown} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--table", action="store_true")
    words.add_argument("--map", choices=LOSSES)
    words.add_argument("--baselines", action="store_true")
    chosen = words.parse_args()
    passport: dict[str, Any] = {"iterations": ITERATIONS, "versions": current_versions(), "commit": git_commit()}
    if chosen.map:
        found = {"passport": passport} | measured(chosen.map, SEEDS[0], mapped=True)
        write_text_atomically(map_of(chosen.map), json.dumps(found) + "\n")
        if all(map_of(loss).is_file() for loss in LOSSES):
            draw()
    elif chosen.baselines:
        runs = [row for seed in SEEDS for row in untrained(seed)]
        passport |= {"iterations": 1, "neighbours": NEIGHBOURS, "data": "digits"}
        write_text_atomically(BASELINES, json.dumps({"passport": passport, "runs": runs}, indent=1) + "\n")
    elif not chosen.table:
        runs = [measured(loss, seed) for seed in SEEDS for loss in LOSSES]
        write_text_atomically(DATA, json.dumps({"passport": passport, "runs": runs}, indent=1) + "\n")
    print(table(*read()), end="")


def read() -> list[dict[str, Any]]:
    """The data of the runs, and of the baselines, as far as they were measured."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in (DATA, BASELINES) if path.is_file()]


if __name__ == "__main__":
    main()
