"""The states of several runs as parts of stacked tensors, and the moves of a game on all of them at once."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import torch
from torch import Tensor, nn

from equipoise.common.hidden_dimension import HiddenDimension
from equipoise.training.draw import Buffers, Draw, Request
from equipoise.training.game import Move, Outcome
from equipoise.training.graphs import Deal, Found
from equipoise.training.loop import Loop, note
from equipoise.training.parameters import write_parts
from equipoise.training.stacked_layers import stacked_network


class StackedState:
    """The tensors of several runs in one each, and the moves on them.

    Attributes:
        loops: of the runs, whose states' tensors are parts of the stacked ones from here on.
    """

    def __init__(self, loops: list[Loop]):
        self.loops = loops
        first = loops[0].state
        self._players = {name: _Player(name, loops) for name in first.players}
        self._modules = {name: player.module for name, player in self._players.items()}
        self._memory = copy.deepcopy(first.memory)
        self._buffers = {name: self._share_buffer(name) for name, _ in first.memory.named_buffers()}

    def holds(self) -> bool:
        """Whether the runs' optimisers still keep their moments here: a checkpoint brings others."""
        return all(player.holds() for player in self._players.values())

    def play(self, deals: Sequence[Sequence[Deal]]) -> list[Found]:
        """One iteration of every run, given what chance deals to each. Returns: what each found."""
        found = Found()
        for plays in zip(*deals, strict=True):
            move, draws = plays[0][0], [draw for _, draw in plays]
            for name, player in self._players.items():
                player.require_gradients(name in move.trains)
            outcome = self._outcome(move, draws)
            self._step(outcome)
            note(found, outcome, self._players, {})
        return _parted(found, len(self.loops))

    def _outcome(self, move: Move, draws: Sequence[Draw]) -> Outcome:
        """What the move finds, each loss and measure as [runs]."""
        with HiddenDimension(len(draws)) as hidden:
            shown = {name: hidden.show(buffer) for name, buffer in self._buffers.items()}
            for name, buffer in shown.items():
                _set_buffer(self._memory, name, buffer)
            dealt = _Dealt(draws, hidden)
            real = hidden.show(torch.stack([draw.real for draw in draws]))
            draw = replace(draws[0], real=real, seed=cast(int, _Unreadable()), buffers=cast(Buffers, dealt))
            outcome = move.play(self._modules, self._memory, draw)
            if any(self._memory.get_buffer(name) is not buffer for name, buffer in shown.items()):
                raise ValueError("the algorithm's memory replaces its buffers; stacked runs share them.")
            losses = {name: hidden.reveal(loss) for name, loss in outcome.losses.items()}
            return Outcome(losses, {name: hidden.reveal(each.detach()) for name, each in outcome.measures.items()})

    def _step(self, outcome: Outcome) -> None:
        """Every trained player's gradient first, from the same parameters; then all step."""
        keep = len(outcome.losses) > 1
        for name, loss in outcome.losses.items():
            self._players[name].find_gradient(loss, keep)
        for name in outcome.losses:
            self._players[name].step()

    def _share_buffer(self, name: str) -> Tensor:
        """The runs' buffers of this name as one, of which theirs become parts."""
        memories = [loop.state.memory for loop in self.loops]
        stacked = torch.stack([memory.get_buffer(name) for memory in memories])
        for memory, part in zip(memories, stacked, strict=True):
            _set_buffer(memory, name, part)
        return stacked


