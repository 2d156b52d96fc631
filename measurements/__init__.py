"""Everything that writes `results/` and the figures of `docs/`: run as `python -m measurements.FOLDER.SCRIPT`."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS_FOLDER = ROOT / "results"
DOCS_FOLDER = ROOT / "docs"
FIGURES_FOLDER = DOCS_FOLDER / "figures"
