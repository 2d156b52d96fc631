"""What the default for a folder of pictures made of one: a data file and a grid of samples for each run, and tables.

python -m measurements.figures.my_pictures RUN NAME --data-label FOLDER --cpu-seconds N
python -m measurements.figures.my_pictures

The first form writes results/pictures/NAME.json and docs/figures/pictures_NAME.png. N is the processor time of the run,
user and system, as `time` says it. Both forms renew the tables of docs/tutorials/my_pictures.md and docs/pictures.md.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from PIL import Image

import equipoise
from equipoise.common.durations import duration
from equipoise.common.files import write_text_atomically
from equipoise.evaluation.sampling import generate, sample_picture
from equipoise.runs.directory import RunDirectory, open_run
from equipoise.runs.trained import load_trained
from measurements import DOCS_FOLDER, FIGURES_FOLDER, RESULTS_FOLDER, pages
from measurements.figures import few_pictures, plans
from measurements.figures.run_results import (
    above_one_another,
    corner,
    document,
    enlarged,
    logged,
    pace,
    with_interval,
)

RESULTS = RESULTS_FOLDER / "pictures"
PARTS = RESULTS_FOLDER / "studies" / "picture-parts" / "results.json"
TUTORIAL, PAGE = DOCS_FOLDER / "tutorials" / "my_pictures.md", DOCS_FOLDER / "pictures.md"
FIRST = ("horses-10", "emoji-60", "clothes-30")
"""The runs that the tutorial shows; the page shows the others."""
COLUMNS, ROWS, ENLARGED_TO, GAP = 8, 5, 64, 10
MOMENTS = (600.0, 1800.0)
"""Processor seconds after which long runs are looked at, beside their end."""
SCORE = "lite0-kernel"
SESSION = ("from_iteration", "to_iteration", "seconds", "commit")


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("run", type=Path, nargs="?")
    words.add_argument("name", nargs="?")
    words.add_argument("--data-label", help="a folder's published name, in place of its path")
    words.add_argument("--cpu-seconds", type=float)
    words.add_argument("--data", type=Path, help="the pictures, where the run did not score itself")
    chosen = words.parse_args()
    if chosen.run is not None:
        run = open_run(chosen.run)
        found = document(run, chosen.data_label) | {"cpu_seconds": chosen.cpu_seconds, "sessions": sessions(run)}
        found |= {"scores": scores(run) or [scored(run, chosen.data)]}
        RESULTS.mkdir(parents=True, exist_ok=True)
        write_text_atomically(RESULTS / f"{chosen.name}.json", json.dumps(found, indent=1) + "\n")
        grid(run).save(FIGURES_FOLDER / f"pictures_{chosen.name}.png", optimize=True)
        if is_long(found):
            on_the_way(run, found).save(FIGURES_FOLDER / f"pictures_{chosen.name}_on_the_way.png", optimize=True)
    renew()


def renew() -> None:
    """Write the figures into both pages."""
    for page, figures in ((TUTORIAL, tutorial()), (PAGE, measured())):
        write_text_atomically(page, pages.filled(page, figures))


def sessions(run: RunDirectory) -> list[dict[str, Any]]:
    """From where to where each session trained, in what time, by which commit."""
    known = json.loads(run.environment.read_text(encoding="utf-8"))["sessions"]
    return [{name: each.get(name) for name in SESSION} for each in known]


def scores(run: RunDirectory) -> list[dict[str, Any]]:
    """Each score on the way, with its interval and that of real against real."""
    return [
        {"iteration": line["iteration"]} | with_interval(line["values"][SCORE], line["passports"][SCORE])
        for line in logged(run, "score")
        if SCORE in line["values"]
    ]


def scored(run: RunDirectory, data: Path) -> dict[str, Any]:
    """The same of the newest checkpoint, for a run that did not score itself."""
    found = equipoise.score(data, run.path, [SCORE], count=1000, size=run.experiment().data.item_shape[1])[SCORE]
    return {"iteration": logged(run, "iteration")[-1]["iteration"]} | with_interval(found.value, found.passport)


def grid(run: RunDirectory, rows: int = ROWS, by: int | None = None) -> Image.Image:
    """The corner of the run's last grid of samples, or of the last by an iteration; small pictures twice as large.

    A run that was stopped before its second grid is asked for samples.
    """
    part = corner(run, COLUMNS, rows, by) if pace(run) else sampled(run)
    times = max(1, ENLARGED_TO // run.experiment().data.item_shape[1])
    return enlarged(part, times)


def sampled(run: RunDirectory) -> Image.Image:
    """A grid of the newest checkpoint's samples."""
    trained = load_trained(run.path, torch.device("cpu"), "newest")
    samples = generate(trained.generator, trained.experiment.latent, COLUMNS * ROWS, 0)
    return sample_picture(samples, trained.experiment.value_range, COLUMNS)


