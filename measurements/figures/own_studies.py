"""Studies of our own in results/studies: condensed from what they trained, and as tables and figures of pages.

python -m measurements.figures.own_studies STUDY... [--named NAME]   takes finished runs of these directories
python -m measurements.figures.own_studies                           fills the pages and draws the figures

STUDY is the directory of a study, or NAME that of one of Equipoise's own; run it where the study ran, so that its data
are found. A run that is not finished is left out. `study.yaml` in the folder of a study repeats it.
"""

import argparse
import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib

from equipoise.common.files import write_text_atomically
from equipoise.recipes.mmd_best import best
from equipoise.runs.record import read_run
from equipoise.studies.paired import paired
from equipoise.studies.plan import plan
from equipoise.studies.study import Study
from equipoise.studies.study_file import find_or_load, study_to_yaml
from measurements import DOCS_FOLDER, FIGURES_FOLDER, RESULTS_FOLDER
from measurements.figures.axes import save
from measurements.pages import filled, table

matplotlib.use("Agg")
import matplotlib.pyplot as plt

STUDIES = RESULTS_FOLDER / "studies"
KEPT = ("data", "data_hash", "extractor", "generated_count", "real_count", "resize", "weights_hash", "versions")
"""Of a score's passport, once for all runs of a study."""
ENDS = ("margin", "lower_bound", "upper_bound")
"""What an epoch logs, of which a run's last value is kept."""
Run = dict[str, Any]
"""Row, variant, seed, status, commit, scores by metric, and where margins and bounds ended."""


def condense(directory: Path, study: Study) -> None:
    """The scores of a study's finished runs, one line each, and the study as YAML."""
    runs, passports = list[Run](), dict[str, Mapping[str, Any]]()
    for planned in plan(study, "cpu", None, with_inception=False):
        file = directory / planned.directory / "outcome.json"
        if not file.is_file():
            continue
        outcome = json.loads(file.read_text(encoding="utf-8"))
        numbers = {each["metric"]: each for each in outcome["scores"] if isinstance(each["value"], int | float)}
        passports |= {name: _common(each["passport"]) for name, each in numbers.items()}
        run = {"row": planned.row.label, "variant": planned.variant, "seed": planned.experiment.seed}
        run |= {"status": outcome["status"], "commit": read_run(file.parent).first_session.get("commit")}
        run["scores"] = {name: float(f"{each['value']:.5g}") for name, each in numbers.items()}
        limit, first = planned.row.diverged_beyond, run["scores"].get(planned.metrics[0])
        if limit is not None and first is not None and first > limit:
            run["status"] = "diverged"
        runs.append(run | _ends(file.parent))
    folder = STUDIES / study.name
    folder.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(f"  {json.dumps(run)}" for run in runs)
    text = f'{{\n "passports": {json.dumps(passports, indent=1)},\n "runs": [\n{lines}\n ]\n}}\n'
    write_text_atomically(folder / "runs.json", text)
    write_text_atomically(folder / "study.yaml", study_to_yaml(study))


def _common(passport: Mapping[str, Any]) -> dict[str, Any]:
    return {name: passport[name] for name in KEPT if name in passport}


def _ends(run: Path) -> dict[str, Any]:
    """The last values of what epochs log, where they log it."""
    curves = {name: read_run(run).by_epoch(name) for name in ENDS}
    return {"ends": {name: float(f"{curve.last:.4g}") for name, curve in curves.items() if curve}}


def read(name: str) -> list[Run]:
    """The runs of a study; none where it has not been carried out."""
    path = STUDIES / name / "runs.json"
    return json.loads(path.read_text(encoding="utf-8"))["runs"] if path.is_file() else []


def scores_table(name: str, titles: Mapping[str, str]) -> str:
    """A row for each row of the study: mean and deviation of each metric over its finished runs.

    Args:
        name: of the study.
        titles: the heads of the columns by metric.
    """
    every = read(name)
    ended = any(run["ends"] for run in every)
    rows = []
    for label, runs in _by_row(every).items():
        finished = [run for run in runs if run["status"] == "finished"]
        cells = [_rounded([run["scores"][metric] for run in finished if metric in run["scores"]]) for metric in titles]
        where = [_ended_at(finished)] if ended else []
        rows.append(" | ".join([label, *cells, *where, f"{len(finished)} of {len(runs)}"]))
    return table(" | ".join(["row", *titles.values(), *(["ends at"] if ended else []), "finished"]), rows)


