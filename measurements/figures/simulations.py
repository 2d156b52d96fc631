"""Draw the figures of docs/simulations.md from results/simulations/*.json, without computing anything again.

Run: python docs/figures/simulations.py
The numbers come from: equipoise simulate NAME --out results/simulations
"""

import json
from pathlib import Path

from equipoise.simulations import discrete_magan_report, particles, ring_over_time, two_parameter_mmd_report
from equipoise.simulations.report import write_figure

HERE = Path(__file__).parent
RESULTS = HERE.parents[1] / "results" / "simulations"


def main() -> None:
    for module in (two_parameter_mmd_report, discrete_magan_report, particles, ring_over_time):
        results = json.loads((RESULTS / f"{module.NAME}.json").read_text(encoding="utf-8"))
        write_figure(HERE / f"simulations-{module.NAME}.png", module.draw, results)


if __name__ == "__main__":
    main()
