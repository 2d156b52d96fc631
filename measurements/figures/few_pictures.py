"""Few pictures, with and without augmentation: how near samples come to unseen pictures, and to those they learnt from.

python -m measurements.figures.few_pictures RUNS UNSEEN --data-label FOLDER

writes results/few_pictures.json: RUNS is a folder of runs, each on other pictures of FOLDER or with another
augmentation, UNSEEN a folder of pictures of the same kind that none of them was trained on. The table of
docs/pictures.md comes from it by `python -m measurements.figures.my_pictures`.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch

import equipoise
from equipoise.algorithms.relativistic import RelativisticGAN
from equipoise.common.files import write_text_atomically
from equipoise.data.catalogue import parse_data
from equipoise.evaluation.backbones import make_extractor
from equipoise.evaluation.features import extract
from equipoise.evaluation.judge import all_items
from equipoise.evaluation.sampling import generate, to_bytes
from equipoise.metrics.neighbours import memorisation
from equipoise.runs.directory import open_run
from equipoise.runs.trained import load_trained
from measurements import RESULTS_FOLDER, pages
from measurements.figures.run_results import passport, with_interval

DATA = RESULTS_FOLDER / "few_pictures.json"
SAMPLES, SCORE, JUDGE = 1000, "lite0-kernel", "efficientnet-lite0"


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("runs", type=Path)
    words.add_argument("unseen", type=Path)
    words.add_argument("--data-label", help="the folder's published name, in place of its path")
    chosen = words.parse_args()
    found = [measured(run, chosen.unseen, chosen.data_label) for run in sorted(chosen.runs.iterdir())]
    found.sort(key=lambda each: (each["pictures"], not each["augmented"]))
    write_text_atomically(DATA, json.dumps(found, indent=1) + "\n")


def measured(path: Path, unseen: Path, label: str) -> dict[str, Any]:
    """The score of a run's samples against unseen pictures, and how near they are to the training pictures."""
    run = open_run(path)
    experiment = run.experiment()
    algorithm = experiment.algorithm
    assert isinstance(algorithm, RelativisticGAN)
    trained = load_trained(path, torch.device("cpu"))
    samples = to_bytes(generate(trained.generator, experiment.latent, SAMPLES, 0), experiment.value_range)
    store = experiment.data.load(None, experiment.seed)
    others = parse_data(str(unseen)).load(None, 0).items.gather(torch.arange(SAMPLES))
    judge = make_extractor(JUDGE, None)
    near = memorisation(*(extract(each, judge).features for each in (samples, all_items(store), others)))
    score = equipoise.score(unseen, path, [SCORE], count=SAMPLES)[SCORE]
    return {
        "passport": passport(run, {"data": {"kind": "folder", "path": label}}),
        "pictures": len(store),
        "augmented": algorithm.augment is not None and bool(algorithm.augment.operations),
        "iteration": trained.iteration,
        "score": with_interval(score.value, score.passport),
        "ratio": near.ratio,
        "share_nearer": near.share_nearer,
        "copies": near.copies,
    }


def table() -> str:
    """The rows of the page."""
    heads = "pictures | augmentation | lite0-kernel against unseen (95 %) | nearer than 95 of 100 unseen"
    return pages.table(heads, [row(each) for each in json.loads(DATA.read_text(encoding="utf-8"))])


def row(found: dict[str, Any]) -> str:
    switched = "on" if found["augmented"] else "off"
    score = pages.interval(found["score"])
    return f"{found['pictures']:,} | {switched} | {score} | {found['share_nearer']:.0%}"


if __name__ == "__main__":
    main()
