"""Condenses a run's directory into one data file: its configuration, passport, losses, pace and scores.

python -m measurements.figures.run_results RUN results/FOLDER/NAME.json [--data-label NAME]

The pace is of wall time between the first and the last of the regular pictures; on a busy machine it is a lower bound.
"""

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from equipoise.common.files import write_text_atomically
from equipoise.experiments.config import to_plain
from equipoise.runs.directory import RunDirectory, open_run

POINTS = 50


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("run", type=Path)
    words.add_argument("out", type=Path)
    words.add_argument("--data-label", help="a folder's published name, in place of its path")
    chosen = words.parse_args()
    found = document(open_run(chosen.run), chosen.data_label)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    write_text_atomically(chosen.out, json.dumps(found, indent=1) + "\n")


def document(run: RunDirectory, data_label: str | None) -> dict[str, Any]:
    """All that is kept of a run; a folder has its published name in place of its path."""
    plain = to_plain(run.experiment())
    if data_label is not None:
        plain["data"]["path"] = data_label
    return {"passport": passport(run, plain), "experiment": plain} | losses(run) | scores(run)


def passport(run: RunDirectory, plain: dict[str, Any]) -> dict[str, Any]:
    """The first session's record; of a run that was resumed also where, and what all its sessions reached and took."""
    first, *others = json.loads(run.environment.read_text(encoding="utf-8"))["sessions"]
    found: dict[str, Any] = {"data": plain["data"].get("path", plain["data"]["kind"])} | first
    found.pop("places", None)
    if others:
        found["resumed_at"] = [each["from_iteration"] for each in others]
        found["precision"] = ", then ".join(dict.fromkeys(each["precision"] for each in (first, *others)))
        found["to_iteration"] = others[-1]["to_iteration"]
        seconds = [each["seconds"] for each in (first, *others) if "seconds" in each]
        found.pop("seconds", None)
        if len(seconds) == 1 + len(others):  # a session that was killed could not say
            found["seconds"] = round(sum(seconds), 1)
    return found


def losses(run: RunDirectory) -> dict[str, Any]:
    """Every n-th logged line, whether all of them are finite, and the pace."""
    lines = logged(run, "iteration")
    values = [value for line in lines for value in line["values"].values()]
    kept = lines[:: max(1, len(lines) // POINTS)] + lines[-1:]
    return {
        "iterations": lines[-1]["iteration"],
        "all_finite": all(value is not None and math.isfinite(value) for value in values),
        "iterations_per_second": pace(run),
        "logged": {
            "iteration": [line["iteration"] for line in kept],
            **{name: [float(f"{line['values'][name]:.4g}") for line in kept] for name in kept[0]["values"]},
        },
    }


def pace(run: RunDirectory) -> float | None:
    """Iterations a second between the first regular picture and the last; None where there are not two."""
    pictures = sorted(run.samples.glob("iteration-*.png"))[1:]
    if len(pictures) < 2:
        return None
    first, last = (int(path.stem.split("-")[1]) for path in (pictures[0], pictures[-1]))
    seconds = pictures[-1].stat().st_mtime - pictures[0].stat().st_mtime
    return round((last - first) / seconds, 2) if seconds > 0 else None


def logged(run: RunDirectory, kind: str) -> list[dict[str, Any]]:
    """The log's lines of one kind."""
    lines = [json.loads(line) for line in run.log.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line["kind"] == kind]


def with_interval(value: Any, passport: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a score: its interval, what real images got against others, and of how many samples it is."""
    names = ("low", "high", "real_against_real", "generated_count")
    return {"value": value} | {name: passport[name] for name in names}


def corner(run: RunDirectory, columns: int, rows: int, by: int | None = None) -> Image.Image:
    """The corner of the run's last grid of samples, or of the last one by an iteration."""
    pitch = run.experiment().data.item_shape[1] + 1
    grids = [path for path in run.samples.glob("iteration-*.png") if by is None or int(path.stem.split("-")[1]) <= by]
    with Image.open(max(grids)) as picture:
        return picture.convert("RGB").crop((0, 0, columns * pitch - 1, rows * pitch - 1))


def enlarged(picture: Image.Image, times: int) -> Image.Image:
    """So many times as large, each pixel a square."""
    return picture.resize((picture.width * times, picture.height * times), Image.Resampling.NEAREST)


def above_one_another(bands: Sequence[Image.Image], gap: int) -> Image.Image:
    """Pictures of one width, one above the other."""
    whole = Image.new("RGB", (bands[0].width, sum(each.height + gap for each in bands) - gap), "white")
    top = 0
    for band in bands:
        whole.paste(band, (0, top))
        top += band.height + gap
    return whole


def beside_one_another(parts: Sequence[Image.Image], gap: int) -> Image.Image:
    """Pictures of one height, from left to right."""
    turned = above_one_another([each.transpose(Image.Transpose.TRANSPOSE) for each in parts], gap)
    return turned.transpose(Image.Transpose.TRANSPOSE)


def scores(run: RunDirectory) -> dict[str, Any]:
    return json.loads(run.scores.read_text(encoding="utf-8")) if run.scores.is_file() else {}


if __name__ == "__main__":
    main()
