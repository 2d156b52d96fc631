"""Processes that were started with different commands: all of them say so in one sentence, and nothing is written."""

import json
import re
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from equipoise.common.errors import EquipoiseError
from equipoise.data.noise import Noise
from equipoise.recipes.catalogue import recipe
from equipoise.runs.processes import Processes
from equipoise.runs.session import Settings
from equipoise.runs.train import _load_data

pytestmark = pytest.mark.lengthy

COMMAND = ("train", "gan-digits", "--iterations", "4", "--device", "cpu", "--quiet")
LONGEST_SECONDS = 100


def places(count: int) -> list[dict[str, str]]:
    """torchrun's variables for each of the processes of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    fixed = {"WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    variables = [fixed | {"RANK": rank, "LOCAL_RANK": rank} for rank in range(count)]
    return [{name: str(value) for name, value in each.items()} for each in variables]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--seed", "1"), "experiment.seed than process 0, 1 instead of 0"),
        (("--iterations", "3"), "experiment.algorithm.iterations than process 0, 3 instead of 4"),
        (("--precision", "bfloat16"), "precision than process 0, bfloat16 instead of float32"),
        (("--on-nan", "rollback"), "on_nan than process 0, rollback instead of stop"),
    ],
)
def test_a_process_with_another_command_stops_all(
    words: tuple[str, ...], told: str, tmp_path: Path, start: Callable[..., Any]
) -> None:
    out = ("--out", str(tmp_path / "run"))
    ranks = [
        start(*COMMAND, *(words if place["RANK"] == "1" else ()), *out, EQUIPOISE_CACHE=str(tmp_path), **place)
        for place in places(2)
    ]
    for rank in ranks:
        _, errors = rank.communicate(timeout=LONGEST_SECONDS)
        assert rank.returncode == 2
        assert errors.count("\n") == 1
        assert f"process 1 was given another {told}; start all with the same command" in errors
    assert not (tmp_path / "run").exists()


def test_processes_that_are_started_again_before_they_wrote_anything_begin_anew(
    tmp_path: Path, start: Callable[..., Any]
) -> None:
    again = {"TORCHELASTIC_RESTART_COUNT": "1", "EQUIPOISE_CACHE": str(tmp_path)}
    ranks = [start(*COMMAND, "--out", str(tmp_path / "run"), **place, **again) for place in places(2)]
    for rank in ranks:
        _, errors = rank.communicate(timeout=LONGEST_SECONDS)
        assert rank.returncode == 0, errors
    assert (tmp_path / "run" / "config.yaml").is_file()


PLUGIN = """
from dataclasses import replace
import equipoise
from equipoise.recipes.digits import gan_digits
equipoise.register(recipe=equipoise.Entry("mine", "My GAN", lambda: replace(gan_digits(), batch_size={batch_size})))
"""


@pytest.mark.parametrize(
    ("others", "told"),
    [
        ((32,), None),
        ((16,), r"mine\.py \(\w{12}\) instead of mine\.py \(\w{12}\)"),
        ((), r"none instead of mine\.py \(\w{12}\)"),
    ],
)
def test_every_process_must_have_the_same_plugins(
    others: tuple[int, ...], told: str | None, tmp_path: Path, start: Callable[..., Any]
) -> None:
    given: list[list[str]] = []
    for rank, sizes in enumerate(((32,), others)):
        files = [tmp_path / str(rank) / "mine.py" for _ in sizes]
        for file, size in zip(files, sizes, strict=True):
            file.parent.mkdir()
            file.write_text(PLUGIN.format(batch_size=size))
        given.append([f"--plugin={file}" for file in files])
    recipe_name = "mine" if others else "gan-digits"
    words = ("train", recipe_name, *COMMAND[2:], "--out", str(tmp_path / "run"))
    ranks = [
        start(*plugins, *words, EQUIPOISE_CACHE=str(tmp_path), **place)
        for plugins, place in zip(given, places(2), strict=True)
    ]
    for rank in ranks:
        _, errors = rank.communicate(timeout=LONGEST_SECONDS)
        if told is None:
            assert rank.returncode == 0, errors
        else:
            assert rank.returncode == 2
            assert re.fullmatch(
                rf"equipoise: process 1 was given another list of plug-ins than process 0, {told}; start .*\n", errors
            )
    assert (tmp_path / "run").exists() == (told is None)


class WithAnother(Processes):
    """Process 0 of two, where the other one has loaded other data."""

    def _texts(self, mine: str) -> list[str]:
        return [mine, json.dumps(dict.fromkeys(json.loads(mine), "other"))]

    def wait_for_all(self) -> None:
        pass


def test_other_data_stop_all() -> None:
    processes = WithAnother(0, 2, 0, 2, 0, torch.device("cpu"))
    experiment = replace(recipe("gan-digits"), data=Noise((1, 8, 8), 16))
    with pytest.raises(EquipoiseError, match=r"^process 1 was given another data \(by their hash\) than process 0"):
        _load_data(experiment, Settings(), processes)


def test_one_process_agrees_with_itself() -> None:
    Processes(0, 1, 0, 1, 0, torch.device("cpu")).must_agree({"experiment": {"seed": 0}})
