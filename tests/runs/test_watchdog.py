"""A run follows its players: the numbers are in its log, and lost balance is told with the settings to change."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from equipoise.monitor.alarm import Report
from equipoise.monitor.words import alarm, passed
from equipoise.recipes.digits import gan_digits
from equipoise.runs.alarm import OnCollapse, Watchdog
from equipoise.runs.run_log import read_log
from equipoise.training.log import Recorder
from equipoise.training.loop import Turn
from equipoise.training.state import State


def turn(iteration: int, right: float) -> Turn:
    numbers = {"real_score": 1.0, "fake_score": 2.0, "right_decisions": right, "generator/loss": 0.5}
    numbers |= {"discriminator/loss": 0.7, "real_energy": 1.0, "fake_energy": 1.5}
    gradients = [(f"the gradient of {name}", torch.tensor(2.0)) for name in ("generator", "discriminator")]
    values = {name: torch.tensor(value) for name, value in numbers.items()}
    return Turn("adversarial", 0, iteration, values, None, [("a buffer of generator", torch.tensor(0.0)), *gradients])


def watched(folder: Path, on_collapse: OnCollapse, rights: list[float]) -> Watchdog:
    watchdog = Watchdog(gan_digits(), Recorder(folder / "log"), 1_000, None, on_collapse)
    state = State(nn.ModuleDict(), {}, nn.Module())
    for iteration, right in enumerate(rights, 1):
        watchdog(state, turn(iteration, right))
    return watchdog


def test_lost_balance_is_in_the_log_and_told_with_its_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    watched(tmp_path, "warn", [0.1] * 600 + [0.7] * 300)
    log = read_log(tmp_path / "log")
    assert [record.iteration for record in log.balance] == list(range(100, 1_000, 100))
    expected = {"margin": -1, "right_decisions": 0.1, "gradient_ratio": 1, "saturation": 1}
    assert log.balance[0].values == pytest.approx(expected | {"real_energy": 1, "fake_energy": 1.5})
    assert len(log.told) == 2
    assert log.told[0].startswith("Generator wins: only 10% of the discriminator's decisions are right")
    assert "(players.discriminator.optimiser.lr)" in log.told[0]
    assert log.told[1] == "Recovered from generator wins: the signs of it are gone (iteration 800)."
    assert not log.collapsed
    assert capsys.readouterr().err.count("warning: ") == 2


def test_lost_balance_never_stops_a_run_and_is_silent_where_it_is_only_logged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert watched(tmp_path, "log", [0.1] * 600).rang == ""
    assert capsys.readouterr().err == ""
    assert len(read_log(tmp_path / "log").told) == 1


def test_what_passes_and_what_begins_at_the_same_look_are_both_told(tmp_path: Path) -> None:
    watchdog, place = watched(tmp_path, "log", []), {"iteration": 700, "stage": "adversarial", "epoch": 0}
    watchdog.tell_of_players(Report(alarms=(alarm("oscillation", "x", 600),)), place | {"iteration": 600})
    watchdog.tell_of_players(Report(alarms=(passed("oscillation", "y", 700), alarm("generator wins", "z", 700))), place)
    log = read_log(tmp_path / "log")
    assert [sentence[:26] for sentence in log.told[1:]] == ["Recovered from oscillation", "Generator wins: z (iterati"]
    assert list(log.lasting) == ["generator wins"]


def test_alarms_of_older_logs_have_their_trouble_in_the_words(tmp_path: Path) -> None:
    words = ("collapse: x (iteration 1).", "recovered from collapse: y (iteration 2).", "oscillation: z (iteration 3).")
    place = {"kind": "imbalance", "stage": "adversarial", "values": {}}
    lines = [json.dumps(place | {"iteration": number, "told": told}) for number, told in enumerate(words, 1)]
    (tmp_path / "log").write_text("".join(f"{line}\n" for line in lines))
    assert list(read_log(tmp_path / "log").lasting) == ["oscillation"]


def test_a_run_that_goes_on_logs_what_a_whole_one_does(tmp_path: Path) -> None:
    rights = [0.1] * 437 + [0.6] * 463
    for name in ("whole", "first", "second"):
        (tmp_path / name).mkdir()
    watched(tmp_path / "whole", "log", rights)
    kept: Any = json.loads(json.dumps(watched(tmp_path / "first", "log", rights[:330]).memory(), allow_nan=False))
    resumed = Watchdog(gan_digits(), Recorder(tmp_path / "second" / "log"), 1_000, None, "log")
    resumed.remember(kept["alarm"], kept["players"])
    for iteration in range(331, 901):
        resumed(State(nn.ModuleDict(), {}, nn.Module()), turn(iteration, rights[iteration - 1]))
    whole, first, second = ((tmp_path / name / "log").read_text() for name in ("whole", "first", "second"))
    assert first + second == whole
