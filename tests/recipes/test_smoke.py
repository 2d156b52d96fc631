"""Every recipe trains through the real command line at the smoke budget: seconds for all of them together.

Of recipes that differ in one number only, the first and the last are trained.
"""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from equipoise.cli.main import main
from equipoise.recipes.catalogue import RECIPES
from equipoise.recipes.families import families

pytestmark = pytest.mark.lengthy

WITH_REPORT = ("magan-digits", "gan-ring", "lga4-cifar10")
TRAINED = dict.fromkeys(name for names in families(RECIPES).values() for name in (names[0], names[-1]))
THROUGH_THE_ENTRY_POINT = ("mmd-rep-b-cifar10",)
FIXED = ("--budget", "smoke", "--quiet", "--threads", "1", "--device", "cpu")


def logged_values(run: Path) -> list[float | None]:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [value for line in lines for value in line["values"].values()]


def check_run(run: Path, name: str) -> None:
    """The run is complete: finite losses in the log, one checkpoint of the last iteration, and samples."""
    values = logged_values(run)
    assert values
    assert all(value is not None and math.isfinite(value) for value in values)
    assert len(list((run / "checkpoints").glob("*.safetensors"))) == 1
    assert list((run / "samples").glob("*.png"))
    assert f"name: {name}-smoke" in (run / "config.yaml").read_text()


@pytest.mark.parametrize("name", TRAINED)
def test_every_recipe_trains_at_the_smoke_budget(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if name not in WITH_REPORT:  # drawing takes longer than the training
        monkeypatch.setattr("equipoise.reports.pages.write_run_report", lambda path: None)
        monkeypatch.setattr("equipoise.runs.observers.GRID_SAMPLES", 4)
    run = tmp_path / "run"
    assert main(["train", name, "--out", str(run), *FIXED]) == 0
    assert str(run) in capsys.readouterr().out
    check_run(run, name)
    assert (run / "report.html").exists() == (name in WITH_REPORT)


@pytest.mark.parametrize("name", THROUGH_THE_ENTRY_POINT)
def test_the_command_trains_a_recipe_in_a_process_of_its_own(
    name: str, tmp_path: Path, start: Callable[..., Any]
) -> None:
    run = tmp_path / "run"
    done = start("train", name, "--out", run, *FIXED)
    assert done.wait(200) == 0, done.communicate()[1]
    check_run(run, name)
    assert (run / "report.html").is_file()
