"""How a watched run is judged: by its ending, and by whether it is still restless."""

from typing import Any

import pytest

from measurements.monitor.page import summary, table
from measurements.monitor.verdict import alarms, ending, first_alarm, restlessness


def run(**changes: Any) -> dict[str, Any]:
    usual = {
        "world": "digits",
        "words": "a run",
        "seed": 1,
        "iterations": 100,
        "finite": [True] * 4,
        "modes": [1, 5, 9, 9],
        "distance": [90.0, 30.0, 8.0, 7.0],
        "copies": [0.0] * 4,
        "histograms": [[0.1] * 10] * 4,
        "alarms": [],
    }
    return usual | changes


ALARM = {"name": "collapse", "passed": False, "step": 40, "seen": ""}
RESTLESS = [[0.9, 0.1] + [0.0] * 8, [0.1, 0.9] + [0.0] * 8] * 2


@pytest.mark.parametrize(
    ("changes", "ends"),
    [
        ({}, "fine"),
        ({"finite": [True, True, True, False]}, "fails"),
        ({"modes": [9, 9, 5, 5]}, "fails"),
        ({"modes": [9, 9, 5, 9]}, "between"),
        ({"distance": [1.0, 1.0, 90.0, 90.0]}, "fails"),
        ({"distance": [1.0, 1.0, 8.0, 13.0]}, "between"),
        ({"copies": [0.0, 0.0, 0.6, 0.6]}, "fails"),
        ({"copies": [0.0, 0.0, 0.2, 0.2]}, "between"),
        ({"histograms": RESTLESS}, "fails"),
    ],
)
def test_an_ending_is_read_from_the_last_looks(changes: dict[str, Any], ends: str) -> None:
    assert ending(run(**changes)) == ends


def test_what_is_counted() -> None:
    assert restlessness(run(histograms=RESTLESS)) == pytest.approx(0.8)
    late = {**ALARM, "step": 70}
    found = run(modes=[1] * 4, alarms=[{**ALARM, "step": 20, "passed": True}, late, ALARM])
    assert (alarms(found), first_alarm(found)) == (["collapse"], 40)
    runs = [found, run(modes=[1] * 4), run(), run(alarms=[ALARM]), run(modes=[9, 9, 5, 9])]
    words = summary(runs)
    assert "1 of 2 failing runs** were found, when 60% of the run was" in words
    assert "1 of 2 fine runs** had a false alarm" in words
    assert "1 of 5 runs ended in between" in words
    assert table(runs, "fails").splitlines()[2] == "| a run | digits | 1 | 1 classes, distance 7 | 40% | collapse |"
