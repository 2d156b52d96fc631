"""The training loop: it executes moves and stages, whatever the algorithm."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Protocol

import torch
from torch import Tensor, nn

from equipoise.common.errors import EquipoiseError
from equipoise.common.largest import largest_size
from equipoise.common.random import Reseedable, stream
from equipoise.common.transfer import send
from equipoise.kernels.fast_convolutions import fast_convolutions
from equipoise.training.ahead import Ahead
from equipoise.training.average import Average, update_average
from equipoise.training.distributed import sum_over_processes
from equipoise.training.draw import Draw, Latent, Shard
from equipoise.training.game import Algorithm, Move, Outcome, Stage
from equipoise.training.graphs import Deal, Found, RecordedIterations, Recording, device_of, refusal
from equipoise.training.optimisers import Optimiser
from equipoise.training.order import Order
from equipoise.training.precision import Precision, autocast_of
from equipoise.training.schedules import courses
from equipoise.training.state import State

_USUAL_BATCH = 64


class Source(Protocol):
    """Real data on the training device, drawn by index."""

    def __len__(self) -> int:
        """The number of items."""

    def batch(self, indices: Tensor) -> Tensor:
        """The items at `indices` [batch], as floating-point numbers [batch, ...]."""


class Constraint(Protocol):
    """What limits a player's weights; called after each of the player's optimiser steps."""

    def after_step(self, module: nn.Module) -> None:
        """Clip the weights, or advance the spectral vectors."""


@dataclass(frozen=True)
class Game:
    """The fixed part of a run: the algorithm, the data, and the addresses of all random numbers.

    Attributes:
        algorithm: lays out the stages.
        source: the real data.
        batch_size: of the whole batch, over all processes.
        prior: the generator's latent distribution.
        seed: the seed of all random numbers.
        optimisers: the settings, by player.
        constraints: by player, for those that have one.
        averages: the moving averages to keep.
        shard: this process's part of every batch.
        precision: what the players compute in.
        labels: each item's class, int64 [items] on the training device, for players that are told; or None.
    """

    algorithm: Algorithm
    source: Source
    batch_size: int
    prior: Latent
    seed: int
    optimisers: Mapping[str, Optimiser]
    constraints: Mapping[str, Constraint] = field(default_factory=dict)
    averages: Sequence[Average] = ()
    shard: Shard = Shard()
    precision: Precision = "float32"
    labels: Tensor | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.batch_size <= len(self.source):
            count = len(self.source)
            fits = 1 << (min(count, _USUAL_BATCH).bit_length() - 1)
            raise EquipoiseError(
                f"batch_size must be between 1 and the {count} items of the data, got {self.batch_size}; "
                f"set another, as in --set batch_size={fits}, or give more data."
            )
        if self.batch_size % self.shard.size:
            raise EquipoiseError(
                f"batch_size {self.batch_size} cannot be split over {self.shard.size} processes evenly."
            )

    @property
    def batches_per_epoch(self) -> int:
        """Whole batches in one pass over the data; the incomplete rest is left out and differs from pass to pass."""
        return len(self.source) // self.batch_size

    def epoch_iterations(self, stage: Stage) -> int:
        """How many iterations of this stage make an epoch: at least 1."""
        return max(1, self.batches_per_epoch // max(1, stage.batches_per_iteration))

    def stage_iterations(self, stage: Stage) -> int:
        """The stage's length in iterations: its own, but no stage is longer than the algorithm's own length."""
        return min(self._iterations(stage, length) for length in (stage, self.algorithm))

    def _iterations(self, stage: Stage, length: Stage | Algorithm) -> int:
        """A length in epochs or iterations, as iterations of this stage."""
        whole = length.iterations
        return whole if whole is not None else (length.epochs or 0) * self.epoch_iterations(stage)

    @property
    def total_iterations(self) -> int:
        """The whole run's length in iterations."""
        return sum(self.stage_iterations(stage) for stage in self.algorithm.stages())


@dataclass(frozen=True)
class Turn:
    """The results of one iteration: its position, and 0-dimensional tensors on the device.

    `epoch_values` holds what the closing of an epoch returned, or None when no epoch closed. `vitals` are what must
    stay finite, in the order of computation: each loss, and the largest entry of each player's gradient, parameters and
    buffers.
    """

    stage: str
    epoch: int
    iteration: int
    values: dict[str, Tensor]
    epoch_values: dict[str, Tensor] | None
    vitals: Sequence[tuple[str, Tensor]] = ()


Observer = Callable[[State, Turn], None]
"""Told after every iteration; must not change what the run computes."""


