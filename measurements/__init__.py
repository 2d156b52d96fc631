"""Everything that writes `results/` and the figures of `docs/`: run as `python -m measurements.FOLDER.SCRIPT`."""

import argparse
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS_FOLDER = ROOT / "results"
DOCS_FOLDER = ROOT / "docs"
FIGURES_FOLDER = DOCS_FOLDER / "figures"


def take_no_words(description: str | None) -> None:
    """For a script without options: answers `--help`, and refuses other words before anything is measured."""
    argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
