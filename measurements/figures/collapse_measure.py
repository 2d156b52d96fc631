"""Trains healthy and collapsing runs on digits and notes what the collapse alarm said, in results/collapse/digits.json.

python -m measurements.figures.collapse_measure SEED [SEED ...]      about six minutes a seed on one free core
"""

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from equipoise.common.files import write_text_atomically
from equipoise.common.machine import git_commit
from equipoise.experiments.config import changed
from equipoise.experiments.experiment import Experiment, with_length
from equipoise.recipes.catalogue import recipe
from equipoise.runs.train import Settings, train
from equipoise.runs.trained import evaluate
from measurements import RESULTS_FOLDER

RESULTS = RESULTS_FOLDER / "collapse" / "digits.json"
SETTINGS = Settings(device="cpu", threads=1, quiet=True, on_collapse="log")
ROWS: dict[str, tuple[str, int, tuple[str, ...]]] = {
    "GAN": ("gan-digits", 60, ()),
    "GAN, generator's rate 0.005": ("gan-digits", 60, ("players.generator.optimiser.lr=0.005",)),
    "GAN, discriminator's rate 0.01": ("gan-digits", 60, ("players.discriminator.optimiser.lr=0.01",)),
    "EBGAN, margin 10": ("ebgan-digits", 120, ("algorithm.margin=10",)),
    "EBGAN, margin 5": ("ebgan-digits", 120, ("algorithm.margin=5",)),
    "EBGAN, margin 1": ("ebgan-digits", 120, ("algorithm.margin=1",)),
    "MAGAN": ("magan-digits", 120, ()),
}


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("seeds", nargs="+", type=int)
    runs = [measured(row, seed) for seed in words.parse_args().seeds for row in ROWS]
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    write_text_atomically(RESULTS, json.dumps({"commit": git_commit(), "runs": runs}, indent=1) + "\n")


def measured(row: str, seed: int) -> dict[str, Any]:
    """One run: the inception score at its end, its variety over time, and what was told."""
    with tempfile.TemporaryDirectory() as folder:
        run = train(experiment(row, seed), Path(folder) / "run", SETTINGS)
        (score,) = evaluate(run.path, ("inception-score",), 2_000, SETTINGS)
        log = [json.loads(line) for line in run.log.read_text(encoding="utf-8").splitlines()]
    looks = [line for line in log if line["kind"] == "variety"]
    return {
        "row": row,
        "seed": seed,
        "inception_score": round(float(cast(float, score.value)), 4),
        "iterations": [line["iteration"] for line in looks],
        **{name: [round(line["values"][name], 4) for line in looks] for name in ("reach", "spread", "spacing")},
        "told": [line["told"] for line in log if line["kind"] == "alarm"],
    }


def experiment(row: str, seed: int) -> Experiment:
    name, epochs, changes = ROWS[row]
    return replace(changed(with_length(recipe(name), epochs=epochs), changes), seed=seed)


if __name__ == "__main__":
    main()
