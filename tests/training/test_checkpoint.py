"""A checkpoint is whole or not there, and what is wrong with one is said by name."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from equipoise.common import files
from equipoise.common.errors import EquipoiseError
from equipoise.training.checkpoint import FORMAT, keep_newest, list_checkpoints, newest_good, save_checkpoint
from equipoise.training.optimisers import Adam
from equipoise.training.state import Clock, State, state_tensors


def a_state(width: int = 2, iteration: int = 0) -> State:
    player = nn.Linear(2, width)
    memory = nn.Module()
    memory.register_buffer("margin", torch.tensor(0.1, dtype=torch.float64))
    clock = Clock(0, iteration, iteration, 7)
    state = State(nn.ModuleDict({"generator": player}), {"generator": Adam(lr=0.1)}, memory, clock=clock)
    loss = player(torch.ones(3, 2)).sum()
    state.parameters["generator"].write_gradients(torch.autograd.grad(loss, tuple(player.parameters())))
    state.optimisers["generator"].step()
    return state


def test_what_was_saved_comes_back_bit_for_bit(tmp_path: Path) -> None:
    saved, other = a_state(iteration=5), a_state()
    expected = {name: value.clone() for name, value in state_tensors(saved).items()}
    extra = save_checkpoint(tmp_path, saved, {"log": 12}).load(other)
    found = state_tensors(other)
    assert {"players/generator.weight", "optimisers/generator/0/exp_avg", "memory/margin"} <= expected.keys()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], value) for name, value in expected.items())
    assert other.clock == saved.clock
    assert extra == {"log": 12}


@pytest.mark.parametrize("keep_bytes", [0, 10, 200])
def test_a_truncated_checkpoint_is_refused_by_name_and_the_older_one_offered(tmp_path: Path, keep_bytes: int) -> None:
    save_checkpoint(tmp_path, a_state(iteration=1), {})
    newer = save_checkpoint(tmp_path, a_state(iteration=2), {})
    newer.tensors.write_bytes(newer.tensors.read_bytes()[:keep_bytes])
    good, complaints = newest_good(tmp_path)
    assert good is not None
    assert good.iteration == 1
    assert len(complaints) == 1
    assert "iteration-000000002.safetensors is damaged" in complaints[0]


def test_one_flipped_bit_is_noticed(tmp_path: Path) -> None:
    checkpoint = save_checkpoint(tmp_path, a_state(), {})
    content = bytearray(checkpoint.tensors.read_bytes())
    content[-3] ^= 1
    checkpoint.tensors.write_bytes(content)
    with pytest.raises(EquipoiseError, match="do not match the checksum"):
        checkpoint.load(a_state())


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", f'{{"format": {FORMAT}, "clock": {{"stage": 0}}}}', "\x00"])
def test_a_damaged_index_is_named(tmp_path: Path, text: str) -> None:
    checkpoint = save_checkpoint(tmp_path, a_state(), {})
    checkpoint.index.write_text(text)
    with pytest.raises(EquipoiseError, match="index cannot be read"):
        checkpoint.load(a_state())


def test_another_format_is_refused_with_the_way_forward(tmp_path: Path) -> None:
    checkpoint = save_checkpoint(tmp_path, a_state(), {})
    index = json.loads(checkpoint.index.read_text()) | {"format": FORMAT + 1}
    checkpoint.index.write_text(json.dumps(index))
    with pytest.raises(EquipoiseError, match=f"has format {FORMAT + 1}, and this .* reads format {FORMAT} only"):
        checkpoint.load(a_state())


@pytest.mark.parametrize("version", [str(FORMAT), None, [1]])
def test_what_is_no_format_is_not_shown_as_one(tmp_path: Path, version: object) -> None:
    checkpoint = save_checkpoint(tmp_path, a_state(), {})
    checkpoint.index.write_text(json.dumps(json.loads(checkpoint.index.read_text()) | {"format": version}))
    with pytest.raises(EquipoiseError, match="has no valid format number, and this"):
        checkpoint.load(a_state())


def test_a_checkpoint_of_another_recipe_changes_nothing(tmp_path: Path) -> None:
    checkpoint, other = save_checkpoint(tmp_path, a_state(width=3), {}), a_state()
    before = {name: value.clone() for name, value in state_tensors(other).items()}
    with pytest.raises(EquipoiseError, match=r"another recipe: players/generator\.weight has shape"):
        checkpoint.load(other)
    assert all(torch.equal(before[name], value) for name, value in state_tensors(other).items())


def test_a_full_disk_leaves_the_last_checkpoint_standing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_checkpoint(tmp_path, a_state(iteration=1), {})

    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "flush_to_disk", full)
    with pytest.raises(EquipoiseError, match="No space left on device"):
        save_checkpoint(tmp_path, a_state(iteration=2), {})
    monkeypatch.undo()
    good, complaints = newest_good(tmp_path)
    assert good is not None
    assert good.iteration == 1
    assert complaints == []
    assert [path.name for path in tmp_path.iterdir() if "partial" in path.name] == []


def test_the_newest_are_kept_and_the_best(tmp_path: Path) -> None:
    for iteration in range(6):
        save_checkpoint(tmp_path, a_state(iteration=iteration), {})
    keep_newest(tmp_path, 2, protected=(1,))
    assert [checkpoint.iteration for checkpoint in list_checkpoints(tmp_path)] == [1, 4, 5]
    assert len(list(tmp_path.iterdir())) == 6


def test_a_file_that_is_removed_while_it_is_opened_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint, opened = save_checkpoint(tmp_path, a_state(), {}), torch.UntypedStorage.from_file

    def removed(path: str, **rest: Any) -> Any:
        Path(path).unlink()
        return opened(path, **rest)

    monkeypatch.setattr(torch.UntypedStorage, "from_file", removed)
    with pytest.raises(EquipoiseError, match=checkpoint.tensors.name):
        checkpoint.read_tensors("players/")
