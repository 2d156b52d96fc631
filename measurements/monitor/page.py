"""Prints the tables of docs/monitor.md from results/monitor/runs.json.

python -m measurements.monitor.page
"""

from collections.abc import Mapping, Sequence
from typing import Any

from measurements import pages, take_no_words
from measurements.monitor.measure import read
from measurements.monitor.verdict import alarms, ending, first_alarm

Run = Mapping[str, Any]
NAMES = {"ring": "ring", "digits": "digits", "mnist": "MNIST", "colour": "CIFAR-10 at 16 pixels"}


def table(runs: Sequence[Run], judged: str) -> str:
    """The runs that ended so, a row a run."""
    chosen = [run for run in runs if ending(run) == judged]
    rows = [
        f"{run['words']} | {NAMES[run['world']]} | {run['seed']} | {_end(run)} | {_share(run)} | "
        f"{', '.join(alarms(run)) or 'none'}"
        for run in chosen
    ]
    return pages.table("run | data | seed | end, by the judge | first alarm | alarms", rows)


def summary(runs: Sequence[Run]) -> str:
    """How many of each ending were found."""
    failing, fine = ([run for run in runs if ending(run) == name] for name in ("fails", "fine"))
    found = [run for run in failing if alarms(run)]
    false = [run for run in fine if alarms(run)]
    left = sorted(_left(run) for run in found)
    return (
        f"- **{len(found)} of {len(failing)} failing runs** were found, when {left[len(left) // 2]:.0%} of the run was "
        f"still to come (median; {left[0]:.0%} to {left[-1]:.0%}).\n"
        f"- **{len(false)} of {len(fine)} fine runs** had a false alarm.\n"
        f"- {len(runs) - len(failing) - len(fine)} of {len(runs)} runs ended in between and are not counted."
    )


def _end(run: Run) -> str:
    if not run["finite"][-1]:
        return "not finite"
    copies = f", {run['copies'][-1]:.0%} copies" if run["copies"][-1] >= 0.1 else ""
    return f"{run['modes'][-1]} classes, distance {run['distance'][-1]:,.0f}{copies}"


def _share(run: Run) -> str:
    first = first_alarm(run)
    return "" if first is None else f"{first / run['iterations']:.0%}"


def _left(run: Run) -> float:
    return float(1 - (first_alarm(run) or 0) / run["iterations"])


if __name__ == "__main__":
    take_no_words(__doc__)
    measured = read()
    print(summary(measured))
    for name in ("fails", "fine", "between"):
        print(f"\n{name}\n\n{table(measured, name)}")
