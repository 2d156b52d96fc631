"""Studies of composed digits (Che et al. 2017, Table 2): their results, the table in the paper's layout, and samples.

python -m measurements.figures.composed_digits STUDY NAME   keeps the results as results/studies/NAME

STUDY is the directory of the study's finished runs. NAME is mode-table-2, Equipoise's own at the budget of a CPU,
composed-digits, for 1,000 iterations, or composed-digits-longer, the same runs after 4,000, when the digits are digits;
their first samples are drawn too. own_studies.py fills the page.
"""

import argparse
import shutil
import statistics
from pathlib import Path
from typing import Any

from PIL import Image

from equipoise.runs.directory import open_run
from equipoise.studies.mode_regularised import table_2
from equipoise.studies.paired import paired
from equipoise.studies.results import read_results
from equipoise.studies.sources import RESULTS
from measurements import FIGURES_FOLDER
from measurements.figures.run_results import above_one_another, beside_one_another, corner
from measurements.figures.study_runs import STUDIES, difference
from measurements.pages import table

PICTURE = FIGURES_FOLDER / "composed_digits.png"
AT_THE_BUDGET, STROKES, DIGITS = "mode-table-2", "composed-digits", "composed-digits-longer"
LENGTHS = {"1,000": STROKES, "4,000": DIGITS}
METHODS, SETS = ("DCGAN", "Reg-DCGAN"), (1, 2, 3, 4)
COLUMNS, ROWS, GAP = 8, 2, 12


def page_table() -> str:
    """Numbers missing and divergence by set, method and length, beside the paper's."""
    lines = []
    for length, name in LENGTHS.items():
        rows = read_results(STUDIES / name)["rows"]
        lines += [" | ".join([f"{method}, {length} iterations", *_line(method, rows)]) for method in METHODS]
    heads = " | ".join(f"set {number}: missing | KL" for number in SETS)
    return table(f"method | {heads}", [*lines, *map(_published, METHODS)])


def pairs_table() -> str:
    """Reg-DCGAN against DCGAN on equal sets and seeds, after either length."""
    lines = []
    for length, name in LENGTHS.items():
        for metric, title in (("modes-missing", "numbers missing"), ("modes-kl", "KL")):
            dcgan, reg_dcgan = (of_method(method, metric, name) for method in METHODS)
            fewer = sum(reg_dcgan[key] < dcgan[key] for key in dcgan)
            change = difference(paired(reg_dcgan, dcgan))
            lines.append(f"{length} | {title} | {len(dcgan)} | {fewer} | {change}")
    heads = "iterations | measure | pairs | Reg-DCGAN has less in | Reg-DCGAN minus DCGAN (95 % interval)"
    return table(heads, lines)


def of_method(method: str, metric: str, name: str = DIGITS) -> dict[int, float]:
    """The values of all sets and seeds of a study; a key stands for the same set and seed with both methods."""
    rows = [row for row in read_results(STUDIES / name)["rows"] if row["label"] == method]
    values = {(row["block"], run["seed"]): run["scores"][metric]["value"] for row in rows for run in row["runs"]}
    return {number: values[key] for number, key in enumerate(sorted(values))}


def _line(method: str, rows: list[dict[str, Any]]) -> list[str]:
    return [cell for number in SETS for cell in _cells(method, rows, number)]


def _cells(method: str, rows: list[dict[str, Any]], number: int) -> list[str]:
    """Numbers missing and divergence on one set: mean and deviation over seeds."""
    (row,) = (row for row in rows if (row["label"], row["block"]) == (method, f"set {number}"))
    cells = []
    for metric, digits in (("modes-missing", 0), ("modes-kl", 2)):
        values = [run["scores"][metric]["value"] for run in row["runs"]]
        cells.append(f"{statistics.fmean(values):.{digits}f} ± {statistics.stdev(values):.{digits}f}")
    return cells


def _published(method: str) -> str:
    rows = {row.block: row.published for row in table_2().rows if row.label == method}
    of_sets = [rows[f"set {number}"] for number in SETS]
    cells = [f"{row['modes-missing'].value} | {row['modes-kl'].value:.2f}" for row in of_sets]
    return " | ".join([f"{method}, the paper", *cells])


def missing_at_the_budget() -> str:
    """From how many to how many numbers are missing after the few iterations of the CPU's budget."""
    runs = [run for row in read_results(STUDIES / AT_THE_BUDGET)["rows"] for run in row["runs"]]
    values = [run["scores"]["modes-missing"]["value"] for run in runs]
    return f"{min(values):.0f} to {max(values):.0f}"


def take(directory: Path, name: str) -> None:
    """Keep a study's results and its YAML; of the longer one, also the first samples of both methods on each set."""
    folder = STUDIES / name
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(directory / RESULTS, folder / RESULTS)
    if name != AT_THE_BUDGET:
        shutil.copy(directory / "study.yaml", folder / "study.yaml")
    if name == DIGITS:
        rows = {(row["block"], row["label"]): row for row in read_results(directory)["rows"]}
        bands = [
            beside_one_another([_first_samples(directory, rows, each, number) for each in METHODS], GAP)
            for number in SETS
        ]
        above_one_another(bands, GAP).convert("L").save(PICTURE, optimize=True)


def _first_samples(directory: Path, rows: dict[tuple[str, str], Any], method: str, number: int) -> Image.Image:
    """Of the method's first run on a set."""
    run = open_run(directory / rows[f"set {number}", method]["runs"][0]["directory"])
    return corner(run, COLUMNS, ROWS)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("study", type=Path, metavar="STUDY")
    words.add_argument("name", choices=(AT_THE_BUDGET, STROKES, DIGITS), metavar="NAME")
    chosen = words.parse_args()
    take(chosen.study, chosen.name)


if __name__ == "__main__":
    main()
