"""What is no longer finite is seen within the logging interval, and the first of it is named."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import cast

import pytest
import torch
from torch import Tensor, nn

from equipoise.common.checks import NotFiniteError, check_no_nan
from equipoise.losses.adversarial import hinge_generator_loss
from equipoise.runs.session import first_offender
from equipoise.runs.vitals import Diverged, Vitals
from equipoise.training.draw import Draw, Latent
from equipoise.training.game import Algorithm, Move, Outcome, Stage
from equipoise.training.loop import Game, Loop, Turn
from equipoise.training.optimisers import SGD, Adam
from equipoise.training.state import State


class Numbers:
    def __len__(self) -> int:
        return 4

    def batch(self, indices: Tensor) -> Tensor:
        return indices.double().unsqueeze(1)


@dataclass(frozen=True, kw_only=True)
class Breaking(Algorithm):
    """Its loss turns into what `break_loss` makes of it in the play numbered `at`."""

    at: int
    kind: str

    @property
    def players(self) -> tuple[str, ...]:
        return ("one",)

    def stages(self) -> tuple[Stage, ...]:
        return (Stage("only", (Move("move", self._move, ("one",)),), iterations=self.iterations),)

    def _move(self, players: Mapping[str, nn.Module], memory: nn.Module, draw: Draw) -> Outcome:
        output = players["one"](draw.real).square().mean()
        if draw.position == self.at:
            output = BREAKS[self.kind](output)
        return Outcome({"one": output})


BREAKS = {
    "loss": lambda value: value * float("nan"),
    "infinite loss": lambda value: value + float("inf"),
    "gradient": lambda value: value + (value * 0).sqrt(),
    "parameter": lambda value: value * 1e300,
}


def loop_of(kind: str, at: int, iterations: int = 20, lr: float = 1e-3) -> Loop:
    player = nn.Linear(1, 1).double()
    nn.init.constant_(player.weight, 1e10 if kind == "parameter" else 1.0)
    game = Game(Breaking(iterations=iterations, at=at, kind=kind), Numbers(), 2, Latent(1), 0, {"one": SGD(lr=lr)})
    players = nn.ModuleDict({"one": player})
    return Loop(game, State(players, {"one": SGD(lr=lr)}, nn.Module()))


@pytest.mark.parametrize(
    ("kind", "quantity"),
    [
        ("loss", "the loss of one"),
        ("infinite loss", "the loss of one"),
        ("gradient", "the gradient of one"),
    ],
)
def test_the_first_offender_is_named(kind: str, quantity: str) -> None:
    loop = loop_of(kind, at=6)
    with pytest.raises(Diverged, match=f"{quantity} is not finite") as caught:
        loop.run([Vitals(lambda iteration: False, every_iterations=10, every_seconds=None)])
    assert (caught.value.iteration, caught.value.quantity) == (7, quantity)
    assert loop.state.clock.iteration == 10, "seen when the vital signs were read, not later"


def test_a_step_that_overflows_is_named_as_a_parameter() -> None:
    loop = loop_of("parameter", at=2, lr=1e10)
    loop.state.optimisers["one"].param_groups[0]["lr"] = 1e10
    with pytest.raises(Diverged) as caught:
        loop.run([Vitals(lambda iteration: False, every_iterations=1)])
    assert caught.value.quantity in ("a parameter of one", "the gradient of one", "the loss of one")
    assert caught.value.iteration <= 3


def test_a_healthy_run_is_left_alone() -> None:
    loop = loop_of("loss", at=99)
    health = Vitals(lambda iteration: iteration % 7 == 0)
    loop.run([health])
    health.check()
    assert loop.finished


def test_it_must_be_read_when_it_is_due() -> None:
    loop = loop_of("loss", at=3)
    with pytest.raises(Diverged):
        loop.run([Vitals(lambda iteration: iteration == 5, every_iterations=1000, every_seconds=None)])
    assert loop.state.clock.iteration == 5


def test_what_was_forgotten_is_not_held_against_the_run() -> None:
    health = Vitals(lambda iteration: False, every_seconds=None)
    state = State(nn.ModuleDict(), {}, nn.Module())
    health(state, Turn("a", 0, 1, {}, None, [("the loss of one", torch.tensor(float("nan")))]))
    health.forget()
    health.check()
    health(state, Turn("a", 0, 2, {}, None, [("the loss of one", torch.tensor(float("-inf")))]))
    with pytest.raises(Diverged):
        health.check()


def test_each_rollback_halves_the_learning_rate() -> None:
    loop = loop_of("loss", at=99)
    loop.state.clock.rollbacks = 2
    loop.iterate()
    assert loop.state.optimisers["one"].param_groups[0]["lr"] == 0.25e-3


class Remembering(nn.Module):
    """One linear layer, and a buffer that its forward pass spoils on the seventh call."""

    def __init__(self, wrong: float) -> None:
        super().__init__()
        self.inner, self.wrong, self.calls = nn.Linear(1, 1).double(), wrong, 0
        self.register_buffer("running", torch.zeros(3, dtype=torch.float64))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))

    def forward(self, values: Tensor) -> Tensor:
        self.calls += 1
        if self.calls == 7:
            self.get_buffer("running")[1] = self.wrong
        output: Tensor = self.inner(values)
        return output


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), float("-inf")])
def test_a_buffer_that_no_loss_reads_is_seen(wrong: float) -> None:
    """As a running statistic, which training mode never reads: every loss stays finite."""
    game = Game(Breaking(iterations=20, at=99, kind="loss"), Numbers(), 2, Latent(1), 0, {"one": SGD(lr=1e-3)})
    loop = Loop(game, State(nn.ModuleDict({"one": Remembering(wrong)}), {"one": SGD(lr=1e-3)}, nn.Module()))
    with pytest.raises(Diverged) as caught:
        loop.run([Vitals(lambda iteration: False, every_iterations=10, every_seconds=None)])
    assert (caught.value.iteration, caught.value.quantity) == (7, "a buffer of one")


def test_a_moment_that_overflows_is_seen() -> None:
    """A gradient of 1e200 is finite and its square is not: the parameter would never move again, in silence."""
    player = nn.Linear(1, 1).double()
    game = Game(Breaking(iterations=20, at=99, kind="loss"), Numbers(), 2, Latent(1), 0, {"one": Adam(lr=1e-3)})
    loop = Loop(game, State(nn.ModuleDict({"one": player}), {"one": Adam(lr=1e-3)}, nn.Module()))
    health = Vitals(lambda iteration: False, every_iterations=4, every_seconds=None)
    for _ in range(3):
        health(loop.state, loop.iterate())
    loop.state.parameters["one"].gradient.fill_(1e200)
    loop.state.optimisers["one"].step()
    with pytest.raises(Diverged, match="a moment of the optimiser of one is not finite"):
        health(loop.state, loop.iterate())


@pytest.mark.parametrize(
    ("break_it", "quantity"),
    [
        (lambda: check_no_nan("real scores", torch.tensor([math.nan])), "real scores"),
        (lambda: hinge_generator_loss(torch.tensor([math.nan, 1.0])), "fake_scores"),
        (lambda: raise_(NotFiniteError("the sum of mine is too large.")), "a loss"),
    ],
)
def test_an_error_says_itself_what_is_not_finite(break_it: Callable[[], None], quantity: str) -> None:
    loop = SimpleNamespace(state=SimpleNamespace(clock=SimpleNamespace(iteration=6)), under_way=())
    with pytest.raises(NotFiniteError) as caught:
        break_it()
    found = first_offender(caught.value, Vitals(lambda iteration: False), cast(Loop, loop))
    assert (found.iteration, found.quantity) == (7, quantity)
    assert str(found) == f"{quantity} is not finite."


def raise_(error: Exception) -> None:
    raise error
