"""Loops of other people's, in plain PyTorch and in Lightning, killed again and again: each ends bit for bit the same.

Each process is killed by SIGKILL from within, at one of the moments of writing (half of a file of tensors is there, a
file is about to be flushed, renamed or removed), or from without, at a random moment.
"""

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from equipoise.common import tensor_files
from equipoise.training.checkpoint import list_checkpoints
from examples import resume_any_loop

pytestmark = pytest.mark.lengthy
FORK = multiprocessing.get_context("fork")
STEPS, MOST_SECONDS = 80, 120
MOMENTS_OF_A_SAVE = 10
Train = Callable[[Path, int], object]


def die_at(moment: int) -> None:
    """From now on this process counts the moments of writing, and kills itself at this one."""
    left = [moment]

    def strike() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def before(real: Callable[..., Any]) -> Callable[..., Any]:
        def struck(*given: Any, **named: Any) -> Any:
            strike()
            return real(*given, **named)

        return struck

    def save_half(tensors: Any, path: Path, **named: Any) -> None:
        save_file(tensors, path, **named)
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        strike()
        path.write_bytes(whole)

    tensor_files.save_file = save_half  # type: ignore[assignment]
    os.fsync = before(os.fsync)
    for name in ("replace", "unlink"):
        setattr(Path, name, before(getattr(Path, name)))


def run(train: Train, folder: str, moment: int) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    if moment:
        die_at(moment)
    random.seed(0)
    train(Path(folder), STEPS)


def started(train: Train, folder: Path, moment: int = 0) -> Any:
    process = FORK.Process(target=run, args=(train, str(folder), moment))
    process.start()
    return process


def ended(process: Any) -> int:
    process.join(MOST_SECONDS)
    assert process.exitcode is not None, "still there"
    return int(process.exitcode)


def everything(folder: Path) -> dict[str, object]:
    """The last checkpoint: every tensor's bytes, and its index, which holds the values and what they refer to."""
    newest = list_checkpoints(folder)[-1]
    tensors = {name: value.numpy().tobytes() for name, value in load_file(newest.tensors).items()}
    return {"step": newest.iteration, "tensors": tensors, "extra": newest.read_index()["extra"]}


def check_kills(train: Train, folder: Path, moments: list[int]) -> None:
    """Kill at each of these moments in turn, and once from without; then let it end, and compare."""
    whole, killed = folder / "whole", folder / "killed"
    random.seed(0)
    train(whole, STEPS)  # here, so that what it imports is there in every process that is forked
    codes = [ended(started(train, killed, moment)) for moment in moments]
    assert set(codes) == {-signal.SIGKILL}, "the loop was over before it could be killed"
    process = started(train, killed)
    time.sleep(random.Random(0).uniform(0.01, 0.1))
    process.kill()
    ended(process)
    assert ended(started(train, killed)) == 0
    assert everything(killed)["step"] == STEPS
    assert everything(killed) == everything(whole)


def test_a_plain_loop_that_is_killed_while_it_saves_ends_bit_for_bit(tmp_path: Path) -> None:
    first = list(range(1, MOMENTS_OF_A_SAVE + 1))  # in the first save of a process, whether or not one came before
    later = [random.Random(1).randrange(MOMENTS_OF_A_SAVE, 2 * MOMENTS_OF_A_SAVE)]
    check_kills(resume_any_loop.train, tmp_path, [*first, *later])


def test_a_loop_in_lightning_that_is_killed_while_it_saves_ends_bit_for_bit(tmp_path: Path) -> None:
    pytest.importorskip("lightning")
    from examples import resume_in_lightning

    check_kills(resume_in_lightning.train, tmp_path, [1, 4, 6, 12])
