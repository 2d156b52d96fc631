"""Prints the tables of docs/ring.md from results/ring/, which ring_measure.py fills.

python -m measurements.figures.ring

The page's heat maps are drawn by simulations.py.
"""

import json
from typing import Any

from measurements import RESULTS_FOLDER, take_no_words

RESULTS = RESULTS_FOLDER / "ring"
TABLE = {
    "gan-ring": "GAN",
    "reg-gan-ring": "Reg-GAN",
    "mdgan-ring": "MDGAN",
    "reg-gan-ring-paper": "Reg-GAN, published setting",
    "reg-gan-ring-paper-runs": "Reg-GAN, published setting",
}
EARLIER = {
    "earlier/gan-ring": "GAN",
    "earlier/reg-gan-ring": "Reg-GAN",
    "earlier/mdgan-ring": "MDGAN",
}
"""The recipes' earlier setting, with rates of 1e-3 for generator and discriminator."""


def main() -> None:
    print(table(TABLE), table(EARLIER), sep="\n\n")


def runs_of(name: str) -> dict[str, Any]:
    runs: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))["runs"]
    return runs


def table(titles: dict[str, str]) -> str:
    """A Markdown table of the page: the end of every run."""
    lines = [
        "| method | seed | iterations | modes of 6 | share within 0.3 | modes within 1.0 | share within 1.0 |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    measured = {name: title for name, title in titles.items() if (RESULTS / f"{name}.json").is_file()}
    for name, title in measured.items():
        for seed, run in runs_of(name).items():
            end = run["snapshots"][-1]
            cells = [f"{end['share_near']:.3f}", str(end["covered_loosely"]), f"{end['share_loose']:.3f}"]
            lines.append(f"| {title} | {seed} | {end['iteration']:,} | {end['covered']} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    take_no_words(__doc__)
    main()
