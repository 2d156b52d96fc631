"""Draw the packages of Equipoise and what may import what. Run: python -m measurements.figures.architecture"""

import matplotlib

from measurements import FIGURES_FOLDER, take_no_words

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.patches import Rectangle

ROWS = [
    (["cli", "testing"], "the command line; contract checks for authors"),
    (["reports"], "pages and figures of runs and studies"),
    (["simulations"], "the theory of the papers"),
    (["studies"], "many runs, one table"),
    (["runs"], "one run and its directory"),
    (["recipes", "evaluation", "monitor", "integrations"], "experiments by name; scores; warnings; adapters"),
    (["experiments"], "a complete run as data"),
    (["algorithms"], "one paper, one file"),
    (["training"], "the game, the loop, checkpoints"),
    (["losses", "constraints", "networks", "data", "metrics", "kernels"], "none imports another"),
    (["common"], "errors, checks, random numbers, safe file writes"),
]
"""From the top: packages, and what they do. `tests/test_rooms.py` has the exact rules."""
COLOURS = ["#f4e3d7", *["#e3ecf4"] * 4, *["#e6f0e4"] * 4, "#fff3cf", "#ececec"]


def main() -> None:
    figure, axes = plt.subplots(figsize=(8, 6.6), dpi=110)
    for row, ((rooms, note), colour) in enumerate(zip(ROWS, COLOURS, strict=True)):
        y = len(ROWS) - 1 - row
        width = 12 / len(rooms)
        for column, room in enumerate(rooms):
            box = Rectangle(
                (column * width + 0.06, y + 0.12),
                width - 0.12,
                0.6,
                facecolor=colour,
                edgecolor="#555555",
                linewidth=0.8,
            )
            axes.add_patch(box)
            size = 11 if len(rooms) < 4 else 7.5
            axes.text(
                column * width + width / 2, y + 0.42, room, ha="center", va="center", fontsize=size, color="#222222"
            )
        axes.text(12.25, y + 0.42, note, ha="left", va="center", fontsize=8.5, color="#555555")
    axes.annotate(
        "", xy=(-0.45, 0.2), xytext=(-0.45, len(ROWS) - 0.3), arrowprops={"arrowstyle": "->", "color": "#888888"}
    )
    axes.text(
        -0.75,
        len(ROWS) / 2,
        "may import what is below",
        rotation=90,
        ha="center",
        va="center",
        fontsize=8.5,
        color="#777777",
    )
    axes.set_xlim(-1.1, 17.2)
    axes.set_ylim(0, len(ROWS))
    axes.axis("off")
    figure.savefig(FIGURES_FOLDER / "architecture.png", bbox_inches="tight", pad_inches=0.1)


if __name__ == "__main__":
    take_no_words(__doc__)
    main()