class _Player:
    """One player of every run: their parameters as parts of one tensor, the network on it, and its optimiser.

    Attributes:
        module: the network, for tensors with the hidden dimension.
        values, gradient: [runs, entries].
    """

    def __init__(self, name: str, loops: Sequence[Loop]):
        vectors = [loop.state.parameters[name] for loop in loops]
        self.gradient = vectors[0].gradient.new_empty(len(vectors), len(vectors[0].gradient))
        self.values = nn.Parameter(torch.empty_like(self.gradient))
        self.values.grad = self.gradient
        for vector, values, gradient in zip(vectors, self.values.detach(), self.gradient, strict=True):
            vector.lie_in(values, gradient)
        self._parameters = vectors[0].views_of_each(self.values.detach())
        self._gradient_views = vectors[0].views_of_each(self.gradient)
        self.module = stacked_network(loops[0].state.players[name], list(vectors[0]), self._parameters)
        self._optimiser = loops[0].game.optimisers[name].build([self.values])
        self._theirs = [loop.state.optimisers[name] for loop in loops]
        self._keys = [vector.values for vector in vectors]
        self._handed: list[dict[str, Any]] = []
        self._take_over()

    def holds(self) -> bool:
        """Whether the runs' optimisers have what was handed to them, or nothing yet."""
        now = [optimiser.state.get(key, {}) for optimiser, key in zip(self._theirs, self._keys, strict=True)]
        return all(a is b for a, b in zip(now, self._handed, strict=True)) if self._handed else not any(now)

    def require_gradients(self, wanted: bool) -> None:
        """Whether the parameters ask for gradients from now on."""
        for parameter in self._parameters:
            parameter.requires_grad_(wanted)

    def find_gradient(self, loss: Tensor, keep: bool) -> None:
        """Each run's gradient of its own loss; `loss` is [runs]."""
        found = torch.autograd.grad(loss.sum(), self._parameters, retain_graph=keep, allow_unused=True)
        write_parts(self.gradient, self._gradient_views, found)

    def step(self) -> None:
        """One step of every run's optimiser, at the rates of the first: all have the same."""
        for mine, theirs in zip(self._optimiser.param_groups, self._theirs[0].param_groups, strict=True):
            mine.update({name: value for name, value in theirs.items() if name != "params"})
        self._optimiser.step()
        if not self._handed:
            self._hand_out()

    def _take_over(self) -> None:
        """Begin with the moments that the runs' optimisers keep, where they have any."""
        kept = [optimiser.state.get(key) for optimiser, key in zip(self._theirs, self._keys, strict=True)]
        if kept[0]:
            self._optimiser.state[self.values] = {
                name: torch.stack([each[name] for each in kept if each]) if value.ndim else value.clone()
                for name, value in kept[0].items()
            }
            self._hand_out()

    def _hand_out(self) -> None:
        """Let each run's optimiser keep its part of the moments; the count of steps is the same for all."""
        state = self._optimiser.state[self.values]
        for number, (optimiser, key) in enumerate(zip(self._theirs, self._keys, strict=True)):
            part = {name: value[number] if value.ndim else value for name, value in state.items()}
            optimiser.state[key] = part
            self._handed.append(part)


@dataclass(frozen=True)
class _Dealt:
    """The noise of all runs, dealt to each at its own address: what a stacked draw takes its noise from."""

    draws: Sequence[Draw]
    hidden: HiddenDimension

    def find(self, request: Request) -> Tensor:
        """The noise of this request, with the hidden dimension."""
        return self.hidden.show(torch.stack([draw.deal(request) for draw in self.draws]))


class _Unreadable:
    """In the place of a seed: a move that draws by itself cannot be stacked."""

    def __format__(self, spec: str) -> str:
        raise TypeError("a stacked move has no seed of its own; take random numbers from the draw.")


def _parted(found: Found, runs: int) -> list[Found]:
    """What each run found, of tensors [runs]."""
    values = {name: value.unbind() for name, value in found.values.items()}
    vitals = [(name, value.unbind()) for name, value in found.vitals]
    return [
        Found({name: each[run] for name, each in values.items()}, [(name, each[run]) for name, each in vitals])
        for run in range(runs)
    ]


def _set_buffer(module: nn.Module, name: str, value: Tensor) -> None:
    place, _, last = name.rpartition(".")
    module.get_submodule(place)._buffers[last] = value
