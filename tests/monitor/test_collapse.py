"""The collapse alarm: it rings for collapsed samples and not for healthy ones, and never changes a run."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from equipoise.common.errors import EquipoiseError
from equipoise.experiments.experiment import Experiment, with_length
from equipoise.metrics import collapse as variety
from equipoise.metrics.collapse import Variety
from equipoise.monitor import collapse
from equipoise.monitor.collapse import Memory, VarietyMonitor
from equipoise.recipes.digits import gan_digits
from equipoise.reports.pages import write_run_report
from equipoise.runs import alarm as observing
from equipoise.runs.alarm import Collapsed, OnCollapse, Watchdog
from equipoise.runs.directory import RunDirectory
from equipoise.runs.run_log import read_log
from equipoise.runs.train import Settings, resume, train
from equipoise.training.checkpoint import list_checkpoints
from equipoise.training.log import Recorder

pytestmark = pytest.mark.lengthy


def settings(on_collapse: OnCollapse = "log") -> Settings:
    page = write_run_report if on_collapse == "warn" else None
    return Settings("cpu", threads=1, quiet=True, on_collapse=on_collapse, page=page)


def collapsing(iterations: int) -> Experiment:
    """A generator that learns 25 times as fast as it should."""
    experiment = with_length(gan_digits(), iterations=iterations)
    generator = experiment.players["generator"]
    fast = replace(generator, optimiser=replace(generator.optimiser, lr=0.005))
    return replace(experiment, players={**experiment.players, "generator": fast})


def lines(run: RunDirectory, kind: str) -> list[dict[str, object]]:
    every = (json.loads(line) for line in run.log.read_text().splitlines())
    return [line for line in every if line["kind"] == kind]


def told_after(looks: Sequence[Variety], total: int | None) -> list[str]:
    """What a monitor tells at each of these looks, one per iteration."""
    monitor, told = VarietyMonitor(torch.empty(0), torch.empty(0), total), []
    for monitor.steps, found in enumerate(looks, 1):
        told.append(" ".join(f"{alarm}" for alarm in monitor.judge(found).alarms))
    return told


def test_it_rings_in_a_run_that_collapses_and_not_in_a_healthy_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observing, "SHORTEST_PAUSE", 40)
    run = train(collapsing(100), tmp_path / "collapsing", settings("warn"))
    (alarm,) = lines(run, "alarm")
    assert alarm["iteration"] == 80
    assert alarm["collapsed"] is True
    warned = capsys.readouterr().err
    assert "warning: collapse: the samples are almost all the same; their distance to the nearest other" in warned
    assert "below 0.02 (iteration 80). The generator has found a few samples" in warned
    assert "lower the generator's learning rate (players.generator.optimiser.lr)" in warned
    assert "Collapse: the samples are almost all the same" in (run.path / "report.html").read_text()
    healthy = train(with_length(gan_digits(), iterations=120), tmp_path / "healthy", settings("warn"))
    assert lines(healthy, "alarm") == []
    assert [line["iteration"] for line in lines(healthy, "variety")] == [40, 80, 120]
    assert capsys.readouterr().err == ""


def test_it_stops_a_run_that_can_go_on_to_the_same_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(observing, "SHORTEST_PAUSE", 40)
    whole = train(collapsing(120), tmp_path / "whole", settings())
    with pytest.raises(Collapsed, match=r"almost all the same.*\(iteration 80\)\..* The run is saved"):
        train(collapsing(120), tmp_path / "stopped", settings("stop"))
    stopped = resume(tmp_path / "stopped", settings("stop"))
    assert capsys.readouterr().err == ""
    assert stopped.log.read_bytes() == whole.log.read_bytes()
    ends = [list_checkpoints(run.checkpoints)[-1].tensors.read_bytes() for run in (whole, stopped)]
    assert ends[0] == ends[1]


def test_looking_changes_nothing_about_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = with_length(gan_digits(), iterations=20)
    blind = train(experiment, tmp_path / "blind", settings())
    monkeypatch.setattr(observing, "SHORTEST_PAUSE", 5)
    monkeypatch.setattr(observing, "LOOKS", 4)
    watched = train(experiment, tmp_path / "watched", settings())
    assert len(lines(watched, "variety")) == 4
    assert lines(blind, "variety") == []
    ends = [list_checkpoints(run.checkpoints)[-1].tensors.read_bytes() for run in (blind, watched)]
    assert ends[0] == ends[1]


def test_what_never_changes_is_measured_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[int] = []
    spacing = variety._spacing
    monkeypatch.setattr(variety, "_spacing", lambda points: (measured.append(len(points)), spacing(points))[1])
    monkeypatch.setattr(observing, "SHORTEST_PAUSE", 2)
    monkeypatch.setattr(collapse, "SAMPLES", 40)
    run = train(with_length(gan_digits(), iterations=6), tmp_path / "run", settings())
    assert len(lines(run, "variety")) == 3
    assert measured == [40] * 4, "the held-out items once, and the samples of each look"


def test_the_end_of_a_collapse_is_a_line_of_its_own(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "log")
    monitor = VarietyMonitor(torch.empty(0), torch.empty(0))
    watchdog = Watchdog(gan_digits(), recorder, 100, monitor, "log")
    told = []
    looks = [Variety(0.9, 1, 1), *[Variety(0.1, 1, 1)] * 2, Variety(0.9, 1, 1)]
    for monitor.steps, found in enumerate(looks, 1):
        place = {"iteration": monitor.steps, "stage": "adversarial", "epoch": 0}
        watchdog.tell_of_variety(monitor.judge(found), place)
        told.append(read_log(tmp_path / "log").collapsed)
    assert told == [False, False, True, False]


def test_each_trouble_is_told_once_when_it_lasts_and_its_end_too() -> None:
    good, fair, poor, same = Variety(0.9, 1, 1), Variety(0.4, 1, 1), Variety(0.1, 1, 1), Variety(0.9, 0, 0.01)
    told = told_after([good, poor, poor, fair, good, poor], 100)
    assert [bool(words) for words in told] == [False, False, True, False, True, False]
    assert told[2].startswith(
        "collapse: the samples cover only 10% as much of the data as held-out data do, less than a third of the best "
        "so far, 90% (iteration 3). The generator has found"
    )
    assert told[4] == "recovered from collapse: the samples cover 90% of the data again (iteration 5)."
    assert told_after([same, good, same, same], 100)[3].startswith(
        "collapse: the samples are almost all the same; their distance to the nearest other sample is 0.01 of that of "
        "real data, below 0.02 (iteration 4)."
    )
    slow = told_after([poor] * 10, 10)
    assert slow[:8] == [""] * 8
    assert slow[8].startswith(
        "collapse: after 90% of the training, the samples cover only 10% as much of the data as held-out data do, less "
        "than 15% (iteration 9)."
    )
    assert slow[9] == ""
    assert told_after([poor] * 10, None) == [""] * 10, "how late it is is not known"


def test_it_keeps_silent_where_it_cannot_tell() -> None:
    noise = torch.rand(200, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    assert VarietyMonitor.of(noise[:63]) is None
    assert VarietyMonitor.of(torch.ones_like(noise)) is None
    usual = VarietyMonitor.of(noise)
    assert usual is not None
    assert usual.real.shape == usual.held_out.shape == (100, 64)
    assert not (usual.real[:, None] == usual.held_out).all(dim=-1).any()


def test_samples_wait_until_there_are_enough_and_the_newest_are_looked_at() -> None:
    noise = torch.rand(200, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    monitor = VarietyMonitor(noise[:50], noise[50:100])
    monitor.update(noise[100:130])
    assert monitor.report().values == {}
    monitor.update(noise[130:200])
    found = monitor.report().values
    assert found == variety.variety(*(part.flatten(1) for part in (noise[150:], noise[:50], noise[50:100]))).__dict__
    monitor.update(torch.full((60, 4, 4), float("nan")))
    assert monitor.report().values == {}, "what is not finite is another monitor's"
    other = VarietyMonitor(noise[:50], noise[50:100])
    other.load_state_dict(json.loads(json.dumps(monitor.state_dict())))
    assert (other.memory, other.steps) == (monitor.memory, 3)


def test_a_memory_of_the_players_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    watchdog = Watchdog(gan_digits(), Recorder(tmp_path / "log"), 100, None)
    kept = watchdog.memory()
    watchdog.remember(kept["alarm"], json.loads(json.dumps(kept["players"])))
    assert watchdog.memory() == kept
    for wrong in ({}, {"0:BalanceMonitor": {}, "1:EnergyMonitor": {}}, dict.fromkeys(kept["players"])):
        with pytest.raises(EquipoiseError, match=r"its entry extra\.players has the wrong type"):
            watchdog.remember(None, wrong)


def test_a_memory_survives_json() -> None:
    memory = Memory(0.4, {"late": 2}, "late")
    assert Memory(**json.loads(json.dumps(memory.__dict__))) == memory
    assert issubclass(Collapsed, EquipoiseError)
