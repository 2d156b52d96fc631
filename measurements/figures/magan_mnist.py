"""A run of the paper's MAGAN on MNIST: a data file, its energies and its samples.

python -m measurements.figures.magan_mnist RUN    writes results/studies/magan-mnist/full-width.json and the samples
python -m measurements.figures.magan_mnist        draws the energies and prints the table of docs/algorithms/magan.md

Score the run first: equipoise evaluate RUN --metrics inception-score class-histogram modes-covered --samples 10000
"""

import argparse
import itertools
import json
from pathlib import Path
from typing import Any

import matplotlib
from PIL import Image

from equipoise.common.files import write_text_atomically
from equipoise.experiments.config import to_plain
from equipoise.runs.directory import RunDirectory, open_run
from measurements import FIGURES_FOLDER, RESULTS_FOLDER
from measurements.figures.axes import save
from measurements.figures.magan_digits import LINES
from measurements.figures.run_results import corner, logged, passport, scores
from measurements.pages import table

matplotlib.use("Agg")
import matplotlib.pyplot as plt

DATA = RESULTS_FOLDER / "studies" / "magan-mnist" / "full-width.json"
SAMPLES, ENERGIES = (FIGURES_FOLDER / f"magan_mnist_{name}.png" for name in ("samples", "energies"))
SIDE, ENLARGED = 10, 2
TAKEN = (*LINES, "next_margin")


def condensed(run: RunDirectory) -> dict[str, Any]:
    epochs = [line["values"] for line in logged(run, "epoch") if line["stage"] == "adversarial"]
    kept = {name: [float(f"{values[name]:.6g}") for values in epochs] for name in TAKEN}
    plain = to_plain(run.experiment())
    return {"passport": passport(run, plain), "experiment": plain, "epochs": kept} | scores(run)


def held(epochs: dict[str, list[float]]) -> tuple[int, int, int]:
    """In how many epochs each of the three conditions for a new margin held (Eq. 4)."""
    real, fake, margin = (epochs[name] for name in LINES)
    return (
        sum(before <= after for before, after in itertools.pairwise(fake)),
        sum(a < b for a, b in zip(real, margin, strict=True)),
        sum(a < b for a, b in zip(real, fake, strict=True)),
    )


def page_table(document: dict[str, Any]) -> str:
    """The paper's claims beside this run, for docs/algorithms/magan.md; a test holds the page to it."""
    epochs = document["epochs"]
    found = {score["metric"]: score for score in document["scores"]}
    shares = found["class-histogram"]["value"]
    most, least = (choice(range(10), key=shares.__getitem__) for choice in (max, min))
    near = sum(0.08 <= share <= 0.12 for share in shares)
    real, fake = ([f"{epochs[name][at]:.2f}" for at in (0, -1)] for name in ("real_energy", "fake_energy"))
    score = found["inception-score"]
    lines = [
        f"inception score 7.52 ± 0.03 | {score['value']:.2f} ± {score['deviation']:.2f} | not comparable: its "
        "classifier gives real digits 9.09, ours 9.73",
        f"both energies fall together | real {real[0]} to {real[1]}, generated {fake[0]} to {fake[1]} | holds",
        f"the margin ends at 1.08 | {epochs['next_margin'][-1]:.2f}, as at first | cannot be judged: it has not moved",
        f"all ten classes are generated | {found['modes-covered']['value']:.0f} | holds",
        f"ones are the most frequent class, 16.5 % | class {most}, {shares[most]:.1%} | holds",
        f"twos are the rarest class, 4.2 % | class {least}, {shares[least]:.1%} | holds",
        f"5 of 10 classes are near 10 % | {near} of 10 from 8 to 12 % | holds",
    ]
    return table("the paper, 200 epochs | ours, 20 epochs, one seed | verdict", lines)


def draw(epochs: dict[str, list[float]]) -> None:
    figure, axes = plt.subplots(figsize=(6.2, 3.2), dpi=120)
    for name, (colour, label) in LINES.items():
        numbers = range(1, len(epochs[name]) + 1)
        axes.plot(numbers, epochs[name], "--" if name == "margin" else "-", color=colour, label=label)
    axes.set(xlabel="epoch", ylabel="mean energy of the epoch", xticks=range(0, len(epochs["margin"]) + 1, 5))
    save(figure, axes, ENERGIES)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("run", type=Path, nargs="?")
    chosen = words.parse_args()
    if chosen.run:
        run = open_run(chosen.run)
        write_text_atomically(DATA, json.dumps(condensed(run), indent=1) + "\n")
        part = corner(run, SIDE, SIDE)
        large = part.resize((part.width * ENLARGED, part.height * ENLARGED), Image.Resampling.NEAREST)
        large.save(SAMPLES, optimize=True)
    document = json.loads(DATA.read_text(encoding="utf-8"))
    print(page_table(document), held(document["epochs"]), sep="\n\n")
    draw(document["epochs"])


if __name__ == "__main__":
    main()
