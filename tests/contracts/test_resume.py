"""Exact resume: a run that is cut and resumed anywhere ends bit for bit as one that never was."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from equipoise.evaluation.sampling import generate
from equipoise.experiments.build import build_game, build_state, sampling_generator
from equipoise.experiments.experiment import Experiment
from equipoise.training.checkpoint import newest_good, save_checkpoint
from equipoise.training.log import Recorder, shorten_log
from equipoise.training.loop import Loop, Turn
from equipoise.training.state import State, state_tensors

pytestmark = pytest.mark.lengthy

DEVICE = torch.device("cpu")


def start(experiment: Experiment, log: Path) -> tuple[Loop, Recorder]:
    game = build_game(experiment, experiment.data.load())
    return Loop(game, build_state(experiment, game, DEVICE)), Recorder(log, flush_every=5)


def end(loop: Loop, recorder: Recorder, experiment: Experiment) -> dict[str, torch.Tensor]:
    """Everything that the promise covers: parameters, optimisers, memory, averages, clock and samples."""
    loop.run((recorder,))
    recorder.flush()
    clock = {f"clock/{name}": torch.tensor(value) for name, value in loop.state.clock.as_dict().items()}
    samples = generate(sampling_generator(experiment, loop.state), experiment.latent, 20, experiment.seed)
    return state_tensors(loop.state) | clock | {"samples": samples}


def run_with_checkpoints(experiment: Experiment, folder: Path) -> None:
    """A run that saves itself before its first iteration and after every one; each of these moments can be its cut."""
    folder.mkdir()
    loop, recorder = start(experiment, folder / "log")

    def save(state: State, turn: Turn | None = None) -> None:
        log = {"bytes": recorder.length_bytes(), "epoch": recorder.memory()}
        save_checkpoint(folder / f"cut-{state.clock.iteration}", state, {"log": log})

    save(loop.state)
    loop.run((recorder, save))
    recorder.flush()


def resume(experiment: Experiment, iterations: int, folder: Path) -> tuple[dict[str, torch.Tensor], str]:
    """Throw away everything but the files, the log with all that the cut loses among them, and go on from there."""
    log = shutil.copy(folder / "log", folder / f"log-{iterations}")
    loop, recorder = start(experiment, log)
    checkpoint, complaints = newest_good(folder / f"cut-{iterations}")
    assert checkpoint is not None
    assert complaints == []
    extra = checkpoint.load(loop.state)
    shorten_log(log, extra["log"]["bytes"])
    recorder.remember(extra["log"]["epoch"])
    return end(Loop(loop.game, loop.state), recorder, experiment), log.read_text()


def differing(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> list[str]:
    assert ours.keys() == theirs.keys()
    return [name for name, value in ours.items() if not torch.equal(value, theirs[name])]


def test_every_cut_resumes_bit_for_bit(toy_experiment: Experiment, tmp_path: Path) -> None:
    whole_loop, whole_recorder = start(toy_experiment, tmp_path / "whole")
    whole = end(whole_loop, whole_recorder, toy_experiment)
    log = (tmp_path / "whole").read_text()
    total = whole_loop.state.clock.iteration
    assert total == whole_loop.game.total_iterations
    assert total >= 4
    lines = [json.loads(line) for line in log.splitlines()]
    assert [line["iteration"] for line in lines if line["kind"] == "iteration"] == [*range(1, total + 1)]
    run_with_checkpoints(toy_experiment, tmp_path / "cut")
    for iterations in range(total):
        resumed, resumed_log = resume(toy_experiment, iterations, tmp_path / "cut")
        assert differing(whole, resumed) == [], f"cut after iteration {iterations}"
        assert resumed_log == log, f"cut after iteration {iterations}"


def test_leaving_the_memory_out_of_a_checkpoint_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toy_table: dict[str, Experiment]
) -> None:
    """The contract can fail: without MAGAN's memory the resumed run ends elsewhere."""
    experiment = toy_table["magan"]
    whole_loop, whole_recorder = start(experiment, tmp_path / "whole")
    whole = end(whole_loop, whole_recorder, experiment)

    def tensors_without_memory(state: State) -> dict[str, torch.Tensor]:
        return {
            name: torch.zeros_like(value) if name.startswith("memory/") else value
            for name, value in state_tensors(state).items()
        }

    monkeypatch.setattr("equipoise.training.checkpoint.state_tensors", tensors_without_memory)
    total = whole_loop.game.total_iterations
    run_with_checkpoints(experiment, tmp_path / "cut")
    wrong = [cut for cut in range(total) if differing(whole, resume(experiment, cut, tmp_path / "cut")[0])]
    assert len(wrong) > total // 2


def test_the_seed_decides_the_run(toy_experiment: Experiment, tmp_path: Path) -> None:
    from dataclasses import replace

    once, again = (end(*start(toy_experiment, tmp_path / f"{n}"), toy_experiment) for n in range(2))
    other = end(*start(replace(toy_experiment, seed=1), tmp_path / "other"), replace(toy_experiment, seed=1))
    assert differing(once, again) == []
    assert "samples" in differing(once, other)


def test_training_moves_no_global_generator(toy_experiment: Experiment, tmp_path: Path) -> None:
    before = torch.get_rng_state()
    end(*start(toy_experiment, tmp_path / "log"), toy_experiment)
    assert torch.equal(torch.get_rng_state(), before)
