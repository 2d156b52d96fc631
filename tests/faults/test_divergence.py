"""A run that diverges stops at its last good checkpoint, or goes back to it with half the learning rate."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from equipoise.common.checks import NotFiniteError
from equipoise.common.errors import EquipoiseError
from equipoise.experiments.build import build_game, build_state
from equipoise.experiments.experiment import Experiment, with_length
from equipoise.recipes.catalogue import recipe
from equipoise.runs.session import first_offender
from equipoise.runs.train import Settings, resume, train
from equipoise.runs.vitals import Vitals
from equipoise.testing.toys import TOY_EXPERIMENTS
from equipoise.training import loop as loops

pytestmark = pytest.mark.lengthy

QUIET = {"device": "cpu", "threads": 1, "quiet": True}


@dataclass
class Poison:
    """Multiplies the generator's gradient by NaN in one iteration as long as the learning rate is above a limit."""

    iteration: int
    below_factor: float
    struck: int = 0


@contextmanager
def poisoned(monkeypatch: pytest.MonkeyPatch, poison: Poison) -> Iterator[None]:
    play = loops.play

    def play_poisoned(move: Any, state: Any, draw: Any, game: Any) -> Any:
        outcome = play(move, state, draw, game)
        factor = 0.5**state.clock.rollbacks
        strikes = state.clock.iteration + 1 == poison.iteration and factor > poison.below_factor
        if strikes and "generator" in outcome.losses:
            poison.struck += 1
            state.parameters["generator"].gradient.mul_(float("nan"))
            state.optimisers["generator"].step()
        return outcome

    with monkeypatch.context() as patch:
        patch.setattr(loops, "play", play_poisoned)
        yield


@pytest.fixture
def experiment(short: Callable[[Experiment], Experiment]) -> Experiment:
    return short(with_length(recipe("gan-digits"), iterations=40))


