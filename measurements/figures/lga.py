"""The local gradient amplifier in training: distances over time and samples of a study, for docs/losses/spatial.md.

python -m measurements.figures.lga STUDY...   copies finished runs of STUDY's directory to results/studies/NAME
python -m measurements.figures.lga            fills the page's tables and draws the figures of what is there

Run it where the study ran, so that its data are found. Runs that are not finished are left out.
"""

import argparse
import json
import math
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from PIL import Image

from equipoise.common.files import write_text_atomically
from equipoise.runs.directory import open_run
from equipoise.studies.paired import paired
from equipoise.studies.plan import plan
from equipoise.studies.study_file import load_study
from measurements import DOCS_FOLDER, FIGURES_FOLDER, RESULTS_FOLDER
from measurements.figures.run_results import corner, logged
from measurements.pages import filled, spread, table

matplotlib.use("Agg")
import matplotlib.pyplot as plt

PAGE, STUDIES = DOCS_FOLDER / "losses" / "spatial.md", RESULTS_FOLDER / "studies"
NAMES = ("lga-maps", "lga-patches")
METRIC = "lite0-kernel"
KEPT = ("commit", "data", "data_hash", "extractor", "generated_count", "real_count", "resize", "weights_hash")
LATE = 200
"""Iterations at the end over which the score of generated images is averaged."""
CLAIMS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "lga-maps": (
        ("a 4x4 map alone improves the hinge loss", "plain 4x4", "hinge"),
        ("an 8x8 map alone improves the hinge loss", "plain 8x8", "hinge"),
        ("LGA 4x4 improves the hinge loss", "magnitude 4x4", "hinge"),
        ("the same, on the same map", "magnitude 4x4", "plain 4x4"),
        ("LGA 8x8 improves the hinge loss", "magnitude 8x8", "hinge"),
        ("the same, on the same map", "magnitude 8x8", "plain 8x8"),
        ("8x8 is better than 4x4", "magnitude 8x8", "magnitude 4x4"),
        ("zero-LGA 4x4 is better than hinge", "zero 4x4", "hinge"),
        ("and LGA 4x4 better than zero-LGA", "magnitude 4x4", "zero 4x4"),
        ("zero-LGA 8x8 is better than hinge", "zero 8x8", "hinge"),
        ("and LGA 8x8 better than zero-LGA", "magnitude 8x8", "zero 8x8"),
        ("our margin 4x4 improves the hinge loss", "margin 4x4", "hinge"),
        ("our margin 4x4 is better than magnitude", "margin 4x4", "magnitude 4x4"),
        ("our margin 8x8 is better than magnitude", "margin 8x8", "magnitude 8x8"),
        ("the printed formula hurts: 4x4", "magnitude 4x4", "literal 4x4"),
        ("the printed formula hurts: 8x8", "magnitude 8x8", "literal 8x8"),
    ),
    "lga-patches": (
        ("LGA improves the patch discriminator", "patch, magnitude", "patch, hinge"),
        ("LGA improves the three scales", "3 scales, magnitude", "3 scales, hinge"),
        ("the printed formula hurts: patches", "patch, magnitude", "patch, literal"),
        ("the printed formula hurts: three scales", "3 scales, magnitude", "3 scales, literal"),
    ),
}
"""Claim, and the row that should have the lower distance than the other."""
STYLES = {"hinge": "black", "plain": "tab:gray", "magnitude": "tab:blue", "margin": "tab:green"}
STYLES |= {"zero": "tab:orange", "literal": "tab:red"}
NEAR = (1.15, 2.0)
"""The distances of the panel without the printed formula."""
Rows = dict[str, dict[str, dict[str, list[float]]]]
"""Label -> seed -> iterations and distances, and the mean score of generated images at the end."""


def condense(directory: Path) -> None:
    """The curves of a study's finished runs, and a grid of samples of each row's first seed."""
    study, rows, passport = load_study(directory / "study.yaml"), Rows(), dict[str, Any]()
    folder = STUDIES / study.name
    folder.mkdir(parents=True, exist_ok=True)
    grids: dict[str, Image.Image] = {}
    for planned in plan(study, "cpu", None, with_inception=False):
        outcome = directory / planned.directory / "outcome.json"
        if not outcome.is_file() or json.loads(outcome.read_text(encoding="utf-8"))["status"] != "finished":
            continue
        run, label = open_run(outcome.parent), planned.row.label
        taken = [line for line in logged(run, "score") if METRIC in line["values"]]
        found = taken[-1]["passports"][METRIC]
        passport = {name: found[name] for name in KEPT} | {"versions": found["versions"]}
        curve = {"iterations": [line["iteration"] for line in taken]}
        curve["distances"] = [float(f"{line['values'][METRIC]:.5g}") for line in taken]
        late = [line["values"]["fake_score"] for line in logged(run, "iteration")[-LATE:]]
        curve["fake_score"] = [float(f"{statistics.fmean(late):.4g}")]
        rows.setdefault(label, {})[str(planned.experiment.seed)] = curve
        grids.setdefault(label, corner(run, 5, 3))
    document = {"passport": passport, "metric": METRIC, "rows": rows}
    write_text_atomically(folder / "curves.json", json.dumps(document, indent=1) + "\n")
    write_text_atomically(folder / "study.yaml", (directory / "study.yaml").read_text(encoding="utf-8"))
    draw_samples(grids, FIGURES_FOLDER / f"{study.name.replace('-', '_')}_samples.png")


