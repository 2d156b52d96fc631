"""The table of the four examples of foreign loops, from the numbers that they wrote to results/other_loops/.

python -m examples.other_loops.NAME --results results/other_loops/NAME.json --figure docs/figures/loop_NAME.png
"""

import json
from pathlib import Path
from typing import Any

from measurements import ROOT, pages

FOLDER: Path = ROOT / "results" / "other_loops"
NAMES = ("image_tokenizer", "vocoder", "super_resolution", "one_step_student")


def table(name: str) -> str:
    """A row for each way: the mean over the seeds, with the standard deviation where there are several."""
    runs = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["runs"]
    measures = list(next(iter(runs[0].values())))
    lines = []
    for way in runs[0]:
        cells = [pages.spread([run[way][measure] for run in runs]) for measure in measures]
        lines.append(" | ".join([way, *cells]))
    return pages.table(" | ".join(["way", *measures]), lines)


def merged(paths: list[Path]) -> dict[str, Any]:
    """Runs of single seeds as one document, as if they had been asked for together."""
    documents: list[dict[str, Any]] = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    together: dict[str, Any] = {"seeds": [seed for each in documents for seed in each["seeds"]]}
    together["runs"] = [run for each in documents for run in each["runs"]]
    return documents[0] | together
