"""Draw the figures of docs/simulations.md from results/simulations/*.json, without computing anything again.

Run: python -m measurements.figures.simulations
The numbers come from: equipoise simulate NAME --out results/simulations
"""

import json

from equipoise.simulations import discrete_magan_report, mmd_flow, particles, ring_over_time, two_parameter_mmd_report
from equipoise.simulations.report import write_figure
from measurements import FIGURES_FOLDER, RESULTS_FOLDER, take_no_words

RESULTS = RESULTS_FOLDER / "simulations"


def main() -> None:
    for module in (two_parameter_mmd_report, discrete_magan_report, particles, mmd_flow, ring_over_time):
        results = json.loads((RESULTS / f"{module.NAME}.json").read_text(encoding="utf-8"))
        write_figure(FIGURES_FOLDER / f"simulations-{module.NAME}.png", module.draw, results)


if __name__ == "__main__":
    take_no_words(__doc__)
    main()
