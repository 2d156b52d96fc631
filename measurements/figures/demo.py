"""The demo's stories as the README tells them: figures from `summary.json` of a demo, verdicts as on its page.

python -m measurements.figures.demo FOLDER     takes a demo's figures to results/digits/demo.json and draws its samples
python -m measurements.figures.demo            prints the table
"""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.image import imread

from equipoise.common.files import write_text_atomically
from equipoise.studies.demo import run_word
from equipoise.studies.demo_stories import verdict
from measurements import FIGURES_FOLDER, RESULTS_FOLDER
from measurements.pages import spread

matplotlib.use("Agg")
import matplotlib.pyplot as plt

DATA = RESULTS_FOLDER / "digits" / "demo.json"


def table() -> str:
    """A row of each group, with the answer in its story's first, as Markdown; a test holds the README to it."""
    rows = ["| story | runs | score | verdict |", "| --- | --- | --- | --- |"]
    for title, groups in _stories():
        metrics = tuple(next(iter(groups.values())))
        by_metric = {metric: {label: scores[metric] for label, scores in groups.items()} for metric in metrics}
        answer = verdict(metrics, by_metric).answer
        for number, (label, scores) in enumerate(groups.items()):
            figures = ", ".join(f"{metric} {spread(values)}" for metric, values in scores.items())
            rows.append(f"| {'' if number else title} | {label} | {figures} | {'' if number else answer} |")
    return "\n".join(rows)


def _stories() -> list[tuple[str, dict[str, dict[str, list[float]]]]]:
    stories: list[dict[str, Any]] = json.loads(DATA.read_text(encoding="utf-8"))["stories"]
    return [(each["title"], {label: g["scores"] for label, g in each["groups"].items()}) for each in stories]


def take(folder: Path) -> None:
    """Keep the figures of a demo; its verdicts follow from them."""
    stories = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["stories"]
    kept = [{"title": each["title"], "groups": each["groups"]} for each in stories]
    write_text_atomically(DATA, json.dumps({"stories": kept}, indent=1) + "\n")


def draw(folder: Path) -> None:
    """The newest samples of each group's first seed, in the order of the table."""
    labels = [label for _, groups in _stories() for label in groups]
    figure, panels = plt.subplots(2, 5, figsize=(11, 5), dpi=100)
    for axes, label in zip(panels.flat, labels, strict=True):
        grids = (folder / "runs" / f"{run_word(label)}-seed0" / "samples").glob("*.png")
        axes.imshow(imread(max(grids)), cmap="gray", interpolation="nearest")
        axes.set_title(label, fontsize=9)
        axes.axis("off")
    figure.tight_layout()
    figure.savefig(FIGURES_FOLDER / "demo.png")


if __name__ == "__main__":
    for given in sys.argv[1:]:
        take(Path(given))
        draw(Path(given))
    print(table())
