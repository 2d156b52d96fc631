"""A finished run goes on beyond its end, and is then the run that was as long from its start."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import equipoise
from equipoise.common.errors import EquipoiseError
from equipoise.data.noise import Noise
from equipoise.experiments.experiment import Experiment, Watch, with_length
from equipoise.runs.directory import RunDirectory
from equipoise.runs.longer import Longer
from equipoise.runs.train import Settings, resume, train
from equipoise.runs.trained import load_trained
from equipoise.testing.toys import TOY_EXPERIMENTS
from equipoise.training.checkpoint import list_checkpoints
from equipoise.training.optimisers import Adam
from equipoise.training.schedules import LinearDecay

QUIET = Settings("cpu", threads=1, quiet=True)
WATCH = Watch(sample_grids=0, checkpoints=2, keep=2)


def toy(name: str, **length: int) -> Experiment:
    return with_length(replace(TOY_EXPERIMENTS[name](), data=Noise((1, 4, 4), 66), watch=WATCH), **length)


def state_of(run: Path) -> dict[str, torch.Tensor]:
    return load_file(list_checkpoints(run / "checkpoints")[-1].tensors)


def logged(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    ("name", "first", "then"),
    [
        ("gan-with-everything", {"iterations": 5}, {"iterations": 10}),
        ("gan", {"epochs": 1}, {"epochs": 3}),
        ("gan", {"epochs": 1}, {"iterations": 11}),
        ("gan-other-optimisers", {"iterations": 5}, {"iterations": 10}),
        ("magan", {"epochs": 2}, {"epochs": 4}),
    ],
)
def test_a_run_that_goes_on_is_the_one_that_was_as_long_from_its_start(
    name: str, first: dict[str, int], then: dict[str, int], tmp_path: Path
) -> None:
    whole = train(toy(name, **then), tmp_path / "whole", QUIET).path
    parts = train(toy(name, **first), tmp_path / "parts", QUIET).path
    resume(parts, QUIET, Longer(**then))
    expected, found = state_of(whole), state_of(parts)
    assert expected.keys() == found.keys()
    assert all(torch.equal(value, found[each]) for each, value in expected.items())
    assert logged(parts) == logged(whole)
    assert RunDirectory(parts).experiment() == RunDirectory(whole).experiment()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(toy("gan-hinge", iterations=4), tmp_path_factory.mktemp("longer") / "run", QUIET).path


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "copy"))


@pytest.mark.parametrize("longer", [Longer(iterations=4), Longer(iterations=1), Longer(epochs=1)])
def test_a_length_that_was_reached_is_refused_and_nothing_changes(longer: Longer, run: Path) -> None:
    before = {each: each.read_bytes() for each in run.rglob("*") if each.is_file()}
    with pytest.raises(EquipoiseError, match="is 4 iterations long already; ask for more"):
        resume(run, QUIET, longer)
    assert {each: each.read_bytes() for each in run.rglob("*") if each.is_file()} == before


def test_time_becomes_iterations(run: Path) -> None:
    resume(run, QUIET, Longer(seconds=0.05))
    assert list_checkpoints(run / "checkpoints")[-1].iteration > 4


def test_a_run_as_an_object_goes_on_too(run: Path) -> None:
    equipoise.load(run).resume(iterations=5, device="cpu", threads=1, quiet=True)
    assert list_checkpoints(run / "checkpoints")[-1].iteration == 5


@pytest.mark.parametrize("again", [None, Longer(iterations=6)], ids=["plain", "the same command"])
def test_a_resume_finds_the_new_end_when_the_longer_run_was_stopped(
    again: Longer | None, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("equipoise.runs.train._resume", lambda *_: None)
        resume(run, QUIET, Longer(iterations=6))
    resume(run, QUIET, again)
    assert list_checkpoints(run / "checkpoints")[-1].iteration == 6


def test_one_that_was_stopped_before_its_configuration_was_written_is_asked_again(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise EquipoiseError("the disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr("equipoise.runs.longer.write_text_atomically", full)
        with pytest.raises(EquipoiseError, match="the disk is full"):
            resume(run, QUIET, Longer(iterations=6))
    resume(run, QUIET, Longer(iterations=6))
    assert load_trained(run, torch.device("cpu")).iteration == 6


def test_rates_that_end_with_the_run_are_drawn_out_and_it_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    experiment = toy("gan-hinge", iterations=4)
    falling = Adam(lr=1e-2, schedule=LinearDecay(end=4, start=2))
    players = {name: replace(player, optimiser=falling) for name, player in experiment.players.items()}
    run = train(replace(experiment, players=players), tmp_path / "run", QUIET)
    resume(run.path, replace(QUIET, quiet=False), Longer(iterations=8))
    schedule = run.experiment().players["generator"].optimiser.schedule
    assert schedule == LinearDecay(end=8, start=4)
    told = capsys.readouterr()
    words = told.out + told.err
    assert "was to go to 0 of its configured value by iteration 4. It is 1 of it from here on" in words
    assert "not exactly that of a run of 8 iterations from the start: its schedules differ" in words


def test_stages_that_were_cut_short_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = train(toy("magan", iterations=2), tmp_path / "run", QUIET)
    resume(run.path, replace(QUIET, quiet=False), Longer(iterations=9))
    told = capsys.readouterr()
    assert "its first stages, which were cut short, differ" in told.out + told.err
