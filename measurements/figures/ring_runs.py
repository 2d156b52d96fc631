"""Adds runs of the ring's published setting to results/ring/reg-gan-ring-paper-runs.json, and draws their ends.

python -m measurements.figures.ring_runs RUN...    a run each: equipoise train reg-gan-ring-paper --seed S
python -m measurements.figures.ring_runs           draws docs/figures/ring_published.png

A run, of any length, replaces one of the same seed.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch

from equipoise.common.files import write_text_atomically
from equipoise.evaluation.sampling import generate
from equipoise.experiments.config import to_plain
from equipoise.runs.trained import load_trained
from equipoise.simulations.report import write_figure
from equipoise.simulations.ring_over_time import RingSettings, counts, draw
from measurements import FIGURES_FOLDER
from measurements.figures.ring_measure import METRIC, RESULTS, measured
from measurements.figures.run_results import passport

DATA = RESULTS / "reg-gan-ring-paper-runs.json"
SETTINGS = RingSettings()


def taken(path: Path) -> dict[str, Any]:
    """The passport of a run, and the coverage and heat map of its newest generator's samples."""
    trained = load_trained(path, torch.device("cpu"), "newest")
    experiment = trained.experiment
    points = generate(trained.generator, experiment.latent, SETTINGS.samples, experiment.seed, "ring")
    end = {"iteration": trained.iteration} | measured(points) | {"counts": counts(points, SETTINGS)}
    plain = to_plain(experiment)
    return {"passport": passport(trained.run, plain), "algorithm": plain["algorithm"], "snapshots": [end]}


def named_runs(description: str | None) -> list[Path]:
    """The runs that the command line names, none or more; they are sampled on one thread."""
    words = argparse.ArgumentParser(description=description)
    words.add_argument("runs", type=Path, nargs="*")
    torch.set_num_threads(1)
    named: list[Path] = words.parse_args().runs
    return named


def main() -> None:
    if paths := named_runs(__doc__):
        before = json.loads(DATA.read_text(encoding="utf-8"))["runs"]
        found = [taken(path) for path in paths]
        document = {"metric": METRIC, "runs": before | {str(run["passport"]["seed"]): run for run in found}}
        write_text_atomically(DATA, json.dumps(document, indent=1) + "\n")
    ends = [run["snapshots"][-1] for run in json.loads(DATA.read_text(encoding="utf-8"))["runs"].values()]
    parameters = {"iterations": [end["iteration"] for end in ends], "limit": SETTINGS.limit}
    runs = [{"title": "published setting", "snapshots": ends}]
    write_figure(FIGURES_FOLDER / "ring_published.png", draw, {"parameters": parameters, "runs": runs})


if __name__ == "__main__":
    main()
