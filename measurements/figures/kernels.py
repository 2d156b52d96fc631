"""Prints the tables of docs/algorithms/kernels.md from results/kernels/ and results/simulations/mmd-flow.json.

python -m measurements.figures.kernels
"""

import json
import statistics
from typing import Any

from measurements import RESULTS_FOLDER, take_no_words

TRAINED = ("ring-2", "ring-8", "digits-2", "mnist-20")
"""Data and seconds."""


def main() -> None:
    print("\n\n".join(["\n".join(simulated()), *("\n".join(trained(name)) for name in TRAINED), "\n".join(pictures())]))


def simulated() -> list[str]:
    """A row for each method: modes, energy distance and first speed, from both starts."""
    rows = json.loads((RESULTS_FOLDER / "simulations" / "mmd-flow.json").read_text(encoding="utf-8"))["methods"]
    return [
        f"| {row['method']} | "
        + " | ".join(
            f"{row[start]['modes']} | {row[start]['energy_distance']:.2g} | {row[start]['first_speed']:.2g}"
            for start in ("centre", "far")
        )
        + " |"
        for row in rows
    ]


def trained(name: str) -> list[str]:
    """A row for each method: the seeds, and mean ± standard deviation over them."""
    runs = json.loads((RESULTS_FOLDER / "kernels" / f"{name}.json").read_text(encoding="utf-8"))["runs"]
    rows: dict[str, list[dict[str, Any]]] = {}
    for run in runs:
        rows.setdefault(run["row"], []).append(run)
    last = "share_near" if name.startswith("ring") else "nearest"
    return [
        f"| {row} | {len(found)} | {round(statistics.mean(run['iterations'] for run in found)):,} | "
        + " | ".join(_summary([run[key] for run in found]) for key in ("modes", "energy_distance", last))
        + " |"
        for row, found in rows.items()
    ]


def pictures() -> list[str]:
    """A row for each way of training on pictures; one seed."""
    runs = json.loads((RESULTS_FOLDER / "kernels" / "pictures-150.json").read_text(encoding="utf-8"))["runs"]
    keys = ("energy_distance", "lite0_kernel")
    return [
        f"| {run['row']} | {run['iterations']:,} | {' | '.join(_summary([run[key]]) for key in keys)} |" for run in runs
    ]


def _summary(values: list[float]) -> str:
    """Mean ± standard deviation; a lone value as it is."""
    mean = statistics.mean(values)
    return f"{mean:.3g}" if len(values) == 1 else f"{mean:.3g} ± {statistics.stdev(values):.2g}"


if __name__ == "__main__":
    take_no_words(__doc__)
    main()
