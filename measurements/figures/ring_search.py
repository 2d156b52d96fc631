"""Takes runs of R3GAN with several gammas into results/ring/r3gan-ring-runs.json, and prints the table of the page.

python -m measurements.figures.ring_search STUDY/runs/*      runs of studies; those that did not end are left out
python -m measurements.figures.ring_search                   prints the table
"""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from equipoise.common.files import write_text_atomically
from equipoise.runs.record import read_run
from measurements import pages
from measurements.figures.ring_measure import METRIC, RESULTS
from measurements.figures.ring_runs import named_runs, taken

DATA = RESULTS / "r3gan-ring-runs.json"
HEADS = "gamma | rates | seeds | 6 of 6 | modes, mean | share within 0.3 | 6 of 6 by one sample"


def ended(path: Path) -> dict[str, Any] | None:
    """The end of a run without its heat map, or None for a run that did not reach its last iteration."""
    if not (path / "scores.json").is_file():
        return None
    found = taken(path)
    end = found["snapshots"][-1]
    end.pop("counts")
    scores = json.loads((path / "scores.json").read_text(encoding="utf-8"))["scores"]
    end["covered_by_one_sample"] = next(int(score["value"]) for score in scores if score["metric"] == "modes-covered")
    found["rates"] = read_run(path).config["players"]["generator"]["optimiser"]["schedule"]["kind"]
    return found if end["iteration"] == found["algorithm"]["iterations"] else None


def table(runs: list[dict[str, Any]]) -> str:
    """A row of Markdown for each setting."""
    by_setting = defaultdict[tuple[float, str], list[dict[str, Any]]](list)
    for run in runs:
        by_setting[run["algorithm"]["gamma"], run["rates"]].append(run["snapshots"][-1])
    rows = []
    for (gamma, rates), ends in sorted(by_setting.items()):
        covered, near = [end["covered"] for end in ends], sorted(end["share_near"] for end in ends)
        once = [end["covered_by_one_sample"] for end in ends].count(6)
        cells = (len(ends), covered.count(6), f"{sum(covered) / len(covered):.1f}", f"{near[0]:.2f} to {near[-1]:.2f}")
        rows.append(f"{gamma:g} | {rates} | {' | '.join(map(str, cells))} | {once}")
    return pages.table(HEADS, rows)


def main() -> None:
    if paths := named_runs(__doc__):
        found = [run for path in paths if (run := ended(path)) is not None]
        write_text_atomically(DATA, json.dumps({"metric": METRIC, "runs": found}, indent=1) + "\n")
    print(table(json.loads(DATA.read_text(encoding="utf-8"))["runs"]))


if __name__ == "__main__":
    main()
