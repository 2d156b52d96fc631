"""How a run ended, and whether the monitors said so: from the rows of results/monitor/runs.json."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

CLASSES = {"ring": 8, "digits": 10, "mnist": 10, "colour": 10}
NEAR = {"ring": 50.0, "digits": 12.0, "mnist": 12.0, "colour": 12.0}
"""The judge's distance up to which samples pass; beyond `FAR` times as much they fail."""
FAR = 1.5
MOST_MODES, FEWEST_MODES = 0.8, 0.6
"""The share of classes from which samples pass, and below which they fail."""
FEW_COPIES, MANY_COPIES = 0.1, 0.5
"""The share of copies up to which samples pass, and above which they fail."""
CALM, RESTLESS = 0.35, 0.5
"""How much of the classes' shares may move from one look of the judge to the next, over the second half of a run."""
LATE = 2
"""At so many looks at the end of a run is its ending read: a single one may be a bad moment."""


def ending(run: Mapping[str, Any]) -> str:
    """By the judge alone: "fine", "fails" or "between"."""
    looks = range(len(run["finite"]))
    late = [look_fails(run, look) for look in looks][-LATE:]
    if all(late) or not run["finite"][-1] or restlessness(run) > RESTLESS:
        return "fails"
    passes = [look_passes(run, look) for look in looks][-LATE:]
    return "fine" if all(passes) and restlessness(run) <= CALM else "between"


def look_fails(run: Mapping[str, Any], look: int) -> bool:
    """Whether the samples of one look fail."""
    if not run["finite"][look]:
        return True
    world = run["world"]
    few = run["modes"][look] < FEWEST_MODES * CLASSES[world]
    return bool(few or run["distance"][look] > FAR * NEAR[world] or run["copies"][look] > MANY_COPIES)


def look_passes(run: Mapping[str, Any], look: int) -> bool:
    """Whether they pass."""
    if not run["finite"][look]:
        return False
    world = run["world"]
    enough = run["modes"][look] >= MOST_MODES * CLASSES[world] - 0.5
    return bool(enough and run["distance"][look] <= NEAR[world] and run["copies"][look] <= FEW_COPIES)


def restlessness(run: Mapping[str, Any]) -> float:
    """Half the sum of the changes of the classes' shares from look to look, on average over the run's second half."""
    found = run["histograms"][len(run["histograms"]) // 2 :]
    pairs = [(a, b) for a, b in pairwise(found) if a and b]
    moved = [sum(abs(x - y) for x, y in zip(a, b, strict=True)) / 2 for a, b in pairs]
    return sum(moved) / len(moved) if moved else 0.0


def alarms(run: Mapping[str, Any]) -> list[str]:
    """The names of the alarms, each once, in their order."""
    return list(dict.fromkeys(each["name"] for each in run["alarms"] if not each["passed"]))


def first_alarm(run: Mapping[str, Any]) -> int | None:
    """The iteration of the first alarm."""
    return min((each["step"] for each in run["alarms"] if not each["passed"]), default=None)