def read(name: str) -> Rows:
    path = STUDIES / name / "curves.json"
    rows: Rows = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.is_file() else {}
    return rows


def figures() -> dict[str, str]:
    """The page's tables by their marks, of the studies that are there."""
    return {mark: text for name in NAMES if (rows := read(name)) for mark, text in _tables(name, rows).items()}


def _tables(name: str, rows: Rows) -> dict[str, str]:
    lines = [f"{label} | {' | '.join(_of_row(list(seeds.values())))} | {len(seeds)}" for label, seeds in rows.items()]
    heads = "row | distance at the end | lowest on the way | mean from there on | score of samples | seeds"
    claims = [f"{text} | {_judged(rows, better, worse)}" for text, better, worse in CLAIMS[name]]
    return {name: table(heads, lines), f"{name}-claims": table("claim | difference (95 % interval) | verdict", claims)}


def _of_row(curves: list[dict[str, list[float]]]) -> list[str]:
    """The last distance, the lowest, the mean from the lowest on, and the score of generated images, over the seeds."""
    distances = [curve["distances"] for curve in curves]
    trailing = [statistics.fmean(each[each.index(min(each)) :]) for each in distances]
    scores = [curve["fake_score"][0] for curve in curves]
    ends, lowest = [each[-1] for each in distances], [min(each) for each in distances]
    return [spread(values) for values in (ends, lowest, trailing, scores)]


def _judged(rows: Rows, better: str, worse: str) -> str:
    """The mean difference of the last distances over common seeds; only an interval without 0 decides."""
    one, other = (
        {int(seed): curve["distances"][-1] for seed, curve in rows.get(label, {}).items()} for label in (better, worse)
    )
    found = paired(one, other)
    if found is None or found.low is None or found.high is None:
        return f"{better} minus {worse}: not measured on two seeds | not judged"
    verdict = "undecided" if found.low <= 0 <= found.high else "holds" if found.mean < 0 else "the other way round"
    return f"{better} minus {worse}: {found.mean:+.2f} ({found.low:+.2f} to {found.high:+.2f}) | {verdict}"


def draw_samples(grids: Mapping[str, Image.Image], path: Path) -> None:
    """The first samples of each row's first seed, with its label."""
    columns = min(4, len(grids))
    shape = (math.ceil(len(grids) / columns), columns)
    figure, axes = plt.subplots(*shape, figsize=(2.2 * shape[1], 1.6 * shape[0]), dpi=90, squeeze=False)
    for place in axes.flat:
        place.axis("off")
    for place, (label, grid) in zip(axes.flat, grids.items(), strict=False):
        place.imshow(grid)
        place.set_title(label, fontsize=8)
    figure.tight_layout()
    figure.savefig(path)


def draw(name: str, rows: Rows) -> None:
    """Mean distances over time, and those of the rows that train once more, with the range of their seeds."""
    figure, (whole, near) = plt.subplots(1, 2, figsize=(11, 3.8), dpi=110, gridspec_kw={"width_ratios": (4, 6)})
    for label, seeds in rows.items():
        _draw_row(whole, label, list(seeds.values()), banded=False)
        if not label.endswith("literal") and not label.startswith("literal"):
            _draw_row(near, label, list(seeds.values()), banded=True)
    whole.set(xlabel="generator steps", ylabel=METRIC, ylim=(1.0, 4.0))
    near.set(xlabel="generator steps", ylim=NEAR)
    whole.spines[["top", "right"]].set_visible(False)
    handles, labels = whole.get_legend_handles_labels()
    near.legend(handles, labels, frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
    near.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(FIGURES_FOLDER / f"{name.replace('-', '_')}.png")


def _draw_row(axes: Axes, label: str, curves: list[dict[str, list[float]]], banded: bool) -> None:
    """A line for the mean, full for the smaller map or the single scale and dashed for the other."""
    seeds = list(zip(*(each["distances"] for each in curves), strict=True))
    colour = STYLES[label.split(", ")[-1].split()[0]]
    line = "--" if label.endswith("8x8") or label.startswith("3 scales") else "-"
    steps = curves[0]["iterations"]
    axes.plot(steps, [statistics.fmean(values) for values in seeds], line, color=colour, label=label, linewidth=1.2)
    if banded:
        axes.fill_between(steps, list(map(min, seeds)), list(map(max, seeds)), color=colour, alpha=0.08)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("study", type=Path, nargs="*")
    for directory in words.parse_args().study:
        condense(directory)
    for name in NAMES:
        if rows := read(name):
            draw(name, rows)
    write_text_atomically(PAGE, filled(PAGE, figures()))


if __name__ == "__main__":
    main()