def lines(run: Path, kind: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [line for line in found if line["kind"] == kind]


def test_it_stops_and_names_iteration_quantity_and_checkpoint(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end_of: Callable[[Path], Any]
) -> None:
    with poisoned(monkeypatch, Poison(25, 0)), pytest.raises(EquipoiseError) as caught:
        train(experiment, tmp_path / "run", Settings(**QUIET))
    sentence = str(caught.value)
    assert sentence.startswith("training diverged in iteration 25: the gradient of generator is not finite.")
    assert "The last good checkpoint is iteration-000000020.json; resume with: equipoise resume" in sentence
    assert all(torch.isfinite(value).all() for value in end_of(tmp_path / "run").values())


def test_it_goes_back_with_half_the_rate_and_says_so(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    poison = Poison(25, 0.25)
    with poisoned(monkeypatch, poison):
        train(experiment, tmp_path / "run", Settings(**QUIET, on_nan="rollback"))
    assert poison.struck == 2, "the second rollback, to a quarter of the rate, is what helps"
    (line,) = lines(tmp_path / "run", "rollback")
    assert line["iteration"] == 20
    assert line["quantity"] == "the gradient of generator"
    assert line["values"] == {"diverged_in_iteration": 25, "learning_rate_factor": 0.25}
    assert [each["iteration"] for each in lines(tmp_path / "run", "iteration")] == [*range(1, 41)]
    assert "Continuing from iteration 20 with 0.25 of the learning rates (rollback 2)" in capsys.readouterr().err
    index = json.loads((tmp_path / "run/checkpoints/iteration-000000040.json").read_text())
    assert index["clock"]["rollbacks"] == 2


def test_it_gives_up_after_as_many_rollbacks_as_are_allowed(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(**QUIET, on_nan="rollback", most_rollbacks=2)
    poison = Poison(5, 0)
    with poisoned(monkeypatch, poison), pytest.raises(EquipoiseError, match="has gone back 2 times"):
        train(experiment, tmp_path / "run", settings)
    assert poison.struck == 3, "before the first checkpoint, it goes back to the very start"


@pytest.mark.parametrize("cut", [22, 31])
def test_a_resume_after_a_rollback_is_exact(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end_of: Callable[[Path], Any], cut: int
) -> None:
    """Cut before and after the divergence: the resumed run ends bit for bit like the one that was left alone."""
    settings = Settings(**QUIET, on_nan="rollback")
    with poisoned(monkeypatch, Poison(25, 0.5)):
        train(experiment, tmp_path / "whole", settings)
        with pytest.raises(KeyboardInterrupt), stopping_at(monkeypatch, cut):
            train(experiment, tmp_path / "cut", settings)
        resume(tmp_path / "cut", settings)
    whole, resumed = end_of(tmp_path / "whole"), end_of(tmp_path / "cut")
    assert [name for name in whole if not torch.equal(whole[name], resumed[name])] == []
    logs = [(tmp_path / name / "metrics.jsonl").read_text() for name in ("whole", "cut")]
    assert logs[0] == logs[1]


@contextmanager
def stopping_at(monkeypatch: pytest.MonkeyPatch, iteration: int) -> Iterator[None]:
    """An abrupt end, as of a killed process, the first time that the run reaches the iteration."""
    iterate = loops.Loop.iterate

    def iterate_or_die(self: loops.Loop) -> Any:
        rolled_back = self.state.clock.rollbacks > 0
        if self.state.clock.iteration + 1 == iteration and (rolled_back or iteration < 25):
            raise KeyboardInterrupt
        return iterate(self)

    with monkeypatch.context() as patch:
        patch.setattr(loops.Loop, "iterate", iterate_or_die)
        yield


@pytest.mark.parametrize(
    ("toy", "player", "buffer"),
    [
        ("gan-with-everything", "generator", "running_variance"),
        ("mdgan", "generator", "running_mean_encoded"),
        ("gan-spectral-norm", "discriminator", "left"),
        ("mmd-spectral-norm", "discriminator", "right"),
    ],
)
@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_a_running_statistic_or_spectral_vector_is_named(
    monkeypatch: pytest.MonkeyPatch,
    toy: str,
    player: str,
    buffer: str,
    wrong: float,
) -> None:
    """In the very iteration: before a later move complains, and although training mode reads no running statistic."""
    experiment = with_length(TOY_EXPERIMENTS[toy](), iterations=6)
    game = build_game(experiment, experiment.data.load())
    loop = loops.Loop(game, build_state(experiment, game, torch.device("cpu")))
    spoiled = next(value for name, value in loop.state.players[player].named_buffers() if buffer in name)
    play = loops.play

    def play_and_spoil(move: Any, state: Any, draw: Any, game: Any) -> Any:
        outcome = play(move, state, draw, game)
        if state.clock.iteration == 3 and player in outcome.losses:
            spoiled.view(-1)[0] = wrong
        return outcome

    monkeypatch.setattr(loops, "play", play_and_spoil)
    health = Vitals(lambda iteration: False, every_iterations=100, every_seconds=None)
    try:
        loop.run([health])
        health.check()
    except NotFiniteError as error:
        found = first_offender(error, health, loop)
    assert (found.iteration, found.quantity) == (4, f"a buffer of {player}")


def test_an_earlier_move_is_named_where_a_later_one_complains(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The discriminator breaks, and the generator's loss is what finds it: within one iteration."""
    play = loops.play

    def play_poisoned(move: Any, state: Any, draw: Any, game: Any) -> Any:
        outcome = play(move, state, draw, game)
        if state.clock.iteration + 1 == 7 and "discriminator" in outcome.losses:
            state.parameters["discriminator"].gradient.mul_(float("inf"))
            state.optimisers["discriminator"].step()
        return outcome

    monkeypatch.setattr(loops, "play", play_poisoned)
    with pytest.raises(EquipoiseError, match="diverged in iteration 7: the gradient of discriminator is not finite"):
        train(experiment, tmp_path / "run", Settings(**QUIET))
