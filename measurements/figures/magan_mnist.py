"""A run of the paper's MAGAN on MNIST: a data file, and its energies beside its samples.

python -m measurements.figures.magan_mnist RUN    writes results/studies/magan-mnist/full-width.json and the grid
python -m measurements.figures.magan_mnist        draws docs/figures/magan_mnist.png from them

Score the run first: equipoise evaluate RUN --metrics inception-score class-histogram classifier-fid --samples 10000
"""

import argparse
import itertools
import json
from pathlib import Path
from typing import Any

import matplotlib
from PIL import Image

from equipoise.common.files import write_text_atomically
from equipoise.runs.directory import RunDirectory, open_run
from measurements import FIGURES_FOLDER, RESULTS_FOLDER
from measurements.figures.magan_digits import LINES
from measurements.figures.run_results import corner, document, logged

matplotlib.use("Agg")
import matplotlib.pyplot as plt

DATA = RESULTS_FOLDER / "studies" / "magan-mnist" / "full-width.json"
SAMPLES, ENERGIES = (FIGURES_FOLDER / f"magan_mnist_{name}.png" for name in ("samples", "energies"))
SIDE, ENLARGED = 10, 2
TAKEN = (*LINES, "next_margin")


def condensed(run: RunDirectory) -> dict[str, Any]:
    epochs = [line["values"] for line in logged(run, "epoch") if line["stage"] == "adversarial"]
    kept = {name: [float(f"{values[name]:.6g}") for values in epochs] for name in TAKEN}
    return document(run, None) | {"epochs": kept}


def stalled(epochs: dict[str, list[float]]) -> dict[str, int]:
    """In how many epochs each condition of the margin's rule held (Eq. 4)."""
    real, fake, margin = (epochs[name] for name in LINES)
    return {
        "the generated energy did not fall": sum(a <= b for a, b in itertools.pairwise(fake)),
        "the real energy is below the margin": sum(a < b for a, b in zip(real, margin, strict=True)),
        "the real energy is below the generated one": sum(a < b for a, b in zip(real, fake, strict=True)),
    }


def draw(epochs: dict[str, list[float]]) -> None:
    figure, axes = plt.subplots(figsize=(6.2, 3.2), dpi=120)
    for name, (colour, label) in LINES.items():
        numbers = range(1, len(epochs[name]) + 1)
        axes.plot(numbers, epochs[name], "--" if name == "margin" else "-", color=colour, label=label)
    axes.set(xlabel="epoch", ylabel="mean energy of the epoch", xticks=range(0, len(epochs["margin"]) + 1, 5))
    axes.legend(frameon=False, fontsize=8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(ENERGIES)


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
    epochs = json.loads(DATA.read_text(encoding="utf-8"))["epochs"]
    print(stalled(epochs))
    draw(epochs)


if __name__ == "__main__":
    main()
