"""The log holds every iteration, and epochs with the means of their iterations."""

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from equipoise.common.errors import EquipoiseError
from equipoise.training.log import Recorder, shorten_log
from equipoise.training.loop import Turn
from equipoise.training.state import State


def turn(iteration: int, value: float, closes: bool = False) -> Turn:
    epoch_values = {"margin": torch.tensor(0.5)} if closes else None
    return Turn("stage", 0, iteration, {"loss": torch.tensor(value)}, epoch_values)


@pytest.fixture
def state() -> State:
    return State(nn.ModuleDict(), {}, nn.Module())


def lines_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("flush_every", [1, 2, 100])
def test_lines_do_not_depend_on_when_they_are_flushed(tmp_path: Path, state: State, flush_every: int) -> None:
    recorder = Recorder(tmp_path / "log", flush_every=flush_every)
    for number, closes in ((1, False), (2, False), (3, True), (4, False)):
        recorder(state, turn(number, number / 3, closes))
    recorder.flush()
    place = {"stage": "stage", "epoch": 0}
    values = [float(torch.tensor(number / 3)) for number in (1, 2, 3, 4)]
    iterations = [
        {"kind": "iteration", "iteration": n + 1} | place | {"values": {"loss": v}} for n, v in enumerate(values)
    ]
    mean = (values[0] + values[1] + values[2]) / 3
    epoch = {"kind": "epoch", "iteration": 3} | place | {"values": {"loss": mean, "margin": 0.5}}
    assert lines_of(tmp_path / "log") == [*iterations[:3], epoch, iterations[3]]


def test_what_is_not_finite_becomes_null(tmp_path: Path, state: State) -> None:
    recorder = Recorder(tmp_path / "log", flush_every=1)
    recorder(state, turn(1, float("nan")))
    recorder(state, turn(2, float("inf"), closes=True))
    recorder.flush()
    assert [line["values"] for line in lines_of(tmp_path / "log")] == [
        {"loss": None},
        {"loss": None},
        {"loss": None, "margin": 0.5},
    ]


def test_nothing_is_read_from_the_device_before_a_flush(tmp_path: Path, state: State) -> None:
    recorder = Recorder(tmp_path / "log", flush_every=10, flush_seconds=1e9)
    for number in range(1, 10):
        recorder(state, turn(number, 0.0))
    assert not (tmp_path / "log").exists()
    recorder(state, turn(10, 0.0))
    assert len(lines_of(tmp_path / "log")) == 10


def test_a_shortened_log_ends_where_the_checkpoint_was(tmp_path: Path, state: State) -> None:
    recorder = Recorder(tmp_path / "log", flush_every=1)
    recorder(state, turn(1, 1.0))
    length = recorder.length_bytes()
    recorder(state, turn(2, 2.0))
    shorten_log(tmp_path / "log", length)
    assert [line["iteration"] for line in lines_of(tmp_path / "log")] == [1]


def test_a_log_that_lost_lines_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("short")
    with pytest.raises(EquipoiseError, match="shorter than the checkpoint's 100 bytes"):
        shorten_log(tmp_path / "log", 100)
    with pytest.raises(EquipoiseError, match="is missing"):
        shorten_log(tmp_path / "other", 100)


def test_a_log_that_cannot_be_written_is_one_sentence(tmp_path: Path, state: State) -> None:
    recorder = Recorder(tmp_path / "missing" / "log", flush_every=1)
    with pytest.raises(EquipoiseError, match=r"could not write .*log: No such file or directory"):
        recorder(state, turn(1, 1.0))
