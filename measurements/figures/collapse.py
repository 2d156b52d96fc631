"""Draws docs/figures/collapse.png from results/collapse/digits.json, and prints the table of docs/collapse.md.

python -m measurements.figures.collapse
"""

import json
import re
from typing import Any

import matplotlib

from measurements import FIGURES_FOLDER, RESULTS_FOLDER, take_no_words

matplotlib.use("Agg")
import matplotlib.pyplot as plt

DATA = RESULTS_FOLDER / "collapse" / "digits.json"
HEADER = "| run | seed | inception score at the end | reach, best | reach, end | warnings |"
WORDS = {
    r"^collapse: the samples are almost all the same \(iteration (\d+)\)\.$": r"almost all the same (iteration \1)",
    r"^collapse: samples reach (\d+%) of .*, after (\d+%) \(iteration (\d+)\)\.$": r"reach \1, best \2 (iteration \3)",
    r"^the collapse has passed: samples reach (\d+%) \(iteration (\d+)\)\.$": r"recovered to \1 (iteration \2)",
}
"""The sentences of the recorded runs, and what the table says for them."""


def table(runs: list[dict[str, Any]]) -> str:
    """The Markdown table, a row a run."""
    rows = [
        f"| {run['row']} | {run['seed']} | {run['inception_score']:.2f} | {max(run['reach']):.2f} | "
        f"{run['reach'][-1]:.2f} | {'; '.join(map(short, run['told'])) or 'none'} |"
        for run in runs
    ]
    return "\n".join([HEADER, "| --- | --- | --- | --- | --- | --- |", *rows])


def short(sentence: str) -> str:
    """A recorded sentence in the words of the table."""
    (found,) = [re.sub(pattern, words, sentence) for pattern, words in WORDS.items() if re.match(pattern, sentence)]
    return found


def draw(runs: list[dict[str, Any]]) -> None:
    """Reach over the training: orange for runs with a warning, blue for the others."""
    figure, axes = plt.subplots(figsize=(7, 3.6), dpi=120)
    for run in runs:
        share = [iteration / run["iterations"][-1] for iteration in run["iterations"]]
        colour = "#c8521e" if run["told"] else "#2a6f9e"
        axes.plot(share, run["reach"], color=colour, linewidth=1, alpha=0.85)
    axes.plot([], [], color="#c8521e", label="with a warning")
    axes.plot([], [], color="#2a6f9e", label="without a warning")
    axes.axhline(1, color="#555555", linewidth=0.8, dashes=(4, 3))
    axes.text(0.01, 1.02, "held-out data", fontsize=8, color="#555555")
    axes.set_xlabel("share of the training")
    axes.set_ylabel("reach")
    axes.set_ylim(0, 1.12)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(0.0, 0.86))
    figure.savefig(FIGURES_FOLDER / "collapse.png", bbox_inches="tight")


if __name__ == "__main__":
    take_no_words(__doc__)
    found = json.loads(DATA.read_text(encoding="utf-8"))["runs"]
    draw(found)
    print(table(found))
