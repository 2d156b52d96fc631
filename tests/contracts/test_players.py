"""Player isolation: a move changes the players that it trains, and nobody else; measuring changes nobody."""

import torch

from equipoise.experiments.build import build_game, build_state
from equipoise.experiments.experiment import Experiment
from equipoise.training.draw import Draw
from equipoise.training.loop import Game, play
from equipoise.training.state import State

DEVICE = torch.device("cpu")


def snapshot(state: State) -> dict[str, dict[str, torch.Tensor]]:
    return {name: {k: v.clone() for k, v in player.state_dict().items()} for name, player in state.players.items()}


def changed_players(state: State, before: dict[str, dict[str, torch.Tensor]]) -> set[str]:
    now = snapshot(state)
    return {name for name in now if any(not torch.equal(now[name][key], before[name][key]) for key in now[name])}


def draw_for(game: Game, position: int = 0) -> Draw:
    real = game.source.batch(torch.arange(game.batch_size))
    return Draw(real, game.batch_size, game.prior, game.seed, "contract", position)


def reseed(state: State) -> None:
    from equipoise.common.random import Reseedable, stream

    for name, module in state.players.named_modules():
        if isinstance(module, Reseedable):
            module.reseed(stream(0, name))


def test_a_move_changes_only_the_players_that_it_trains(toy_experiment: Experiment) -> None:
    game = build_game(toy_experiment, toy_experiment.data.load())
    for stage in toy_experiment.algorithm.stages():
        for move in stage.moves:
            state = build_state(toy_experiment, game, DEVICE)
            reseed(state)
            before = snapshot(state)
            play(move, state, draw_for(game), game)
            assert changed_players(state, before) == set(move.trains), f"{stage.name}/{move.name}"


def test_a_move_reports_finite_scalars(toy_experiment: Experiment) -> None:
    game = build_game(toy_experiment, toy_experiment.data.load())
    for stage in toy_experiment.algorithm.stages():
        for move in stage.moves:
            state = build_state(toy_experiment, game, DEVICE)
            reseed(state)
            outcome = play(move, state, draw_for(game), game)
            assert set(outcome.losses) == set(move.trains)
            reported = outcome.losses | outcome.measures
            assert reported
            for name, value in reported.items():
                assert value.shape == (), name
                assert torch.isfinite(value), name


def test_the_table_covers_every_algorithm(toy_table: dict[str, Experiment]) -> None:
    from equipoise.experiments.catalogue import ALGORITHMS, find_kind

    covered = {find_kind("algorithm", experiment.algorithm) for experiment in toy_table.values()}
    assert covered == set(ALGORITHMS)
