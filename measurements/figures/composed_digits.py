"""Studies of composed digits (Che et al. 2017, Table 2): their results, the table in the paper's layout, and samples.

python -m measurements.figures.composed_digits STUDY NAME   keeps the results as results/studies/NAME

STUDY is the directory of the study's finished runs. NAME is mode-table-2, Equipoise's own at the budget of a CPU,
composed-digits, all sets for longer, or composed-digits-set-1, the first set until the digits are digits, whose first
samples are drawn too. own_studies.py fills the page.
"""

import argparse
import shutil
import statistics
from pathlib import Path
from typing import Any

from equipoise.runs.directory import open_run
from equipoise.studies.mode_regularised import table_2
from equipoise.studies.paired import paired
from equipoise.studies.results import read_results
from equipoise.studies.sources import RESULTS
from measurements import FIGURES_FOLDER
from measurements.figures.run_results import above_one_another, corner
from measurements.figures.study_runs import STUDIES, difference
from measurements.pages import table

PICTURE = FIGURES_FOLDER / "composed_digits.png"
AT_THE_BUDGET, LONGER, LONGEST = "mode-table-2", "composed-digits", "composed-digits-set-1"
METHODS, SETS = ("DCGAN", "Reg-DCGAN"), (1, 2, 3, 4)
COLUMNS, ROWS, GAP = 10, 3, 12


def page_table() -> str:
    """Numbers missing and divergence by method and set, each beside the paper's."""
    rows = read_results(STUDIES / LONGER)["rows"]
    lines = [_line(method, rows) for method in METHODS] + [_published(method) for method in METHODS]
    heads = " | ".join(f"set {number}: missing | KL" for number in SETS)
    return table(f"method | {heads}", lines)


def first_set_table() -> str:
    """The first set after both lengths, beside the paper's."""
    lines = []
    for method in METHODS:
        cells = [_cells(method, read_results(STUDIES / name)["rows"], 1) for name in (LONGER, LONGEST)]
        lines.append(" | ".join([method, *cells[0], *cells[1], *_published_cells(method, 1)]))
    heads = " | ".join(f"{place}: missing | KL" for place in ("1,000 iterations", "4,000", "the paper"))
    return table(f"method | {heads}", lines)


def pairs_table() -> str:
    """Reg-DCGAN against DCGAN on equal sets and seeds."""
    lines = []
    for metric, title in (("modes-missing", "numbers missing"), ("modes-kl", "KL")):
        dcgan, reg_dcgan = (of_method(method, metric) for method in METHODS)
        fewer = sum(reg_dcgan[key] < dcgan[key] for key in dcgan)
        lines.append(f"{title} | {len(dcgan)} | {fewer} | {difference(paired(reg_dcgan, dcgan))}")
    return table("measure | pairs | Reg-DCGAN has less in | Reg-DCGAN minus DCGAN (95 % interval)", lines)


def of_method(method: str, metric: str) -> dict[int, float]:
    """The values of all sets and seeds; a key stands for the same set and seed with both methods."""
    rows = [row for row in read_results(STUDIES / LONGER)["rows"] if row["label"] == method]
    values = {(row["block"], run["seed"]): run["scores"][metric]["value"] for row in rows for run in row["runs"]}
    return {number: values[key] for number, key in enumerate(sorted(values))}


def _line(method: str, rows: list[dict[str, Any]]) -> str:
    return " | ".join([method, *(cell for number in SETS for cell in _cells(method, rows, number))])


def _cells(method: str, rows: list[dict[str, Any]], number: int) -> list[str]:
    """Numbers missing and divergence on one set: mean and deviation over seeds."""
    (row,) = (row for row in rows if (row["label"], row["block"]) == (method, f"set {number}"))
    cells = []
    for metric, digits in (("modes-missing", 0), ("modes-kl", 2)):
        values = [run["scores"][metric]["value"] for run in row["runs"]]
        cells.append(f"{statistics.fmean(values):.{digits}f} ± {statistics.stdev(values):.{digits}f}")
    return cells


def _published(method: str) -> str:
    cells = (cell for number in SETS for cell in _published_cells(method, number))
    return " | ".join([f"{method}, the paper", *cells])


def _published_cells(method: str, number: int) -> list[str]:
    (row,) = (row for row in table_2().rows if (row.label, row.block) == (method, f"set {number}"))
    return [f"{row.published['modes-missing'].value}", f"{row.published['modes-kl'].value:.2f}"]


def missing_at_the_budget() -> str:
    """From how many to how many numbers are missing after the few iterations of the CPU's budget."""
    runs = [run for row in read_results(STUDIES / AT_THE_BUDGET)["rows"] for run in row["runs"]]
    values = [run["scores"]["modes-missing"]["value"] for run in runs]
    return f"{min(values):.0f} to {max(values):.0f}"


def take(directory: Path, name: str) -> None:
    """Keep a study's results and its YAML; of the longest, also the first samples of both methods."""
    folder = STUDIES / name
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(directory / RESULTS, folder / RESULTS)
    if name != AT_THE_BUDGET:
        shutil.copy(directory / "study.yaml", folder / "study.yaml")
    if name == LONGEST:
        firsts = [open_run(directory / path) for path in _firsts(directory)]
        picture = above_one_another([corner(run, COLUMNS, ROWS) for run in firsts], GAP)
        picture.convert("L").save(PICTURE, optimize=True)


def _firsts(directory: Path) -> list[str]:
    """The directories of each method's first run on the first set."""
    rows = [row for row in read_results(directory)["rows"] if row["block"] == "set 1"]
    return [next(row for row in rows if row["label"] == method)["runs"][0]["directory"] for method in METHODS]


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("study", type=Path, metavar="STUDY")
    words.add_argument("name", choices=(AT_THE_BUDGET, LONGER, LONGEST), metavar="NAME")
    chosen = words.parse_args()
    take(chosen.study, chosen.name)


if __name__ == "__main__":
    main()
