"""Studies of our own in results/studies: condensed from what they trained, and as tables of pages.

python -m measurements.figures.own_studies STUDY... [--named NAME]   takes finished runs of these directories;
                                                          with --samples, draws the first samples of each row too
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
from equipoise.studies.study_file import find_or_load
from measurements import DOCS_FOLDER, FIGURES_FOLDER
from measurements.figures import composed_digits, grid_search, mmd_studies
from measurements.figures.lga import draw_samples
from measurements.figures.study_runs import condense, first_samples, pairs_table, scores_table
from measurements.pages import filled

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
COVERAGE = {"modes-covered": "modes of 25", "share-near": "share within three deviations"}


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
        "grid-search": grid_search.page_table,
        "grid-measures": grid_search.measures_table,
        "grid-sign": grid_search.sign_test,
        "table-2": composed_digits.page_table,
        "table-2-pairs": composed_digits.pairs_table,
        "table-2-budget": composed_digits.missing_at_the_budget,
    },
    DOCS_FOLDER / "algorithms" / "mmd-gan.md": {
        "constraints": mmd_studies.constraints_table,
        "losses": mmd_studies.losses_table,
        "start": lambda: mmd_studies.start_of(mmd_studies.FRECHET),
        "start-kernel": lambda: mmd_studies.start_of(mmd_studies.KERNEL),
        "lambda": mmd_studies.cross_term_table,
        "lambda-pairs": mmd_studies.cross_term_pairs,
        "features": mmd_studies.features_table,
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
    words.add_argument("--samples", action="store_true", help="draw the first samples of each row's first run")
    words.add_argument("--named", help="what the study is called here, or which of Equipoise's own it is")
    chosen = words.parse_args()
    if chosen.named and len(chosen.studies) > 1:
        words.error("--named names one study; take the others by themselves.")
    for directory in chosen.studies:
        file = directory / "study.yaml"
        if not file.is_file() and chosen.named is None:
            words.error(f"{directory} holds no study.yaml: say by --named which of Equipoise's own it is.")
        study = find_or_load(str(file) if file.is_file() else chosen.named)
        name = chosen.named or study.name
        condense(directory, replace(study, name=name))
        if chosen.samples:
            draw_samples(first_samples(directory), FIGURES_FOLDER / f"{name.replace('-', '_')}_samples.png")
    fill()


def fill() -> None:
    """Renew the tables of all pages."""
    for page, tables in PLACES.items():
        write_text_atomically(page, filled(page, {mark: make() for mark, make in tables.items()}))


if __name__ == "__main__":
    main()
