"""Puts samples of the two runs on cifar10-jpeg side by side: the repulsive loss on the left, hinge on the right.

python -m measurements.figures.cifar10_jpeg RUN_MMD_REP_B RUN_HINGE
"""

import sys
from pathlib import Path

from equipoise.runs.directory import open_run
from measurements import FIGURES_FOLDER
from measurements.figures.run_results import beside_one_another, corner

COLUMNS, ROWS, GAP = 6, 4, 12


def main() -> None:
    pictures = [corner(open_run(Path(word)), COLUMNS, ROWS) for word in sys.argv[1:]]
    beside_one_another(pictures, GAP).save(FIGURES_FOLDER / "cifar10_jpeg.png", optimize=True)


if __name__ == "__main__":
    main()
