"""GAN and Reg-GAN over narrow cells of the grid search on MNIST: scores of equal cells, and how they are distributed.

python -m measurements.figures.grid_search    draws docs/figures/grid_search.png
"""

import math
import operator
import statistics
from collections.abc import Callable, Sequence

import matplotlib

from measurements import FIGURES_FOLDER, take_no_words
from measurements.figures.study_runs import apart, by_row, read
from measurements.pages import table

matplotlib.use("Agg")
import matplotlib.pyplot as plt

STUDY, SCORE = "narrow-grid", "inception-score"
METHODS = {"GAN": "#c8511b", "Reg-GAN": "#1b6ca8"}
MEASURES = {
    SCORE: "inception score, which is the MODE score as printed",
    "mode-score": "MODE score, marginal form",
    "modes-covered": "classes covered",
}
LEARNED, BINS = 2.0, [1 + index / 4 for index in range(19)]
"""A score above which samples have some variety, and the ends of the histogram's bars; the least score is 1."""
SETTINGS: dict[str, Callable[[str], bool]] = {
    "both with Adam": lambda cell: cell.count("Adam") == 2,
    "D with SGD, G with Adam": lambda cell: "SGD" in cell.split(", D ")[1] and "Adam" in cell.split(", D ")[0],
    "G with SGD": lambda cell: "SGD" in cell.split(", D ")[0],
    "dropout": lambda cell: "dropout" in cell,
    "no dropout": lambda cell: "dropout" not in cell,
}


def scores(metric: str = SCORE) -> dict[str, dict[str, float]]:
    """What each method's cells have of a metric, by the cell; every run has ended."""
    return {
        label: {run["variant"]: float(run["scores"][metric]) for run in runs}
        for label, runs in by_row(read(STUDY)).items()
    }


def measures_table() -> str:
    """Both methods by every measure: in how many cells either is ahead, and by how much."""
    heads = "measure | GAN: median | Reg-GAN: median | Reg-GAN ahead | GAN ahead | by (95 % interval)"
    lines = []
    for metric, title in MEASURES.items():
        found = scores(metric)
        gan, reg_gan = ([found[method][cell] for cell in found["GAN"]] for method in METHODS)
        ahead = [sum(map(operator.gt, one, other)) for one, other in ((reg_gan, gan), (gan, reg_gan))]
        medians = [f"{statistics.median(side):.2f}" for side in (gan, reg_gan)]
        lines.append(" | ".join([title, *medians, *map(str, ahead), apart(reg_gan, gan)]))
    return table(heads, lines)


def page_table() -> str:
    """Median scores, cells that learned something and those where Reg-GAN is ahead, by cells, and by how much."""
    gan, reg_gan = (scores()[method] for method in METHODS)
    learned = {cell for cell in gan if max(gan[cell], reg_gan[cell]) > LEARNED}
    chosen = {
        "all": list(gan),
        "one of both above 2": [cell for cell in gan if cell in learned],
        "neither above 2": [cell for cell in gan if cell not in learned],
        **{name: [cell for cell in gan if of_setting(cell)] for name, of_setting in SETTINGS.items()},
    }
    heads = "cells | number | GAN: median | above 2 | Reg-GAN: median | above 2 | Reg-GAN ahead | by (95 % interval)"
    lines = (
        _line(name, [gan[each] for each in cells], [reg_gan[each] for each in cells]) for name, cells in chosen.items()
    )
    return table(heads, list(lines))


def _line(name: str, gan: Sequence[float], reg_gan: Sequence[float]) -> str:
    cells = [f"{statistics.median(side):.2f} | {sum(score > LEARNED for score in side)}" for side in (gan, reg_gan)]
    ahead = sum(one > other for one, other in zip(reg_gan, gan, strict=True))
    return " | ".join([name, str(len(gan)), *cells, str(ahead), apart(reg_gan, gan)])


def sign_test() -> str:
    """In how many of the cells that differ Reg-GAN is ahead, and the two-sided p-value of the sign test."""
    gan, reg_gan = (scores()[method] for method in METHODS)
    differences = [reg_gan[cell] - gan[cell] for cell in gan if reg_gan[cell] != gan[cell]]
    ahead = sum(each > 0 for each in differences)
    tail = sum(
        math.comb(len(differences), count)
        for count in range(max(ahead, len(differences) - ahead), len(differences) + 1)
    )
    return f"{ahead} of {len(differences)} (sign test, p = {min(1.0, 2 * tail / 2 ** len(differences)):.1g})"


def draw() -> None:
    """The paper's Figure 3: how the scores of both methods are distributed over the cells."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.2, 3.4), dpi=110)
    found = scores()
    values = [list(found[method].values()) for method in METHODS]
    left.hist(values, bins=BINS, color=list(METHODS.values()), label=list(METHODS))
    left.set(xlabel="inception score", ylabel="cells", xlim=(1, BINS[-1]))
    left.legend(frameon=False, fontsize=8)
    right.plot([1, BINS[-1]], [1, BINS[-1]], color="#999999", linewidth=0.8)
    right.scatter(*values, s=16, color="#333333")
    right.set(xlabel="GAN", ylabel="Reg-GAN, the same cell", xlim=(1, BINS[-1]), ylim=(1, BINS[-1]), aspect="equal")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(FIGURES_FOLDER / "grid_search.png")


def main() -> None:
    draw()


if __name__ == "__main__":
    take_no_words(__doc__)
    main()
