"""What `train FOLDER` expected of its time and memory, against what it took.

python -m measurements.figures.plans FOLDER NAME [NAME ...]

writes results/picture_plans.json: for each name FOLDER holds the run, NAME.log with what the command printed, and
NAME.time as GNU time writes it by --format "%U %S %e %M". The table of docs/pictures.md comes from it by
`python -m measurements.figures.my_pictures`.
"""

import argparse
import json
import re
from pathlib import Path
from typing import Any

from equipoise.common.durations import duration
from equipoise.common.files import write_text_atomically
from equipoise.runs.directory import open_run
from measurements import RESULTS_FOLDER, pages
from measurements.figures.run_results import passport

DATA = RESULTS_FOLDER / "picture_plans.json"
PLANNED = re.compile(r"On 1 thread of this CPU: about (.+) and ([\d.]+) GiB of memory;")
UNITS = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("folder", type=Path)
    words.add_argument("names", nargs="+")
    chosen = words.parse_args()
    write_text_atomically(DATA, json.dumps([measured(chosen.folder, each) for each in chosen.names], indent=1) + "\n")


def measured(folder: Path, name: str) -> dict[str, Any]:
    """Seconds and GiB, expected and taken; the time is that of the session, without the imports and the plan."""
    found = PLANNED.search((folder / f"{name}.log").read_text(encoding="utf-8"))
    assert found is not None
    times = re.findall(r"(\d+) (day|hour|minute|second)", found[1])
    kibibytes = int((folder / f"{name}.time").read_text(encoding="utf-8").split()[-1])
    run = open_run(folder / name)
    known = passport(run, {"data": {"kind": "folder"}})
    experiment = run.experiment()
    return {
        "passport": known,
        "name": name,
        "side": experiment.data.item_shape[1],
        "iterations": experiment.algorithm.iterations,
        "expected": {"seconds": sum(int(count) * UNITS[unit] for count, unit in times), "gibibytes": float(found[2])},
        "taken": {"seconds": known["seconds"], "gibibytes": round(kibibytes / 2**20, 2)},
    }


def table() -> str:
    """The rows of the page."""
    heads = "run | pixels | time expected | time taken | ratio | memory expected | memory taken"
    return pages.table(heads, [row(each) for each in json.loads(DATA.read_text(encoding="utf-8"))])


def row(found: dict[str, Any]) -> str:
    expected, taken = found["expected"], found["taken"]
    ratio = taken["seconds"] / expected["seconds"]
    times = f"{duration(expected['seconds'])} | {taken['seconds']:.0f} s | {ratio:.2f}"
    memory = f"{expected['gibibytes']:.1f} GiB | {taken['gibibytes']:.2f} GiB"
    return f"{found['name']} | {found['side']} | {times} | {memory}"


if __name__ == "__main__":
    main()