def pairs_table(name: str, metric: str, pairs: Sequence[tuple[str, str]]) -> str:
    """The differences of rows on equal seeds and variants; only an interval without 0 decides.

    Args:
        name: of the study.
        metric: less is better.
        pairs: labels of two rows each.
    """
    by_row = _by_row(read(name))
    rows = []
    for one, other in pairs:
        values = [_by_seed(by_row[label], metric) for label in (one, other)]
        found = paired(*values)
        if found is None or found.low is None or found.high is None:
            rows.append(f"{one} | {other} | too few runs | ")
            continue
        better = f"{one} is better" if found.high < 0 else f"{other} is better"
        verdict = better if found.low * found.high > 0 else "undecided"
        rows.append(f"{one} | {other} | {found.mean:.3g} ({found.low:.3g} to {found.high:.3g}) | {verdict}")
    return table("row | against | difference (95 % interval) | verdict", rows)


def _by_row(runs: Sequence[Run]) -> dict[str, list[Run]]:
    found = dict[str, list[Run]]()
    for run in runs:
        found.setdefault(run["row"], []).append(run)
    return found


def _by_seed(runs: Sequence[Run], metric: str) -> dict[int, float]:
    """The mean over the variants of each seed."""
    values = dict[int, list[float]]()
    for run in runs:
        if run["status"] == "finished" and metric in run["scores"]:
            values.setdefault(run["seed"], []).append(run["scores"][metric])
    return {seed: statistics.fmean(each) for seed, each in values.items()}


def _rounded(values: Sequence[float]) -> str:
    """Mean and, of several, deviation, in three digits."""
    if not values:
        return "none"
    deviation = f" ± {statistics.stdev(values):.2g}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.3g}{deviation}"


def _ended_at(runs: Sequence[Run]) -> str:
    """Least and most of where margins or bounds ended."""
    names = [name for name in ENDS if all(name in run["ends"] for run in runs)]
    ranges = []
    for name in names:
        values = sorted({run["ends"][name] for run in runs})
        ranges.append(f"{values[0]:.3g}" if values[0] == values[-1] else f"{values[0]:.3g} to {values[-1]:.3g}")
    return "; ".join(ranges)


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
    by_row, rows = _by_row(read("mmd-narrow")), []
    for gain in GAINS:
        for label, loss in LOSSES.items():
            if runs := by_row.get(f"{label}, C^K = {gain}"):
                lost, published = _beyond(runs), best(loss, "cifar10", f"pico-{gain}")
                distances = [_rounded([run["scores"][metric] for run in _scored(runs)]) for metric in BY_LITE0]
                counts = f"{lost} of {len(runs)} | {published.diverged} of {published.runs}"
                rows.append(f"{gain} | {label} | {' | '.join(distances)} | {counts}")
    return table(f"C^K | loss | {' | '.join(BY_LITE0)} | diverged | published: FID above 50", rows)


def grid_table() -> str:
    """Quantiles of the scores over the cells, and how many cells are broken."""
    rows = []
    for label, runs in _by_row(read(GRID)).items():
        scored = _scored(runs)
        for metric, title in GRID_SCORES.items():
            low, middle, high = statistics.quantiles([run["scores"][metric] for run in scored], n=4)
            broken = sum(run["scores"][metric] < BROKEN for run in scored)
            most = max(run["scores"][metric] for run in scored)
            cells = " | ".join(f"{value:.2f}" for value in (low, middle, high, most))
            rows.append(f"{label} | {title} | {len(scored)} | {cells} | {broken}")
    return table(
        f"method | MODE score | cells | lower quartile | median | upper quartile | best | below {BROKEN:g}", rows
    )


def draw_grid() -> None:
    """The distribution of the score as printed over the cells, for both methods, as Figure 3 of the paper."""
    figure, axes = plt.subplots(figsize=(6, 3), dpi=110)
    edges = [1 + step / 2 for step in range(19)]
    values = {label: [run["scores"]["inception-score"] for run in _scored(runs)]
              for label, runs in _by_row(read(GRID)).items()}  # fmt: skip
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


def _scored(runs: Sequence[Run]) -> list[Run]:
    """Those that have scores."""
    return [run for run in runs if run["scores"]]


def _beyond(runs: Sequence[Run]) -> int:
    return sum(run["status"] == "diverged" for run in runs)


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
