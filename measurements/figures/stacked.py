"""Stacked MNIST in the same processor time: a data file and a grid of samples for each run, and the page's table.

python -m measurements.figures.stacked RUN NAME --cpu-seconds N
python -m measurements.figures.stacked

The first form writes results/stacked-mnist/NAME.json and docs/figures/stacked_NAME.png; both renew the table of
docs/stacked-mnist.md. RUN has been scored with modes-covered, modes-missing and modes-kl.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from equipoise.common.files import write_text_atomically
from equipoise.experiments.build import parameter_count
from equipoise.runs.directory import open_run
from measurements import DOCS_FOLDER, FIGURES_FOLDER, RESULTS_FOLDER, pages
from measurements.figures.run_results import corner, document, enlarged

RESULTS, PAGE = RESULTS_FOLDER / "stacked-mnist", DOCS_FOLDER / "stacked-mnist.md"
COLUMNS, ROWS, TIMES = 10, 3, 2
NAMES = {
    "default": "the default for pictures (R3GAN's loss)",
    "rep-b": "MMD-GAN, repulsive, bounded",
    "reg-dcgan": "Reg-DCGAN",
    "dcgan": "DCGAN",
    "r3gan": "R3GAN's networks",
}
HEADS = (
    "method | parameters of generator and discriminator | iterations | images seen | CPU seconds | modes of 1,000 | "
    "KL, nats"
)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("run", type=Path, nargs="?")
    words.add_argument("name", nargs="?", choices=NAMES)
    words.add_argument("--cpu-seconds", type=float)
    chosen = words.parse_args()
    if chosen.run is not None:
        run = open_run(chosen.run)
        sizes = {name: parameter_count(player.network) for name, player in run.experiment().players.items()}
        found = document(run, None) | {"cpu_seconds": chosen.cpu_seconds, "parameters": sizes}
        write_text_atomically(RESULTS / f"{chosen.name}.json", json.dumps(found, indent=1) + "\n")
        enlarged(corner(run, COLUMNS, ROWS), TIMES).save(FIGURES_FOLDER / f"stacked_{chosen.name}.png", optimize=True)
    write_text_atomically(PAGE, pages.filled(PAGE, {"stacked": table()}))


def runs() -> dict[str, dict[str, Any]]:
    """What was kept of each run, by its name."""
    paths = {name: RESULTS / f"{name}.json" for name in NAMES}
    return {name: json.loads(path.read_text(encoding="utf-8")) for name, path in paths.items() if path.is_file()}


def table() -> str:
    """A row for each run."""
    return pages.table(HEADS, [_row(NAMES[name], run) for name, run in runs().items()])


def _row(label: str, run: dict[str, Any]) -> str:
    scores = {each["metric"]: each["value"] for each in run["scores"]}
    sizes = " and ".join(f"{run['parameters'][name]:,}" for name in ("generator", "discriminator"))
    seen = run["iterations"] * run["experiment"]["batch_size"]
    ends = f"{run['cpu_seconds']:.0f} | {scores['modes-covered']:.0f} | {scores['modes-kl']:.3f}"
    return f"{label} | {sizes} | {run['iterations']:,} | {seen:,} | {ends}"


if __name__ == "__main__":
    main()
