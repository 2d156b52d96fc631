"""Whole experiments without the command line: change a recipe, train it twice, score both, and write one page.

Run it:  python examples/experiments_from_python.py [folder] [iterations]
"""

import sys
from dataclasses import replace
from pathlib import Path

from equipoise.algorithms.gan import GAN
from equipoise.experiments.experiment import Experiment, with_length
from equipoise.recipes.catalogue import recipe
from equipoise.reports.pages import write_comparison
from equipoise.runs.train import Settings, train
from equipoise.runs.trained import evaluate
from equipoise.training.average import Average

SETTINGS = Settings(device="cpu", threads=1, quiet=True)
METRICS = ("inception-score", "modes-covered")


def experiments(iterations: int) -> dict[str, Experiment]:
    """Two objectives on the same networks, data and seed. A variant edits a copy; nothing is registered anywhere."""
    base = with_length(recipe("gan-digits"), iterations=iterations)
    hinge = GAN(loss="hinge", iterations=iterations)
    return {
        "non-saturating": base,
        "hinge, averaged": replace(base, name="hinge-digits", algorithm=hinge, average=Average(half_life_images=5_000)),
    }


def compare(folder: Path, iterations: int) -> Path:
    """Train and score all, then set them side by side. Returns: the page."""
    groups: dict[str, list[Path]] = {}
    for name, experiment in experiments(iterations).items():
        run = train(experiment, folder / experiment.name, SETTINGS)
        for score in evaluate(run.path, METRICS, 1_000, SETTINGS):
            print(f"{name}: {score.metric} {score.value:.3g}")
        groups[name] = [run.path]
    return write_comparison("Two losses on digits", "Same networks, data and seed.", groups, folder / "index.html")


if __name__ == "__main__":
    place = Path(sys.argv[1] if len(sys.argv) > 1 else "comparison")
    print(f"The page is {compare(place, int(sys.argv[2]) if len(sys.argv) > 2 else 1_000)}")
