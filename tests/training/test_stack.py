"""Runs that are trained together end as each would alone, bit for bit, and each keeps its own state."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch

from equipoise.algorithms.gan import GAN
from equipoise.algorithms.penalties import Penalty
from equipoise.common.random import derived_seed
from equipoise.experiments.build import build_game, build_state
from equipoise.experiments.experiment import Experiment
from equipoise.recipes.coverage import points
from equipoise.recipes.digits import ebgan_digits, magan_digits
from equipoise.recipes.mode_regularised import gan_ring, mdgan_ring, reg_gan_ring
from equipoise.testing.toys import TOY_EXPERIMENTS
from equipoise.training import stacked_layers, stacked_state
from equipoise.training.game import Move
from equipoise.training.loop import Loop, Turn
from equipoise.training.stack import Stack, stackable
from equipoise.training.state import State, load_state_tensors, state_tensors

_PENALTIES = (Penalty("r1", 1.0), Penalty("r2", 0.5), Penalty("wgan-gp", 2.0))
RECIPES = {
    "magan": [replace(magan_digits(), seed=seed) for seed in (0, 5)],
    "ebgan with other margins": [replace(ebgan_digits(margin), seed=1) for margin in (10.0, 0.7)],
    "reg-gan": [replace(reg_gan_ring(), seed=seed) for seed in (0, 1, 2)],
    "mdgan": [replace(mdgan_ring(), seed=seed) for seed in (3, 1)],
    "r3gan": [replace(points(), seed=seed) for seed in (0, 4, 2)],
    "gan with r1 and r2": [
        replace(gan_ring(), seed=seed, algorithm=GAN(penalties=_PENALTIES, iterations=9)) for seed in (1, 2)
    ],
}


def loop_of(experiment: Experiment, iterations: int = 2) -> Loop:
    """A loop whose every stage has so many iterations."""
    algorithm = replace(experiment.algorithm, epochs=None, iterations=iterations)
    short = replace(experiment, algorithm=algorithm)
    game = build_game(short, short.data.load(None, short.seed))
    return Loop(game, build_state(short, game, torch.device("cpu")))


def numbers_of(turns: Sequence[Turn]) -> list[Any]:
    return [
        ([(name, float(value)) for name, value in turn.values.items()], [(name, float(v)) for name, v in turn.vitals])
        for turn in turns
    ]


def played_together(loops: Sequence[Loop], stack: Stack) -> list[list[Turn]]:
    turns: list[list[Turn]] = [[] for _ in loops]

    def work(number: int) -> None:
        stack.play(loops[number], (lambda state, turn: turns[number].append(turn),), lambda: False)

    stack.run([partial(work, number) for number in range(len(loops))])
    return turns


def played_alone(loop: Loop) -> list[Turn]:
    turns: list[Turn] = []
    loop.run((lambda state, turn: turns.append(turn),))
    return turns


def assert_same_bits(one: State, other: State) -> None:
    ours, theirs = state_tensors(one), state_tensors(other)
    assert list(ours) == list(theirs)
    assert [name for name, value in theirs.items() if not torch.equal(value, ours[name])] == []
    assert one.clock == other.clock


@pytest.mark.parametrize("name", RECIPES)
def test_each_run_ends_as_it_would_alone(name: str) -> None:
    stack, together = Stack(), [loop_of(each) for each in RECIPES[name]]
    turns = played_together(together, stack)
    assert not stack._refused
    assert stack._proven
    for loop, found, experiment in zip(together, turns, RECIPES[name], strict=True):
        alone = loop_of(experiment)
        assert numbers_of(found) == numbers_of(played_alone(alone))
        assert_same_bits(loop.state, alone.state)


@pytest.mark.parametrize("how", ["refused shapes", "refused move"])
def test_what_cannot_be_stacked_is_played_run_by_run(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    experiments = RECIPES["ebgan with other margins"]
    if how == "refused shapes":
        monkeypatch.setattr(stacked_layers, "_round_alike", lambda *words: False)
    together, stack = [loop_of(each) for each in experiments], Stack()
    if how == "refused move":
        step = stacked_state.StackedState._step

        def failing(self: Any, outcome: Any) -> None:
            step(self, outcome)
            if "generator" in outcome.losses:
                raise RuntimeError("after the first player has stepped")

        monkeypatch.setattr(stacked_state.StackedState, "_step", failing)
    played_together(together, stack)
    assert stack._refused == (how == "refused move")
    for loop, experiment in zip(together, experiments, strict=True):
        alone = loop_of(experiment)
        played_alone(alone)
        assert_same_bits(loop.state, alone.state)


def test_a_run_that_is_behind_catches_up_and_one_that_fails_stops_no_other() -> None:
    experiments = [replace(ebgan_digits(), seed=seed) for seed in range(3)]
    ahead, behind, failing = (loop_of(each, 5) for each in experiments)
    ahead.iterate()
    stack, sizes = Stack(), []

    def fail(state: State, turn: Turn) -> None:
        sizes.append([len(each.loops) for each in stack._stacked])
        if turn.iteration == 3:
            raise ValueError("this run alone")

    def play(loop: Loop, *observers: Any) -> None:
        stack.play(loop, observers, lambda: False)

    with pytest.raises(ValueError, match="this run alone"):
        stack.run([lambda: play(ahead), lambda: play(failing, fail), lambda: play(behind)])
    assert sizes == [[2], [3], [3]]
    assert [len(each.loops) for each in stack._stacked] == [2]
    for loop, experiment in ((ahead, experiments[0]), (behind, experiments[1])):
        alone = loop_of(experiment, 5)
        played_alone(alone)
        assert_same_bits(loop.state, alone.state)


def test_moments_from_a_checkpoint_are_taken_over() -> None:
    experiments = [replace(mdgan_ring(), seed=seed) for seed in range(2)]
    loops, stack = [loop_of(each, 4) for each in experiments], Stack()

    def play(loop: Loop, last: int) -> None:
        stack.play(loop, (), lambda: loop.state.clock.iteration >= last)

    stack.run([partial(play, loop, 2) for loop in loops])
    for loop in loops:
        load_state_tensors(loop.state, {name: value.clone() for name, value in state_tensors(loop.state).items()})
    before = stack._stacked[0]
    stack.run([partial(play, loop, 4) for loop in loops])
    assert stack._stacked[0] is not before
    for loop, experiment in zip(loops, experiments, strict=True):
        alone = loop_of(experiment, 4)
        played_alone(alone)
        assert_same_bits(loop.state, alone.state)


def test_which_networks_can_be_stacked() -> None:
    def of(name: str) -> bool:
        return stackable(loop_of(TOY_EXPERIMENTS[name]()).state.players.values())

    assert of("magan")
    assert not of("dcgan")  # convolutions, and batch normalisation


def test_a_move_that_draws_by_itself_is_refused() -> None:
    experiment = ebgan_digits()
    loops = [loop_of(replace(experiment, seed=seed), 1) for seed in range(2)]
    for loop in loops:
        (stage,) = loop._stages
        first = stage.moves[0]

        def play(players: Any, memory: Any, draw: Any, first: Move = first) -> Any:
            derived_seed(draw.seed, "a purpose of its own")
            return first.play(players, memory, draw)

        loop._stages = (replace(stage, moves=(replace(first, play=play), *stage.moves[1:])),)
    stack = Stack()
    played_together(loops, stack)
    assert stack._refused
