"""Draw MAGAN against fixed margins on digits from what the demo measured.

Run: python -m measurements.figures.magan_digits
"""

import json
import statistics
from typing import Any

import matplotlib

from measurements import FIGURES_FOLDER, take_no_words
from measurements.figures.demo import DATA
from measurements.pages import spread

matplotlib.use("Agg")
import matplotlib.pyplot as plt

_MARGINS = 0
"""The number of the demo's story about margins."""
LINES = {"real_energy": ("#1b6ca8", "real"), "fake_energy": ("#c8511b", "generated"), "margin": ("#333333", "margin")}


def groups() -> dict[str, Any]:
    """Scores and curves of the demo's runs, by the label of their group."""
    found: dict[str, Any] = json.loads(DATA.read_text(encoding="utf-8"))["stories"][_MARGINS]["groups"]
    return found


def table() -> str:
    """The figures of the documents, as Markdown; a test holds the documents to it."""
    rows = [
        "| | inception score | energy of real digits | of generated digits | margin |",
        "| --- | --- | --- | --- | --- |",
    ]
    for group, numbers in groups().items():
        ends = [[run[name][-1] for run in numbers["curves"]] for name in LINES]
        cells = " | ".join(spread(values) for values in ends)
        rows.append(f"| {group} | {spread(numbers['scores']['inception-score'])} | {cells} |")
    return "\n".join(rows)


def main() -> None:
    shown = groups()
    print(table())
    figure, panels = plt.subplots(1, len(shown), figsize=(11, 2.9), dpi=110, sharey=True)
    for axes, (group, numbers) in zip(panels, shown.items(), strict=True):
        for name, (colour, label) in LINES.items():
            runs = [run[name] for run in numbers["curves"]]
            style = "--" if name == "margin" else "-"
            for run in runs:
                axes.plot(run, style, color=colour, alpha=0.25, linewidth=0.7)
            mean = [statistics.fmean(values) for values in zip(*runs, strict=True)]
            axes.plot(mean, style, color=colour, linewidth=1.6, label=label)
        axes.set_title(f"{group}\ninception score {spread(numbers['scores']['inception-score'])}", fontsize=9.5)
        axes.set_yscale("log")
        axes.set_yticks([0.5, 1, 2, 5, 10], ["0.5", "1", "2", "5", "10"])
        axes.minorticks_off()
        axes.set_xlabel("epoch", fontsize=9)
        axes.tick_params(labelsize=8)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    panels[0].set_ylabel("mean energy of the epoch", fontsize=9)
    panels[-1].legend(fontsize=8, frameon=False)
    figure.tight_layout()
    figure.savefig(FIGURES_FOLDER / "magan_digits.png")


if __name__ == "__main__":
    take_no_words(__doc__)
    main()