class Loop:
    """Trains from the current state.

    `under_way` holds the vital signs of the iteration's moves so far: if a move fails, what went wrong before it.
    """

    def __init__(self, game: Game, state: State, recording: Recording | None = None):
        """`recording` plays whole iterations from a recording, as of a CUDA graph; see `why_not_record`."""
        self.game = game
        self.state = state
        self.under_way: list[tuple[str, Tensor]] = []
        self._stages = game.algorithm.stages()
        self._lengths = [(game.stage_iterations(stage), game.epoch_iterations(stage)) for stage in self._stages]
        self._order = Order(len(game.source), game.batch_size, game.seed)
        self._ahead = Ahead() if device_of(state).type == "cuda" else None
        self._reseedable = [
            (name, module) for name, module in state.players.named_modules() if isinstance(module, Reseedable)
        ]
        self._skip_finished_stages()
        self._recorded = None if recording is None else RecordedIterations(state, recording)

    def why_not_record(self) -> str | None:
        """Why this game's iterations cannot be recorded as CUDA graphs, in one sentence; None if they can."""
        if changing := _changing(self.game):
            return f"CUDA graphs cannot hold a {changing} that follows a schedule: this run continues without them."
        return refusal(self.state, bool(self._reseedable), self.game.shard.size)

    @property
    def finished(self) -> bool:
        """Whether every stage is finished."""
        return self.state.clock.stage >= len(self._stages)

    @property
    def unrecorded(self) -> list[Hashable]:
        """What was played so far without being recorded; nothing where no recording was asked for."""
        return [] if self._recorded is None else self._recorded.unrecorded

    def run(self, observers: Sequence[Observer] = (), until: Callable[[], bool] = lambda: False) -> None:
        """Iterate until the game is over or `until` says so, telling the observers after each iteration."""
        while not self.finished and not until():
            turn = self.iterate()
            for observer in observers:
                observer(self.state, turn)

    def iterate(self) -> Turn:
        """One iteration: every move of the current stage, its repeats included."""
        stage, deals, drawn = self.deal()
        found = self.play(deals) if self._recorded is None else self._recorded.play(stage, deals, self.play)
        return self.advance(stage, drawn, found)

    def deal(self) -> tuple[Stage, list[Deal], int]:
        """The next iteration's stage, its moves with what chance deals to each, and how many real batches they take."""
        game, clock, drawn = self.game, self.state.clock, 0
        stage = self._stages[clock.stage]
        set_rates(game, self.state)
        (real, labels), deals = self._real_batch(clock.batches), []
        for move in stage.moves:
            for repeat in range(move.repeats):
                if move.fresh:
                    real, labels = self._real_batch(clock.batches + drawn) if drawn else (real, labels)
                    drawn += 1
                address, position = f"{stage.name}/{move.name}", clock.stage_iteration * move.repeats + repeat
                chance = (game.batch_size, game.prior, game.seed, address, position, game.shard)
                draw = Draw(real, *chance, ahead=self._ahead, labels=labels)
                deals.append((move, draw))
        return stage, deals, drawn

    def play(self, deals: Sequence[Deal]) -> Found:
        """Make the moves."""
        found = Found()
        self.under_way = found.vitals
        for move, draw in deals:
            for name, module in self._reseedable:
                module.reseed(stream(draw.seed, f"{draw.address}/{name}", draw.position, draw.real.device))
            outcome = play(move, self.state, draw, self.game)
            note(found, outcome, self.state.parameters, self.state.buffers)
        return found

    def advance(self, stage: Stage, drawn: int, found: Found) -> Turn:
        """After an iteration of this stage has been played: let the averages follow, count it, and close the epoch.

        The averages are not part of what is recorded, since their decay changes.
        """
        clock = self.state.clock
        for average in self.game.averages:
            player, decay = self.state.players[average.player], average.decay(self.game.batch_size, clock.iteration)
            update_average(self.state.averages[average.player], player, decay)
        length, epoch_length = self._lengths[clock.stage]
        epoch = clock.stage_iteration // epoch_length
        clock.batches += drawn
        clock.iteration += 1
        clock.stage_iteration += 1
        cut_short = stage.epochs is not None and clock.stage_iteration == length
        closes = cut_short or clock.stage_iteration % epoch_length == 0
        epoch_values = stage.close_epoch(self.state.memory) if closes else None
        turn = Turn(stage.name, epoch, clock.iteration, found.values, epoch_values, found.vitals)
        self._skip_finished_stages()
        return turn

    def _skip_finished_stages(self) -> None:
        clock = self.state.clock
        while not self.finished and clock.stage_iteration >= self._lengths[clock.stage][0]:
            clock.stage += 1
            clock.stage_iteration = 0

    def _real_batch(self, number: int) -> tuple[Tensor, Tensor | None]:
        """This process's images, and their classes where the players are told."""
        indices, labels = self.game.shard.of(self._order.batch(number)), self.game.labels
        known = None if labels is None else labels.index_select(0, send(indices, labels.device))
        return self.game.source.batch(indices), known


