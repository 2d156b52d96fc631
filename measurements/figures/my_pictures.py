"""What the default for a folder of pictures made of one: a data file and a grid of samples for each run, and the table.

python -m measurements.figures.my_pictures RUN NAME --data-label FOLDER --cpu-seconds N
python -m measurements.figures.my_pictures

The first form writes results/pictures/NAME.json and docs/figures/pictures_NAME.png; N is the processor time of the
run, user and system, as `time` says it. Both renew the table of docs/tutorials/my_pictures.md.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from PIL import Image

from equipoise.common.durations import duration
from equipoise.common.files import write_text_atomically
from equipoise.runs.directory import RunDirectory, open_run
from measurements import FIGURES_FOLDER, ROOT, pages
from measurements.figures.run_results import corner, document, logged

RESULTS: Path = ROOT / "results" / "pictures"
PAGE: Path = ROOT / "docs" / "tutorials" / "my_pictures.md"
COLUMNS, ROWS, ENLARGED_TO = 8, 5, 64
SCORE = "lite0-kernel"


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("run", type=Path, nargs="?")
    words.add_argument("name", nargs="?")
    words.add_argument("--data-label", help="a folder's published name, in place of its path")
    words.add_argument("--cpu-seconds", type=float)
    chosen = words.parse_args()
    if chosen.run is not None:
        run = open_run(chosen.run)
        found = document(run, chosen.data_label) | {"cpu_seconds": chosen.cpu_seconds, "scores": scores(run)}
        RESULTS.mkdir(parents=True, exist_ok=True)
        write_text_atomically(RESULTS / f"{chosen.name}.json", json.dumps(found, indent=1) + "\n")
        grid(run).save(FIGURES_FOLDER / f"pictures_{chosen.name}.png", optimize=True)
    write_text_atomically(PAGE, pages.filled(PAGE, figures()))


def scores(run: RunDirectory) -> list[dict[str, Any]]:
    """Each score on the way, with its interval and that of real against real."""
    return [
        {"iteration": line["iteration"], "value": line["values"][SCORE]}
        | {name: line["passports"][SCORE][name] for name in ("low", "high", "real_against_real", "generated_count")}
        for line in logged(run, "score")
        if SCORE in line["values"]
    ]


def grid(run: RunDirectory) -> Image.Image:
    """The corner of the run's last grid of samples, small pictures twice as large."""
    part = corner(run, COLUMNS, ROWS)
    times = max(1, ENLARGED_TO // run.experiment().data.item_shape[1])
    return part.resize((part.width * times, part.height * times), Image.Resampling.NEAREST)


def figures() -> dict[str, str]:
    """The tables of the page, by the names of their places."""
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("*.json"))}
    heads = f"run | processor time | pictures seen | {SCORE} (95 %) | real halves"
    return {"pictures-results": pages.table(heads, [row(name, run) for name, run in found.items()])}


def row(name: str, run: dict[str, Any]) -> str:
    seen = run["iterations"] * run["experiment"]["batch_size"]
    last = run["scores"][-1]
    score = f"{last['value']:.2f} ({last['low']:.2f} to {last['high']:.2f})"
    return f"{name} | {duration(run['cpu_seconds'])} | {seen:,} | {score} | {last['real_against_real']:.3f}"


if __name__ == "__main__":
    main()
