"""How the inception score of real MNIST depends on the classifier: on its accuracy, and on how it came to it.

python -m measurements.figures.score_of_real DATA_ROOT WAY    trains the classifiers of one way; two minutes each
python -m measurements.figures.score_of_real                  prints the table of docs/metrics.md and draws its figure

The data are results/metrics/score-of-real-mnist.json.

The network is the one that judges MNIST. It is stopped early (one or two passes over some of the training images), or
trained to the end on few images (many passes), so that the same accuracy is reached with and without confidence.
"""

import argparse
import itertools
import json
import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib
import torch
from torch.nn import functional

from equipoise.common.files import write_text_atomically
from equipoise.common.machine import git_commit
from equipoise.common.random import stream
from equipoise.data.mnist import Mnist
from equipoise.evaluation.classifier import train_classifier
from equipoise.evaluation.classifier_network import MNIST_RECIPE
from equipoise.evaluation.judge import all_items, parts_of
from equipoise.evaluation.passport import current_versions
from equipoise.metrics import inception_score
from measurements import FIGURES_FOLDER, RESULTS_FOLDER
from measurements.figures.axes import save
from measurements.pages import table

matplotlib.use("Agg")
import matplotlib.pyplot as plt

DATA = RESULTS_FOLDER / "metrics" / "score-of-real-mnist.json"
PICTURE = FIGURES_FOLDER / "metrics_score_of_real.png"
SEEDS = (0, 1, 2)
WAYS = {
    "stopped early": (
        (1_280, 1),
        (2_560, 1),
        (5_120, 1),
        (10_240, 1),
        (20_480, 1),
        (60_000, 1),
        (40_000, 2),
        (60_000, 2),
    ),
    "few images": ((1_000, 40), (3_000, 15), (8_000, 6)),
}
"""How it is trained, by name: training images, and passes over them."""
CASES = [(way, *length) for way, lengths in WAYS.items() for length in lengths]
COLOURS = {"stopped early": "#1b6ca8", "few images": "#c8511b"}
PAPER = (0.987, 9.09)
"""Wang et al. 2017: the classifier's accuracy, and its score of the real test images."""


def measure(root: Path, chosen: str) -> None:
    """Train the classifiers of one way that are not in the file yet, and add each of them."""
    train, test = parts_of(Mnist(resolution=28), root)
    assert train.labels is not None
    assert test.labels is not None
    images, held_out = all_items(train), all_items(test)
    shown = held_out[torch.randperm(len(held_out), generator=stream(0, "score of real/order"))].float() / 255
    done = {(row["way"], row["images"], row["passes"], row["seed"]) for row in read()}
    for (way, count, passes), seed in itertools.product(CASES, SEEDS):
        if way != chosen or (way, count, passes, seed) in done:
            continue
        some = torch.randperm(len(images), generator=stream(seed, "score of real/images"))[:count]
        recipe = replace(MNIST_RECIPE, epochs=passes, seed=seed)
        judge = train_classifier(images[some], train.labels[some], held_out, test.labels, recipe=recipe)
        row = {"way": way, "images": count, "passes": passes, "seed": seed, "accuracy": judge.accuracy}
        keep(row | scores(judge.probabilities(shown)))


def read() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(DATA.read_text(encoding="utf-8"))["rows"] if DATA.is_file() else []
    return rows


def keep(row: dict[str, Any]) -> None:
    passport = {
        "data": "MNIST, 28x28; scores of the 10,000 test images in 10 splits of 1,000",
        "classifier": "the recipe of MNIST's judge, with the images, passes and seed of each row",
        "versions": current_versions(),
        "device": "cpu",
        "threads": 1,
    }
    rows = sorted(
        [*read(), row | {"commit": git_commit()}],
        key=lambda row: (CASES.index((row["way"], row["images"], row["passes"])), row["seed"]),
    )
    write_text_atomically(DATA, json.dumps({"passport": passport, "rows": rows}, indent=1) + "\n")
    print(row, flush=True)


def scores(probabilities: torch.Tensor) -> dict[str, float]:
    score, deviation = inception_score(probabilities, splits=10)
    labels = functional.one_hot(probabilities.argmax(dim=1), probabilities.shape[1]).double()
    return {
        "score": score,
        "deviation": deviation,
        "score_in_one_split": inception_score(probabilities, splits=1)[0],
        "score_of_labels": inception_score(labels, splits=10)[0],
        "confidence": float(probabilities.max(dim=1).values.mean()),
    }


def page_table(rows: list[dict[str, Any]]) -> str:
    lines = []
    for way, count, passes in CASES:
        runs = [row for row in rows if (row["way"], row["images"], row["passes"]) == (way, count, passes)]
        cells = [
            f"{statistics.mean(run[name] for run in runs):.{digits}f} ± "
            f"{statistics.stdev(run[name] for run in runs):.{digits}f}"
            for name, digits in (("accuracy", 4), ("confidence", 3), ("score", 2))
        ]
        lines.append(" | ".join([way, f"{count:,}", str(passes), *cells]))
    return table("training | images | passes | accuracy | mean confidence | inception score of real digits", lines)


def of_our_judge() -> tuple[float, float]:
    """The accuracy of the classifier that judges MNIST (four passes over all images), and its score of real digits."""
    study, run = (
        json.loads((RESULTS_FOLDER / "studies" / "magan-mnist" / name).read_text(encoding="utf-8"))
        for name in ("results.json", "full-width/magan-mnist-1.json")
    )
    (real,) = (each["scores"]["inception-score"] for each in study["real_data"])
    (same,) = (score["passport"] for score in run["scores"] if score["metric"] == "inception-score")
    assert real["passport"]["weights_hash"] == same["weights_hash"]
    return same["extractor_accuracy"], real["value"]


def draw(rows: list[dict[str, Any]]) -> None:
    figure, axes = plt.subplots(figsize=(6.2, 3.4), dpi=120)
    for way, colour in COLOURS.items():
        runs = [(100 * row["accuracy"], row["score"]) for row in rows if row["way"] == way and row["accuracy"] > 0.9]
        axes.plot(*zip(*runs, strict=True), "o", color=colour, label=way)
    for (accuracy, score), mark, label in ((of_our_judge(), "*", "our judge"), (PAPER, "D", "MAGAN paper")):
        axes.plot(100 * accuracy, score, mark, color="#333333", label=label)
    axes.set(xlabel="accuracy of the classifier on test images, %", ylabel="inception score of real digits")
    save(figure, axes, PICTURE)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("root", nargs="?", type=Path)
    words.add_argument("way", nargs="?", choices=WAYS, default="stopped early")
    chosen = words.parse_args()
    torch.set_num_threads(1)
    if chosen.root:
        measure(chosen.root, chosen.way)
    rows = read()
    print(page_table(rows))
    draw(rows)


if __name__ == "__main__":
    main()