def play(move: Move, state: State, draw: Draw, game: Game) -> Outcome:
    """One move: every named player's gradient first, from the same parameters; then everyone steps."""
    _train_only(state, move.trains)
    autocast = autocast_of(game.precision, draw.real.device)
    with autocast, fast_convolutions(chain.from_iterable(state.parameters.values())):
        outcome = move.play(dict(state.players.items()), state.memory, draw)
    if set(outcome.losses) != set(move.trains):
        raise ValueError(f"move {move.name} trains {sorted(move.trains)} but returned {sorted(outcome.losses)}.")
    gradients = _gradients(outcome.losses, state)
    for name, values in gradients.items():
        parameters = state.parameters[name]
        parameters.write_gradients(values)
        sum_over_processes(parameters.gradient)  # the one place that reduces over processes
        state.optimisers[name].step()
        if name in game.constraints:
            game.constraints[name].after_step(state.players[name])
    return outcome


def _gradients(losses: Mapping[str, Tensor], state: State) -> dict[str, tuple[Tensor | None, ...]]:
    keep = len(losses) > 1
    return {
        name: torch.autograd.grad(loss, tuple(state.parameters[name]), retain_graph=keep, allow_unused=True)
        for name, loss in losses.items()
    }


def set_rates(game: Game, state: State) -> None:
    """Set each optimiser's learning rate and betas for the next iteration; a tensor is changed in place."""
    for name, optimiser in state.optimisers.items():
        settings = game.optimisers[name]
        rate = settings.lr * settings.schedule.factor(state.clock.iteration) * 0.5**state.clock.rollbacks
        for group in optimiser.param_groups:
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate
            if (betas := settings.betas_at(state.clock.iteration)) is not None:
                group["betas"] = betas


def _changing(game: Game) -> str:
    """What follows a schedule inside a recording, other than learning rates; empty if nothing does."""
    if any("beta2_schedule" in courses(each) for each in game.optimisers.values()):
        return "beta2"
    return next(iter(courses(game.algorithm)), "").removesuffix("_schedule")


class Trained(Protocol):
    """A player's parameters and their gradients: vectors, or [runs, entries] of several runs."""

    @property
    def values(self) -> Tensor:
        """The parameters."""

    @property
    def gradient(self) -> Tensor:
        """Their gradients."""


def note(
    found: Found, outcome: Outcome, players: Mapping[str, Trained], buffers: Mapping[str, Sequence[Tensor]]
) -> None:
    """Add to what an iteration found what a move found, whose players have stepped.

    Args:
        found: what the moves before it found.
        outcome: of the move; each loss and measure is 0-dimensional, or [runs] of several runs.
        players: of the same run, or runs, by name.
        buffers: of the networks, by the player's name.
    """
    found.values |= {f"{player}/loss": loss.detach() for player, loss in outcome.losses.items()}
    found.values |= {name: value.detach() for name, value in outcome.measures.items()}
    found.vitals += _vitals(outcome, players, buffers)


def _vitals(
    outcome: Outcome, players: Mapping[str, Trained], buffers: Mapping[str, Sequence[Tensor]]
) -> list[tuple[str, Tensor]]:
    """What must stay finite, in the order of computation; nothing is read from the device."""
    trained = {name: players[name] for name in outcome.losses}
    losses = [(f"the loss of {name}", loss.detach()) for name, loss in outcome.losses.items()]
    gradients = [(f"the gradient of {name}", largest_size(each.gradient)) for name, each in trained.items()]
    parameters = [(f"a parameter of {name}", largest_size(each.values)) for name, each in trained.items()]
    layers = [
        (f"a buffer of {name}", largest_size(torch.cat([each.reshape(-1) for each in buffers[name]])))
        for name in trained
        if buffers.get(name)
    ]
    return [*losses, *gradients, *parameters, *layers]


def _train_only(state: State, names: Sequence[str]) -> None:
    """From now on only the named players' parameters ask for gradients: nothing flows into the frozen ones."""
    for name, parameters in state.parameters.items():
        for parameter in parameters:
            parameter.requires_grad = name in names
