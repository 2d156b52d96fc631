"""Draw metrics.png from metrics.csv: how the metrics answer to three known faults.

Run: python -m measurements.figures.metrics
"""

import csv
from collections import defaultdict

import matplotlib

from measurements import FIGURES_FOLDER, take_no_words

matplotlib.use("Agg")
import matplotlib.pyplot as plt

METRICS = [
    "inception score",
    "Frechet distance",
    "kernel distance",
    "precision",
    "recall",
    "coverage",
    "MS-SSIM of pairs",
    "distance to training data",
]


def main() -> None:
    values: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    with open(FIGURES_FOLDER / "metrics.csv") as file:
        for row in csv.DictReader(file):
            values[row["metric"], row["fault"]].append((float(row["level"]), float(row["value"])))
    faults = list(dict.fromkeys(fault for _, fault in values))
    figure, grid = plt.subplots(len(METRICS), len(faults), figsize=(8.2, 11), sharex="col", sharey="row")
    for line, metric in zip(grid, METRICS, strict=True):
        for axes, fault in zip(line, faults, strict=True):
            levels, scores = zip(*values[metric, fault], strict=True)
            axes.plot(levels, scores, "o-", color="#00796b", markersize=3.5)
            axes.grid(alpha=0.3)
        highest = max(score for fault in faults for _, score in values[metric, fault])
        line[0].set_ylim(-0.05 * highest, 1.1 * highest)
        line[0].set_ylabel(metric.replace(" of", "\nof").replace(" to", "\nto"), fontsize=8.5)
    for axes, fault in zip(grid[-1], faults, strict=True):
        axes.set_xlabel(fault.replace("2^k", "$2^k$"))
    figure.align_ylabels()
    figure.tight_layout()
    figure.savefig(FIGURES_FOLDER / "metrics.png", dpi=80)


if __name__ == "__main__":
    take_no_words(__doc__)
    main()
