"""Damaged, foreign and old checkpoints, full disks, moved directories and changed data: one sentence, nothing lost."""

import itertools
import json
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from equipoise.common import files
from equipoise.common.errors import EquipoiseError
from equipoise.data.store import Store
from equipoise.experiments.experiment import Experiment, with_length
from equipoise.recipes.catalogue import recipe
from equipoise.runs.train import Settings, resume, train
from equipoise.training.checkpoint import FORMAT, _seal, list_checkpoints, newest_good

pytestmark = pytest.mark.lengthy

Recovery = Callable[[], AbstractContextManager[None]]
QUIET = Settings(device="cpu", threads=1, quiet=True)
LAST = "iteration-000000016"


@pytest.fixture(scope="module")
def experiment() -> Experiment:
    base = with_length(recipe("gan-digits"), iterations=16)
    return replace(base, watch=replace(base.watch, sample_grids=1, checkpoints=4, keep=3))


@pytest.fixture(scope="module")
def finished(experiment: Experiment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(experiment, tmp_path_factory.mktemp("faults") / "run", QUIET).path


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy of a finished run."""
    return Path(shutil.copytree(finished, tmp_path / "copy"))


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip_a_bit(path: Path) -> None:
    data, place = bytearray(path.read_bytes()), random.Random(path.stat().st_size).randrange(path.stat().st_size)
    data[place] ^= 1 << random.Random(7).randrange(8)
    path.write_bytes(data)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [truncate, flip_a_bit, empty, Path.unlink])
def test_a_damaged_checkpoint_is_named_and_the_newest_good_one_goes_on(
    run: Path,
    finished: Path,
    damage: Callable[[Path], None],
    capsys: pytest.CaptureFixture[str],
    end_of: Callable[[Path], Any],
    recovery: Recovery,
) -> None:
    damage(run / "checkpoints" / f"{LAST}.safetensors")
    with recovery():
        resume(run, QUIET)
    errors = capsys.readouterr().err
    assert f"warning: checkpoint {run}/checkpoints/{LAST}.safetensors is damaged" in errors
    assert "continuing from iteration-000000012.json" in errors
    ours, theirs = end_of(run), end_of(finished)
    assert [name for name in ours if not torch.equal(ours[name], theirs[name])] == []


@pytest.mark.parametrize("place", range(0, 400, 23))
def test_no_flipped_bit_of_an_index_goes_unnoticed(run: Path, place: int) -> None:
    """Either it is refused, or every value in it that counts is what it was."""
    index = run / "checkpoints" / f"{LAST}.json"
    before, data = json.loads(index.read_text()), bytearray(index.read_bytes())
    checkpoint = next(each for each in list_checkpoints(index.parent) if each.index == index)
    data[place % len(data)] ^= 1
    index.write_bytes(data)
    try:
        after = checkpoint.read_index()
    except EquipoiseError:
        after = before  # refused
    assert after == before


def test_with_no_good_checkpoint_left_it_is_refused(run: Path) -> None:
    for path in (run / "checkpoints").glob("*.safetensors"):
        truncate(path)
    with pytest.raises(EquipoiseError, match=r"no good checkpoint left; checkpoint .* is damaged"):
        resume(run, QUIET)


def test_another_format_is_refused_with_the_way_forward(run: Path) -> None:
    for path in (run / "checkpoints").glob("*.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 0}))
    with pytest.raises(
        EquipoiseError, match=r"has format 0, and this .* reads format \d+ only: train with the version that wrote it"
    ):
        resume(run, QUIET)


@pytest.mark.parametrize("version", [FORMAT - 1, FORMAT + 1, str(FORMAT), None, [1]])
def test_a_format_is_told_whatever_else_is_in_the_index(run: Path, version: Any) -> None:
    """An index of another time may lack what this one has, and is still no damaged one."""
    for path in (run / "checkpoints").glob("*.json"):
        path.write_text(json.dumps({"format": version, "something": "else"}))
    with pytest.raises(EquipoiseError, match="train with the version that wrote it, or start a new run"):
        resume(run, QUIET)


def test_a_checkpoint_of_another_recipe_is_refused(run: Path, experiment: Experiment, tmp_path: Path) -> None:
    other = with_length(recipe("magan-digits"), epochs=1)
    other = replace(other, watch=replace(experiment.watch, sample_grids=0))
    train(other, tmp_path / "other", QUIET)
    shutil.rmtree(run / "checkpoints")
    shutil.copytree(tmp_path / "other" / "checkpoints", run / "checkpoints")
    with pytest.raises(
        EquipoiseError, match=r"trained with: players\.generator\.optimiser\.kind was adamax and is adam"
    ):
        resume(run, QUIET)
    for path in (run / "checkpoints").glob("*.json"):  # as older checkpoints, which do not know their experiment
        index = json.loads(path.read_text())
        del index["extra"]["experiment"]
        path.write_text(json.dumps(index | {"seal": _seal(index)}))
    with pytest.raises(EquipoiseError, match="the checkpoint belongs to another recipe"):
        resume(run, QUIET)


def test_a_moved_run_goes_on(
    run: Path,
    finished: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    end_of: Callable[[Path], Any],
    recovery: Recovery,
) -> None:
    for path in (run / "checkpoints").glob(f"{LAST}*"):
        path.unlink()
    moved = tmp_path / "some where" / "else"
    moved.parent.mkdir()
    run.rename(moved)
    monkeypatch.chdir(tmp_path)
    with recovery():
        resume(moved.relative_to(tmp_path), QUIET)
    ours, theirs = end_of(moved), end_of(finished)
    assert [name for name in ours if not torch.equal(ours[name], theirs[name])] == []


def test_a_clock_that_jumps_changes_nothing(
    run: Path, finished: Path, monkeypatch: pytest.MonkeyPatch, end_of: Callable[[Path], Any]
) -> None:
    """Neither the time of day, which goes back a day with each look, nor the files' times, the oldest the newest."""
    for path in (run / "checkpoints").glob(f"{LAST}*"):
        path.unlink()
    days = itertools.count(1)
    for path in sorted(run.rglob("*")):
        os.utime(path, (-86400 * next(days) + 2e9,) * 2)
    monkeypatch.setattr(time, "time", lambda: 2e9 - 86400 * next(days))
    resume(run, QUIET)
    ours, theirs = end_of(run), end_of(finished)
    assert [name for name in ours if not torch.equal(ours[name], theirs[name])] == []


def test_another_device_or_torch_is_told(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sessions = json.loads((run / "environment.json").read_text())
    sessions["sessions"][0] |= {"device": "cuda:0", "device_name": "Some GPU"}
    (run / "environment.json").write_text(json.dumps(sessions))
    resume(run, QUIET)
    assert "warning: the run started with the device cuda (Some GPU) and continues with cpu" in capsys.readouterr().err


def test_changed_data_are_noticed(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Store, "content_hash", property(lambda self: "0" * 64))
    with pytest.raises(EquipoiseError, match="the data have changed since this run started"):
        resume(run, QUIET)


def test_a_failing_disk_stops_the_run_at_its_last_good_checkpoint(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recovery: Recovery
) -> None:
    flush, calls = files.flush_to_disk, iter(range(10_000))

    def fail_later(path: Path) -> None:
        if next(calls) > 20:
            raise OSError(28, "No space left on device")
        flush(path)

    monkeypatch.setattr(files, "flush_to_disk", fail_later)
    with pytest.raises(EquipoiseError, match="No space left on device") as caught:
        train(experiment, tmp_path / "run", QUIET)
    monkeypatch.undo()
    checkpoint, complaints = newest_good(tmp_path / "run" / "checkpoints")
    assert checkpoint is not None
    assert complaints == []
    assert f"The last good checkpoint is {checkpoint.index.name}" in str(caught.value)
    with recovery():
        resume(tmp_path / "run", QUIET)
    assert newest_good(tmp_path / "run" / "checkpoints")[0].iteration == 16  # type: ignore[union-attr]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 kB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("this machine does not let mount a small disk")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)  # tensors that were read from it are still mapped


def test_a_full_disk_stops_the_run_and_room_lets_it_go_on(
    experiment: Experiment, finished: Path, small_disk: Path, end_of: Callable[[Path], Any], recovery: Recovery
) -> None:
    with pytest.raises(EquipoiseError, match="No space left on device") as caught:
        train(replace(experiment, watch=replace(experiment.watch, keep=4)), small_disk / "run", QUIET)
    checkpoint, complaints = newest_good(small_disk / "run" / "checkpoints")
    assert complaints == []
    assert ("There is no checkpoint yet" in str(caught.value)) == (checkpoint is None)
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    with recovery():
        resume(small_disk / "run", QUIET)
    ours, theirs = end_of(small_disk / "run"), end_of(finished)
    assert [name for name in ours if not torch.equal(ours[name], theirs[name])] == []