def is_long(run: dict[str, Any]) -> bool:
    """Whether what it made on the way is shown too: for a run that scored itself."""
    return bool(run["cpu_seconds"] > 2 * MOMENTS[0]) and len(run["scores"]) > 1


def moments(run: dict[str, Any]) -> dict[float, int]:
    """The iteration that a long run had reached after each of some processor times, if all took as long."""
    whole = run["cpu_seconds"]
    return {each: int(run["iterations"] * each / whole) for each in (*MOMENTS, whole) if each <= whole}


def on_the_way(run: RunDirectory, found: dict[str, Any]) -> Image.Image:
    """A few samples of the same latents at each of these moments, one band above the other."""
    bands = [grid(run, 2, by) for by in moments(found).values()]
    return above_one_another(bands, GAP)


def runs() -> dict[str, dict[str, Any]]:
    """Every run that was kept, by its name."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("*.json"))}


def tutorial() -> dict[str, str]:
    """The table of the tutorial, by the name of its place."""
    return {"pictures-results": table({name: run for name, run in runs().items() if name in FIRST})}


def measured() -> dict[str, str]:
    """The tables of the page, by the names of their places."""
    kept = runs()
    return {
        "pictures-results": table(kept),
        "pictures-on-the-way": over_time(kept),
        "pictures-parts": parts(),
        "pictures-few": few_pictures.table(),
        "pictures-plans": plans.table(),
    }


def over_time(kept: dict[str, dict[str, Any]]) -> str:
    """The scores of the long runs on the way."""
    found = [
        f"{name} | {duration(seconds)} | {iteration:,} | {pages.interval(last_by(run, iteration))}"
        for name, run in kept.items()
        if is_long(run)
        for seconds, iteration in moments(run).items()
    ]
    return pages.table(f"run | after | iterations | {SCORE} (95 %)", found)


def last_by(run: dict[str, Any], iteration: int) -> dict[str, float]:
    """The last score by an iteration."""
    found: dict[str, float] = [each for each in run["scores"] if each["iteration"] <= iteration][-1]
    return found


def table(shown: dict[str, dict[str, Any]]) -> str:
    heads = f"run | processor time | pictures seen | {SCORE} (95 %) | real halves"
    return pages.table(heads, [row(name, run) for name, run in shown.items()])


def row(name: str, run: dict[str, Any]) -> str:
    seen = run["iterations"] * run["experiment"]["batch_size"]
    last = run["scores"][-1]
    return (
        f"{name} | {duration(run['cpu_seconds'])} | {seen:,} | {pages.interval(last)} | {last['real_against_real']:.3f}"
    )


def parts() -> str:
    """What the study of the default's parts found."""
    rows = json.loads(PARTS.read_text(encoding="utf-8"))["rows"]
    found = [(each["label"], each["runs"][0]["scores"][SCORE]) for each in rows]
    heads = f"what is different | {SCORE} (95 %)"
    return pages.table(heads, [f"{label} | {pages.interval(one['passport'] | one)}" for label, one in found])


if __name__ == "__main__":
    main()
