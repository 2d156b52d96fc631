"""The loop plays stages, repeats and epochs as they are described."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest
import torch
from torch import Tensor, nn

from equipoise.common.errors import EquipoiseError
from equipoise.training.average import Average, start_average
from equipoise.training.draw import Draw, Latent
from equipoise.training.game import Algorithm, Move, Outcome, Stage
from equipoise.training.loop import Game, Loop, Turn
from equipoise.training.optimisers import SGD, Optimiser
from equipoise.training.schedules import LinearDecay
from equipoise.training.state import State


class Numbers:
    """Eleven real items: the numbers 0 to 10."""

    def __len__(self) -> int:
        return 11

    def batch(self, indices: Tensor) -> Tensor:
        return indices.double().unsqueeze(1)


@dataclass(frozen=True, kw_only=True)
class Watched(Algorithm):
    """An algorithm that writes down what it was dealt."""

    parts: tuple[Stage, ...]

    @property
    def players(self) -> tuple[str, ...]:
        return ("one", "two")

    def stages(self) -> tuple[Stage, ...]:
        return self.parts


@dataclass
class Diary:
    seen: list[tuple[str, tuple[float, ...], float]] = field(default_factory=list)

    def move(self, name: str, trains: tuple[str, ...] = (), **options: int) -> Move:
        def look(players: Mapping[str, nn.Module], memory: nn.Module, draw: Draw) -> Outcome:
            self.seen.append((name, tuple(draw.real.flatten().tolist()), float(draw.latent().sum())))
            return Outcome({player: players[player](draw.real).mean() for player in trains})

        return Move(name, look, trains, **options)  # type: ignore[arg-type]


LONG = {"iterations": 100}


def loop_of(
    stages: tuple[Stage, ...],
    lr: Mapping[str, Optimiser] | None = None,
    length: Mapping[str, int] = LONG,
    **options: object,
) -> Loop:
    torch.manual_seed(0)
    players = nn.ModuleDict({name: nn.Linear(1, 1).double() for name in ("one", "two")})
    optimisers = lr or {name: SGD(lr=0.1) for name in players}
    game = Game(Watched(parts=stages, **length), Numbers(), 3, Latent(2), 0, optimisers, **options)  # type: ignore[arg-type]
    averages = nn.ModuleDict({average.player: start_average(players[average.player]) for average in game.averages})
    return Loop(game, State(players, optimisers, nn.Module(), averages))


def test_each_fresh_move_takes_the_next_batch_and_others_see_it_again() -> None:
    diary = Diary()
    moves = (diary.move("critic", repeats=2), diary.move("generator", fresh=False), diary.move("third"))
    loop = loop_of((Stage("only", moves, iterations=2),))
    loop.run()
    names = [name for name, _, _ in diary.seen]
    batches = [batch for _, batch, _ in diary.seen]
    assert names == ["critic", "critic", "generator", "third"] * 2
    assert batches[1] == batches[2]
    assert len({batches[i] for i in (0, 1, 3, 4, 5, 7)}) == 6
    first_pass = batches[0] + batches[1] + batches[3]
    assert len(set(first_pass)) == 9
    assert loop.state.clock.batches == 6


def test_a_move_that_comes_first_without_a_fresh_batch_sees_the_one_to_come() -> None:
    diary = Diary()
    moves = (diary.move("generator", fresh=False), diary.move("critic"))
    loop_of((Stage("only", moves, iterations=1),)).run()
    assert diary.seen[0][1] == diary.seen[1][1]


def test_every_play_has_noise_of_its_own() -> None:
    diary = Diary()
    moves = (diary.move("critic", repeats=3), diary.move("generator", fresh=False))
    loop_of((Stage("a", moves, iterations=4), Stage("b", moves, iterations=4))).run()
    assert len({noise for _, _, noise in diary.seen}) == len(diary.seen) == 32


def test_epochs_close_after_whole_passes_and_stages_follow_each_other() -> None:
    diary, closed = Diary(), []

    def close(memory: nn.Module) -> dict[str, Tensor]:
        closed.append(len(diary.seen))
        return {"closed": torch.tensor(1.0)}

    stages = (
        Stage("none", (diary.move("never"),), epochs=0),
        Stage("first", (diary.move("a"),), epochs=2, close_epoch=close),
        Stage("second", (diary.move("b", repeats=2),), iterations=3, close_epoch=close),
    )
    loop, turns = loop_of(stages), []
    loop.run([lambda state, turn: turns.append(turn)])
    assert [(turn.stage, turn.epoch, turn.iteration) for turn in turns] == [
        *(("first", n // 3, n + 1) for n in range(6)),
        *(("second", n, 7 + n) for n in range(3)),
    ]
    assert closed == [3, 6, 8, 10, 12]
    assert [turn.epoch_values is not None for turn in turns] == [
        False,
        False,
        True,
        False,
        False,
        True,
        True,
        True,
        True,
    ]
    assert loop.finished
    assert loop.game.total_iterations == 9


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        ({"iterations": 2}, {"prepare": 2, "measure": 2, "adversarial": 2}),
        ({"iterations": 4}, {"prepare": 4, "measure": 3, "adversarial": 4}),
        ({"epochs": 1}, {"prepare": 3, "measure": 3, "adversarial": 3}),
        ({"epochs": 9}, {"prepare": 6, "measure": 3, "adversarial": 27}),
    ],
)
def test_no_stage_is_longer_than_the_algorithm_and_the_epoch_that_is_cut_short_closes(
    length: dict[str, int], expected: dict[str, int]
) -> None:
    diary = Diary()
    closed: list[tuple[str, int]] = []

    def close(name: str) -> Callable[[nn.Module], dict[str, Tensor]]:
        def note(memory: nn.Module) -> dict[str, Tensor]:
            closed.append((name, len(diary.seen)))
            return {}

        return note

    stages = (
        Stage("prepare", (diary.move("prepare"),), epochs=2, close_epoch=close("prepare")),
        Stage("measure", (diary.move("measure"),), epochs=1, close_epoch=close("measure")),
        Stage("adversarial", (diary.move("adversarial"),), **length),
    )
    loop = loop_of(stages, length=length)
    loop.run()
    names = [name for name, _, _ in diary.seen]
    assert {name: names.count(name) for name in expected} == expected
    assert loop.game.total_iterations == len(names)
    prepared, measured = expected["prepare"], expected["prepare"] + expected["measure"]
    assert ("prepare", prepared) in closed
    assert [at for name, at in closed if name == "measure"] == [measured]


def test_two_players_step_from_the_same_parameters() -> None:
    """One move for both: the second player's gradient must not see the first player's step."""

    def both(players: Mapping[str, nn.Module], memory: nn.Module, draw: Draw) -> Outcome:
        product = (players["one"](draw.real) * players["two"](draw.real)).mean()
        return Outcome({"one": product, "two": -product})

    loop = loop_of((Stage("only", (Move("both", both, ("one", "two")),), iterations=1),))
    before = {name: p.detach().clone() for name, p in loop.state.players.named_parameters()}
    real = loop.game.source.batch(torch.randperm(11, generator=_order_stream())[:3])
    loop.run()
    one = before["one.weight"] * real + before["one.bias"]
    two = before["two.weight"] * real + before["two.bias"]
    expected = {
        "one.weight": before["one.weight"] - 0.1 * (two * real).mean(),
        "one.bias": before["one.bias"] - 0.1 * two.mean(),
        "two.weight": before["two.weight"] + 0.1 * (one * real).mean(),
        "two.bias": before["two.bias"] + 0.1 * one.mean(),
    }
    for name, parameter in loop.state.players.named_parameters():
        torch.testing.assert_close(parameter.detach(), expected[name].reshape(parameter.shape), rtol=1e-12, atol=1e-12)


def test_the_learning_rate_follows_its_schedule() -> None:
    lr = {"one": SGD(lr=0.1, schedule=LinearDecay(end=4)), "two": SGD(lr=0.1)}
    loop = loop_of((Stage("only", (Diary().move("m", ("one", "two")),), iterations=4),), lr)
    seen: list[float] = []
    loop.run([lambda state, turn: seen.append(state.optimisers["one"].param_groups[0]["lr"])])
    assert seen == pytest.approx([0.1, 0.075, 0.05, 0.025])
    assert loop.state.optimisers["two"].param_groups[0]["lr"] == 0.1


def test_the_average_is_exponential() -> None:
    average = Average(half_life_images=3, player="one")
    loop = loop_of((Stage("only", (Diary().move("m", ("one", "two")),), iterations=3),), averages=(average,))
    expected = [loop.state.players["one"].bias.detach().clone()]

    def follow(state: State, turn: Turn) -> None:
        expected.append(0.5 * expected[-1] + 0.5 * state.players["one"].bias.detach())

    loop.run([follow])
    torch.testing.assert_close(loop.state.averages["one"].bias, expected[-1])
    assert not torch.equal(loop.state.averages["one"].bias, loop.state.players["one"].bias)


def test_a_move_that_breaks_its_word_is_named() -> None:
    def silent(players: Mapping[str, nn.Module], memory: nn.Module, draw: Draw) -> Outcome:
        return Outcome({})

    loop = loop_of((Stage("only", (Move("promising", silent, ("one",)),), iterations=1),))
    with pytest.raises(ValueError, match="move promising trains"):
        loop.run()


@pytest.mark.parametrize("size", [0, 12])
def test_a_batch_must_fit_the_data(size: int) -> None:
    with pytest.raises(EquipoiseError, match="between 1 and the 11 items"):
        Game(Watched(epochs=1, parts=()), Numbers(), size, Latent(2), 0, {})


def test_a_stage_has_one_length() -> None:
    with pytest.raises(ValueError, match="either epochs or iterations"):
        Stage("both", (), epochs=1, iterations=1)


def _order_stream() -> torch.Generator:
    from equipoise.common.random import stream

    return stream(0, "order", 0)


@pytest.mark.parametrize(("batch_size", "offered"), [(0, 8), (12, 8), (10**9, 8)])
def test_a_batch_that_does_not_fit_the_data_offers_one_that_does(batch_size: int, offered: int) -> None:
    with pytest.raises(
        EquipoiseError, match=rf"1 and the 11 items .*, got {batch_size}; .* --set batch_size={offered},"
    ):
        Game(Watched(iterations=1, parts=()), Numbers(), batch_size, Latent(2), 0, {})
