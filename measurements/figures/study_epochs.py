"""Condenses the runs of a study into one data file: energies and margins, epoch by epoch.

python -m measurements.figures.study_epochs STUDY results/studies/NAME/epochs.json
"""

import argparse
import json
from pathlib import Path
from typing import Any

from equipoise.common.files import write_text_atomically
from equipoise.runs.curves import last_stage
from equipoise.runs.record import read_run
from equipoise.studies.results import read_results

NAMES = ("margin", "next_margin", "real_energy", "fake_energy")


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("study", type=Path)
    words.add_argument("out", type=Path)
    chosen = words.parse_args()
    rows = read_results(chosen.study)["rows"]
    runs = [
        {"row": row["label"], "seed": run["seed"]} | energies(chosen.study / run["directory"])
        for row in rows
        for run in row["runs"]
    ]
    write_text_atomically(chosen.out, json.dumps({"runs": runs}, indent=1) + "\n")


def energies(path: Path) -> dict[str, Any]:
    run = read_run(path)
    epochs = [record.values for record in last_stage(run.log)]
    values = {name: [float(f"{each[name]:.5g}") for each in epochs if name in each] for name in NAMES}
    return {"commit": run.environment["sessions"][0]["commit"]} | {
        name: found for name, found in values.items() if found
    }


if __name__ == "__main__":
    main()
