"""Studies of our own in results/studies: condensed from what they trained, and as tables of pages.

python -m measurements.figures.own_studies STUDY... [--named NAME]   takes finished runs of these directories
python -m measurements.figures.own_studies                           fills the pages

STUDY is the directory of a study, and NAME what it is called here, or which of Equipoise's own it is. Run it where the
study ran, so that its data are found. A run that is not finished is left out. `study.yaml` in a study's folder repeats
it: equipoise study results/studies/NAME/study.yaml
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from equipoise.common.files import write_text_atomically
from equipoise.recipes.mmd_best import best
from equipoise.studies.paired import paired
from equipoise.studies.study_file import find_or_load
from measurements import DOCS_FOLDER
from measurements.figures.study_runs import (
    Run,
    by_row,
    condense,
    difference,
    diverged,
    pairs_table,
    read,
    rounded,
    scored,
    scores_table,
)
from measurements.pages import filled, table

DIGITS = tuple((f"adaptive from {start}", f"margin {start}") for start in ("0.1", "1", "10")) + tuple(
    (f"adaptive from {start}", f"bounds {start}") for start in ("0.05 to 1", "0.25 to 4", "1 to 16")
)
"""Of the study of digits: each row that adapts, and the one that begins alike and stays."""


def _pairs(*starts: str) -> tuple[tuple[str, str], ...]:
    """The same of MNIST and of pictures, whose hinge margins begin at these."""
    hinge = ((f"hinge adaptive from {start}", f"hinge, margin {start}") for start in starts)
    bounds = ((f"rep-b adaptive from {start}", f"rep-b, bounds {start}") for start in ("0.25 and 4", "1 and 16"))
    return (*hinge, *bounds)


BY_CLASSES = {"classifier-fid": "classifier FID", "inception-score": "inception score", "modes-kl": "KL of classes"}
RESIDUAL = {
    "classifier-fid": "classifier FID",
    "inception-score": "inception score",
    "modes-covered": "classes covered",
    "reach": "reach",
}
BY_LITE0 = {"lite0-frechet": "lite0-frechet", "lite0-kernel": "lite0-kernel"}
COVERAGE = {"modes-covered": "modes of 25", "share-near": "share within three deviations"}
GAINS, LOSSES = (16, 64, 256), {"hinge": "hinge", "MMD-rbf": "rbf", "MMD-rep": "rep", "MMD-rep-b": "rep-b"}


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


def runs_by_loss() -> dict[str, list[Run]]:
    """Each loss's runs under all constraints, those of equal rates and seed at equal places."""
    found = by_row(read("mmd-narrow"))
    return {label: [run for gain in GAINS for run in found[f"{label}, C^K = {gain}"]] for label in LOSSES}


def losses_table() -> str:
    """Each loss over all constraints and rates, and how far rep-b is below it on equal ones."""
    runs, rows = runs_by_loss(), []
    distances = {label: [run["scores"]["lite0-frechet"] for run in each] for label, each in runs.items()}
    lowest = dict(enumerate(distances["MMD-rep-b"]))
    for label, values in distances.items():
        test = None if label == "MMD-rep-b" else paired(lowest, dict(enumerate(values)))
        told = "" if test is None else difference(test)
        rows.append(f"{label} | {rounded(values)} | {diverged(runs[label])} of {len(values)} | {told}")
    return table("loss | lite0-frechet | diverged | rep-b minus it (95 % interval)", rows)


PLACES: Mapping[Path, Mapping[str, Callable[[], str]]] = {
    DOCS_FOLDER / "algorithms" / "adaptive-margins.md": {
        "digits": lambda: scores_table("adaptive-margins", BY_CLASSES),
        "digits-pairs": lambda: pairs_table("adaptive-margins", "classifier-fid", DIGITS),
        "mnist": lambda: scores_table("adaptive-mnist-24", BY_CLASSES),
        "mnist-pairs": lambda: pairs_table("adaptive-mnist-24", "classifier-fid", _pairs("1", "0.1")),
        "mnist-4": lambda: scores_table("adaptive-mnist", BY_CLASSES),
        "pictures": lambda: scores_table("adaptive-horses", {"lite0-kernel": "lite0-kernel"}),
        "pictures-pairs": lambda: pairs_table("adaptive-horses", "lite0-kernel", _pairs("1", "10")),
    },
    DOCS_FOLDER / "algorithms" / "mode-regularised.md": {
        "residual": lambda: scores_table("residual-digits", RESIDUAL),
    },
    DOCS_FOLDER / "algorithms" / "mmd-gan.md": {
        "constraints": constraints_table,
        "losses": losses_table,
    },
    DOCS_FOLDER / "ring.md": {
        "grid": lambda: scores_table("grid", COVERAGE),
        "grid-longer": lambda: scores_table("grid-longer", COVERAGE),
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
        if not file.is_file() and chosen.named is None:
            words.error(f"{directory} holds no study.yaml: say by --named which of Equipoise's own it is.")
        study = find_or_load(str(file) if file.is_file() else chosen.named)
        condense(directory, replace(study, name=chosen.named or study.name))
    for page, tables in PLACES.items():
        write_text_atomically(page, filled(page, {mark: make() for mark, make in tables.items()}))


if __name__ == "__main__":
    main()
