"""Draws the ring's heat maps from results/ring/, which ring_measure.py fills, and prints the page's table.

python docs/figures/ring.py
"""

import json
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

from equipoise.data.ring import Ring

matplotlib.use("Agg")
import matplotlib.pyplot as plt

HERE = Path(__file__).parent
RESULTS = HERE.parents[1] / "results" / "ring"
LIMIT = 6.5
ROWS = {"gan-ring": "GAN", "reg-gan-ring": "Reg-GAN"}
TABLE = {**ROWS, "mdgan-ring": "MDGAN", "reg-gan-ring-paper": "Reg-GAN, published setting"}


def main() -> None:
    draw(HERE / "ring.png")
    print(table())


def runs_of(name: str) -> dict[str, Any]:
    runs: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))["runs"]
    return runs


def table() -> str:
    """The Markdown table of the page: the end of every run."""
    lines = [
        "| method | seed | iterations | modes of 6 | share within 0.3 | modes within 1.0 | share within 1.0 |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    measured = {name: title for name, title in TABLE.items() if (RESULTS / f"{name}.json").is_file()}
    for name, title in measured.items():
        for seed, run in runs_of(name).items():
            end = run["snapshots"][-1]
            cells = [f"{end['share_near']:.3f}", str(end["covered_loosely"]), f"{end['share_loose']:.3f}"]
            lines.append(f"| {title} | {seed} | {end['iteration']:,} | {end['covered']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def draw(path: Path) -> None:
    """Heat maps of samples over the iterations, a row for each method; the Gaussians are circled."""
    found = {name: mapped_run(name) for name in ROWS}
    columns = max(len(snapshots) for snapshots in found.values())
    figure, axes = plt.subplots(len(ROWS), columns, figsize=(1.65 * columns, 1.8 * len(ROWS)), dpi=110, squeeze=False)
    for row, (name, snapshots) in zip(axes, found.items(), strict=True):
        for axis, snapshot in zip(row, snapshots, strict=True):
            heat_map(axis, snapshot)
        row[0].set_ylabel(ROWS[name], fontsize=10)
    figure.tight_layout(pad=0.4)
    figure.savefig(path)


def mapped_run(name: str) -> list[dict[str, Any]]:
    (snapshots,) = (run["snapshots"] for run in runs_of(name).values() if "heat_map" in run["snapshots"][0])
    return list(snapshots)


def heat_map(axis: Any, snapshot: dict[str, Any]) -> None:
    counts = np.array([[int(count) for count in row.split()] for row in snapshot["heat_map"]])
    axis.imshow(np.log1p(counts), origin="lower", extent=(-LIMIT, LIMIT, -LIMIT, LIMIT), cmap="magma")
    x, y = zip(*Ring().centres(), strict=True)
    axis.scatter(x, y, s=70, facecolors="none", edgecolors="#6fd3e0", linewidths=0.7)
    axis.set_title(f"{snapshot['iteration']:,}: {snapshot['covered']} of 6", fontsize=8)
    axis.set_xticks([])
    axis.set_yticks([])


if __name__ == "__main__":
    main()
