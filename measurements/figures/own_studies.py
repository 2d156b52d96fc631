"""Studies of our own in results/studies: condensed from what they trained, and as tables and figures of pages.

python -m measurements.figures.own_studies STUDY... [--named NAME]   takes finished runs of these directories
python -m measurements.figures.own_studies                           fills the pages and draws the figures

STUDY is the directory of a study, and NAME what it is called here, or which of Equipoise's own it is. Run it where the
study ran, so that its data are found. A run that is not finished is left out. `study.yaml` in a study's folder repeats
it: equipoise study results/studies/NAME/study.yaml
"""

import argparse
import statistics
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import matplotlib

from equipoise.common.files import write_text_atomically
from equipoise.recipes.mmd_best import best
from equipoise.studies.study_file import find_or_load
from measurements import DOCS_FOLDER, FIGURES_FOLDER
from measurements.figures.axes import save
from measurements.figures.study_runs import by_row, condense, diverged, pairs_table, read, rounded, scored, scores_table
from measurements.pages import filled, table

matplotlib.use("Agg")
import matplotlib.pyplot as plt

DIGITS = tuple((f"adaptive from {start}", f"margin {start}") for start in ("0.1", "1", "10")) + tuple(
    (f"adaptive from {start}", f"bounds {start}") for start in ("0.05 to 1", "0.25 to 4", "1 to 16")
)
"""Of the study of digits: each row that adapts, and the one that begins alike and stays."""
OTHERS = tuple((f"hinge adaptive from {start}", f"hinge, margin {start}") for start in ("1", "10")) + tuple(
    (f"rep-b adaptive from {start}", f"rep-b, bounds {start}") for start in ("0.25 and 4", "1 and 16")
)
"""Of MNIST and of pictures."""
BY_CLASSES = {"classifier-fid": "classifier FID", "inception-score": "inception score", "modes-kl": "KL of classes"}
BY_LITE0 = {"lite0-frechet": "lite0-frechet", "lite0-kernel": "lite0-kernel"}
GAINS, LOSSES = (16, 64, 256), {"hinge": "hinge", "MMD-rbf": "rbf", "MMD-rep": "rep", "MMD-rep-b": "rep-b"}
GRID, GRID_SCORES = "narrow-grid", {"inception-score": "as printed", "mode-score": "marginal form"}
BROKEN = 2.0
"""A score as printed below this is that of samples in about one class, or of noise."""


def constraints_table() -> str:
    """Distances and diverged runs by loss and C^K, beside the authors' counts on CIFAR-10."""
    found, rows = by_row(read("mmd-narrow")), []
    for gain in GAINS:
        for label, loss in LOSSES.items():
            if runs := found.get(f"{label}, C^K = {gain}"):
                lost, published = diverged(runs), best(loss, "cifar10", f"pico-{gain}")
                distances = [rounded([run["scores"][metric] for run in scored(runs)]) for metric in BY_LITE0]
                counts = f"{lost} of {len(runs)} | {published.diverged} of {published.runs}"
                rows.append(f"{gain} | {label} | {' | '.join(distances)} | {counts}")
    return table(f"C^K | loss | {' | '.join(BY_LITE0)} | diverged | published: FID above 50", rows)


def grid_table() -> str:
    """Quantiles of the scores over the cells, and how many cells are broken."""
    rows = []
    for label, runs in by_row(read(GRID)).items():
        for metric, title in GRID_SCORES.items():
            values = [run["scores"][metric] for run in scored(runs)]
            marks = (*statistics.quantiles(values, n=4), max(values))
            cells = " | ".join(f"{value:.2f}" for value in marks)
            rows.append(f"{label} | {title} | {len(values)} | {cells} | {sum(value < BROKEN for value in values)}")
    return table(
        f"method | MODE score | cells | lower quartile | median | upper quartile | best | below {BROKEN:g}", rows
    )


def draw_grid() -> None:
    """The distribution of the score as printed over the cells, for both methods, as Figure 3 of the paper."""
    figure, axes = plt.subplots(figsize=(6, 3), dpi=110)
    edges = [1 + step / 2 for step in range(19)]
    values = {label: [run["scores"]["inception-score"] for run in scored(runs)]
              for label, runs in by_row(read(GRID)).items()}  # fmt: skip
    axes.hist(list(values.values()), edges, label=list(values), color=["tab:gray", "tab:blue"][: len(values)])
    axes.set_xlabel("MODE score as printed")
    axes.set_ylabel("cells of the grid")
    save(figure, axes, FIGURES_FOLDER / "grid_search.png")


PLACES: Mapping[Path, Mapping[str, Callable[[], str]]] = {
    DOCS_FOLDER / "algorithms" / "adaptive-margins.md": {
        "digits": lambda: scores_table("adaptive-margins", BY_CLASSES),
        "digits-pairs": lambda: pairs_table("adaptive-margins", "classifier-fid", DIGITS),
        "mnist": lambda: scores_table("adaptive-mnist", BY_CLASSES),
        "mnist-pairs": lambda: pairs_table("adaptive-mnist", "classifier-fid", OTHERS),
        "pictures": lambda: scores_table("adaptive-horses", {"lite0-kernel": "lite0-kernel"}),
        "pictures-pairs": lambda: pairs_table("adaptive-horses", "lite0-kernel", OTHERS),
    },
    DOCS_FOLDER / "algorithms" / "mode-regularised.md": {
        "grid": grid_table,
        "residual": lambda: scores_table("residual-digits", BY_CLASSES | {"modes-covered": "classes covered"}),
    },
    DOCS_FOLDER / "algorithms" / "mmd-gan.md": {
        "constraints": constraints_table,
        "lambda": lambda: scores_table("mmd-lambda", BY_LITE0),
        "features": lambda: scores_table("mmd-features", BY_LITE0),
    },
}
"""The pages' tables, by the marks of their places."""


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("studies", type=Path, nargs="*", metavar="STUDY")
    words.add_argument("--named", help="what the study is called here, or which of Equipoise's own it is")
    chosen = words.parse_args()
    for directory in chosen.studies:
        file = directory / "study.yaml"
        study = find_or_load(str(file) if file.is_file() else chosen.named)
        condense(directory, replace(study, name=chosen.named or study.name))
    draw_grid()
    for page, tables in PLACES.items():
        write_text_atomically(page, filled(page, {mark: make() for mark, make in tables.items()}))


if __name__ == "__main__":
    main()
