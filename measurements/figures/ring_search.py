"""Adds runs that chose a setting, or tried it on fresh seeds, to results/ring/search-runs.json, and prints a table.

python -m measurements.figures.ring_search RUN...            those that did not end are left out
python -m measurements.figures.ring_search                   prints the table of the page
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

DATA = RESULTS / "search-runs.json"
HEADS = "method | iterations | gamma | rates | seeds | 6 of 6 | modes, mean | share within 0.3 | 6 of 6 by one sample"
NAMES = {"relativistic-gan": "R3GAN", "gan": "GAN", "reg-gan": "Reg-GAN", "mdgan": "MDGAN"}
FRESH = 5
"""The first seed that chose no setting."""
Setting = tuple[str, int, str, str, bool]


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
    """A row of Markdown for each setting, on seeds that chose it and on fresh ones."""
    by_setting = defaultdict[Setting, list[dict[str, Any]]](list)
    for run in runs:
        by_setting[_setting(run)].append(run)
    rows = []
    for setting, alike in sorted(by_setting.items()):
        ends = [run["snapshots"][-1] for run in alike]
        covered, near = [end["covered"] for end in ends], sorted(end["share_near"] for end in ends)
        once = [end["covered_by_one_sample"] for end in ends].count(6)
        seeds = sorted(run["passport"]["seed"] for run in alike)
        share = f"{near[0]:.2f} to {near[-1]:.2f}"
        method, iterations, gamma, rates, _ = setting
        cells = (method, f"{iterations:,}", gamma, rates, f"{seeds[0]} to {seeds[-1]}")
        found = (f"{covered.count(6)} of {len(covered)}", f"{sum(covered) / len(covered):.1f}", share, str(once))
        rows.append(" | ".join((*cells, *found)))
    return pages.table(HEADS, rows)


def _setting(run: dict[str, Any]) -> Setting:
    algorithm = run["algorithm"]
    weights = [penalty["weight"] for penalty in algorithm.get("penalties", ())]
    gamma = f"{algorithm.get('gamma', weights[0] if weights else 0.0):g}"
    fresh = run["passport"]["seed"] >= FRESH
    return NAMES[algorithm["kind"]], algorithm["iterations"], gamma, run["rates"], fresh


def main() -> None:
    if paths := named_runs(__doc__):
        found: list[dict[str, Any]] = json.loads(DATA.read_text(encoding="utf-8"))["runs"]
        found += [run for path in paths if (run := ended(path)) is not None]
        write_text_atomically(DATA, json.dumps({"metric": METRIC, "runs": found}, indent=1) + "\n")
    print(table(json.loads(DATA.read_text(encoding="utf-8"))["runs"]))


if __name__ == "__main__":
    main()
