"""A configuration that was changed between two sittings, or a checkpoint of another run: refused, with what differs."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from equipoise.common.errors import EquipoiseError
from equipoise.experiments.difference import differences
from equipoise.experiments.experiment import Watch, with_length
from equipoise.recipes.catalogue import recipe
from equipoise.runs.train import Settings, resume, train
from equipoise.runs.trained import load_trained
from equipoise.training.checkpoint import _seal

CPU, QUIET = torch.device("cpu"), Settings("cpu", threads=1, quiet=True)
EXPERIMENT = replace(
    with_length(recipe("gan-digits"), iterations=4),
    batch_size=16,
    watch=Watch(sample_grids=0, checkpoints=2, keep=1),
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(EXPERIMENT, tmp_path_factory.mktemp("changed") / "run", QUIET).path


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "copy"))


def edit(run: Path, path: str, value: Any) -> None:
    plain = yaml.safe_load((run / "config.yaml").read_text())
    *parents, last = path.split(".")
    target = plain
    for name in parents:
        target = target[name]
    target[last] = value
    (run / "config.yaml").write_text(yaml.safe_dump(plain))


def edit_index(run: Path, change: Callable[[dict[str, Any]], None]) -> None:
    for path in (run / "checkpoints").glob("*.json"):
        index = json.loads(path.read_text())
        change(index["extra"])
        path.write_text(json.dumps(index | {"seal": _seal(index)}))


READERS: dict[str, Callable[[Path], object]] = {
    "resume": lambda run: resume(run, QUIET),
    "load_trained": lambda run: load_trained(run, CPU),
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("players.generator.optimiser.lr", 0.25, r"players\.generator\.optimiser\.lr was 0\.\d+ and is 0\.25"),
        ("seed", 7, "seed was 0 and is 7"),
        ("batch_size", 32, "batch_size was 16 and is 32"),
        ("algorithm.iterations", 6, r"algorithm\.iterations was 4 and is 6"),
        ("algorithm.loss", "hinge", r"algorithm\.loss was non-saturating and is hinge"),
        ("latent.distribution", "uniform", r"latent\.distribution was normal and is uniform"),
        ("value_range", "symmetric", "value_range was unit and is symmetric"),
    ],
)
def test_a_changed_field_is_refused_by_name(
    path: str, value: Any, told: str, reader: Callable[[Path], object], run: Path
) -> None:
    edit(run, path, value)
    before = {each: each.read_bytes() for each in run.rglob("*") if each.is_file()}
    with pytest.raises(
        EquipoiseError, match=f"{told}; restore it, or start a new run with: equipoise train .*config.yaml"
    ):
        reader(run)
    assert {each: each.read_bytes() for each in run.rglob("*") if each.is_file()} == before


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
@pytest.mark.parametrize(("path", "value"), [("watch.keep", 3), ("name", "mine"), ("watch.sample_grids", 1)])
def test_what_changes_nothing_about_the_run_may_be_changed(
    path: str, value: Any, reader: Callable[[Path], object], run: Path
) -> None:
    edit(run, path, value)
    reader(run)


def test_checkpoints_of_another_seed_are_refused_and_the_log_stays(run: Path, tmp_path: Path) -> None:
    other = train(replace(EXPERIMENT, seed=1), tmp_path / "other", QUIET)
    shutil.rmtree(run / "checkpoints")
    shutil.copytree(other.checkpoints, run / "checkpoints")
    log = (run / "metrics.jsonl").read_bytes()
    with pytest.raises(EquipoiseError, match="seed was 1 and is 0"):
        resume(run, QUIET)
    assert (run / "metrics.jsonl").read_bytes() == log


def test_a_log_is_never_cut_within_a_line(run: Path) -> None:
    log = run / "metrics.jsonl"
    log.write_bytes(b'{"kind": "note"}\n' + log.read_bytes())
    before = log.read_bytes()
    with pytest.raises(EquipoiseError, match="would end within a line: it was changed by hand"):
        resume(run, QUIET)
    assert log.read_bytes() == before


def test_a_checkpoint_that_does_not_know_its_configuration_still_loads(run: Path) -> None:
    edit_index(run, lambda extra: extra.pop("experiment"))
    edit(run, "players.generator.optimiser.lr", 0.25)
    resume(run, QUIET)
    assert load_trained(run, CPU).iteration == 4


def test_a_field_that_is_younger_than_the_checkpoint_counts_by_its_default(run: Path) -> None:
    edit_index(run, lambda extra: extra["experiment"]["players"]["generator"]["optimiser"].pop("schedule"))
    resume(run, QUIET)


def test_differences_are_told_by_path_with_both_values() -> None:
    before = {"a": {"kind": "x", "b": [1, 2], "c": None}, "d": 1}
    after = {"a": {"kind": "x", "b": [1, 3], "e": 2}, "d": 1, "f": {"g": 1}}
    found = {"a.b": ([1, 2], [1, 3]), "a.e": (None, 2), "f": (None, {"g": 1})}
    assert differences(before, after) == found
    assert differences(before, before) == {}
