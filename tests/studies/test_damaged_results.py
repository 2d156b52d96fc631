"""A results file that is whole and of another kind is refused with the place, whatever reads it."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from equipoise.cli.main import main
from equipoise.common.errors import EquipoiseError
from equipoise.studies.results import FORMAT, read_results
from equipoise.studies.sources import RESULTS

SCORE = {"metric": "m", "value": 1.5, "deviation": None, "passport": {}}
RUN = {"variant": "", "seed": 0, "directory": "x", "status": "finished", "reason": "", "scores": {"m": SCORE}}
GOOD: dict[str, Any] = {
    "format": FORMAT,
    "study": "magan-digits",
    "budget": "cpu",
    "inception": False,
    "rows": [{"label": "a", "block": "", "recipe": "r", "changes": [], "runs": [RUN]}],
    "real_data": [{"label": "a", "block": "", "scores": {"m": SCORE | {"value": [1.0, 2]}}}],
}
PLACES: list[tuple[Any, ...]] = [
    ("study",),
    ("budget",),
    ("inception",),
    ("rows",),
    ("rows", 0),
    ("rows", 0, "label"),
    ("rows", 0, "runs"),
    ("rows", 0, "runs", 0),
    ("rows", 0, "runs", 0, "status"),
    ("rows", 0, "runs", 0, "scores"),
    ("rows", 0, "runs", 0, "scores", "m"),
    ("rows", 0, "runs", 0, "scores", "m", "value"),
    ("rows", 0, "runs", 0, "scores", "m", "passport"),
    ("real_data",),
    ("real_data", 0, "block"),
    ("real_data", 0, "scores"),
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("wrong", [None, 7.5, {"a": []}, ["x"]])
def test_what_is_of_another_kind_is_named(place: tuple[Any, ...], wrong: Any, tmp_path: Path) -> None:
    (tmp_path / RESULTS).write_text(json.dumps(GOOD))
    assert read_results(tmp_path) == GOOD
    results = copy.deepcopy(GOOD)
    inner: Any = results
    for name in place[:-1]:
        inner = inner[name]
    fits = (place[-1] == "value" and wrong == 7.5) or (place[-1] == "passport" and isinstance(wrong, dict))
    wrong = "seven" if fits else wrong
    inner[place[-1]] = wrong
    (tmp_path / RESULTS).write_text(json.dumps(results))
    with pytest.raises(EquipoiseError, match=rf"is damaged: {place[0]}\S* is missing or has the wrong type"):
        read_results(tmp_path)


@pytest.mark.parametrize("missing", ["study", "budget", "inception", "rows"])
def test_what_is_missing_is_named(missing: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / RESULTS).write_text(json.dumps({name: value for name, value in GOOD.items() if name != missing}))
    assert main(["report", str(tmp_path)]) == 2
    assert f"is damaged: {missing} is missing or has" in capsys.readouterr().err
