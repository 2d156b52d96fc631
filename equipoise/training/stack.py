"""Runs that differ in their seed, played together: each product of matrices is one of stacked matrices.

A small network spends most of an iteration on calls, and little on arithmetic. Several runs of the same experiment make
the same calls; here one call serves them all. Their parameters lie one below the other in one vector [runs, entries],
and a move is played once, on tensors with a hidden leading dimension of runs, as `torch.func.vmap` has them. Every run
keeps its own state, whose tensors are parts of the stacked ones, and its own loop, log and checkpoints.
"""

import copy
import threading
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from typing import Any, Generic, TypeVar, cast

import torch
from torch import Tensor, nn
from torch._C import _functorch

from equipoise.common.random import Reseedable
from equipoise.training.draw import Buffers, Draw, Request
from equipoise.training.game import Move, Outcome, Stage
from equipoise.training.graphs import Deal, Found
from equipoise.training.loop import Loop, Observer, note
from equipoise.training.parameters import write_parts
from equipoise.training.state import State, load_state_tensors, state_tensors

Result = TypeVar("Result")


def stackable(networks: Iterable[nn.Module]) -> bool:
    """Whether networks can be stacked: every layer with numbers of its own is a plain linear one, and none draws."""
    layers = [layer for network in networks for layer in network.modules()]
    return all(type(layer) is nn.Linear or _has_no_numbers(layer) for layer in layers)


def _has_no_numbers(layer: nn.Module) -> bool:
    own = [*layer.parameters(recurse=False), *layer.buffers(recurse=False)]
    return not own and not isinstance(layer, Reseedable)


class Stack:
    """Runs that are trained together, each in a thread of its own of which one is awake at a time.

    A run sleeps while it iterates, and one thread plays the iterations of all. Runs that are behind, as after a resume
    or a rollback, play alone until they have caught up. All must be of one experiment but for the seed (and for what
    `Algorithm.shared` leaves out), each on one process, with `stackable` networks, and without constraints, averages or
    labels. A game that turns out not to be playable on stacked tensors is played run by run.
    """

    def __init__(self) -> None:
        self._awake = threading.Condition(threading.Lock())
        self._asleep: list[_Rider] = []
        self._running = 0
        self._stacked: list[_Stacked] = []
        self._proven: set[Hashable] = set()
        self._refused = False

    def run(self, works: Sequence[Callable[[], Result]]) -> list[Result]:
        """Do the works, each of which calls `play`. Returns: their results, in their order.

        Raises:
            BaseException: that of the first work that failed, after all have ended.
        """
        self._running = len(works)
        threads = [_Work(self._do, work) for work in works]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        return [each.result() for each in threads]

    def play(self, loop: Loop, observers: Sequence[Observer], until: Callable[[], bool]) -> None:
        """As `Loop.run`, together with the other runs of the stack; called from within a work."""
        rider = _Rider(loop, observers, until)
        self._asleep.append(rider)
        self._drive()
        self._awake.wait_for(lambda: rider.over)
        if rider.error is not None:
            raise rider.error

    def _do(self, work: Callable[[], Result]) -> Result:
        """Do one of the works while all others sleep."""
        with self._awake:
            try:
                return work()
            finally:
                self._running -= 1
                self._drive()

    def _drive(self) -> None:
        """Once all sleep, iterate until somebody has to be woken."""
        if not self._asleep or len(self._asleep) < self._running:
            return
        while not any(rider.ends() for rider in self._asleep):
            behind = min(rider.iteration for rider in self._asleep)
            due = sorted((each for each in self._asleep if each.iteration == behind), key=_Rider.place)
            for _, alike in groupby(due, key=_Rider.place):
                self._iterate(list(alike))
        self._asleep = [rider for rider in self._asleep if not rider.over]
        self._awake.notify_all()

    def _iterate(self, riders: "list[_Rider]") -> None:
        """One iteration of runs that are at the same place."""
        try:
            found = None if len(riders) == 1 or self._refused else self._played(riders)
        except Exception as error:
            for rider in riders:
                rider.over, rider.error = True, error
            return
        for number, rider in enumerate(riders):
            rider.iterate(None if found is None else found[number])

    def _played(self, riders: "list[_Rider]") -> list[Found] | None:
        """What an iteration on stacked tensors finds; None where it cannot be played on them: nothing has changed."""
        for rider in riders:
            rider.deal()
        sort = riders[0].sort
        kept = [] if sort in self._proven else [_copied(rider.loop.state) for rider in riders]
        try:
            found = self._stack_of([rider.loop for rider in riders]).play([rider.deals for rider in riders])
        except Exception:
            if sort in self._proven:
                raise
            for rider, tensors in zip(riders, kept, strict=True):
                load_state_tensors(rider.loop.state, tensors)
            self._refused = True
            return None
        self._proven.add(sort)
        return found

    def _stack_of(self, loops: list[Loop]) -> "_Stacked":
        """The stacked tensors of these runs, made anew where other runs are together or a checkpoint was loaded."""
        for known in self._stacked:
            if known.loops == loops and known.holds():
                return known
        self._stacked = [each for each in self._stacked if not set(each.loops) & set(loops)]
        self._stacked.append(_Stacked(loops))
        return self._stacked[-1]


class _Work(threading.Thread, Generic[Result]):
    """A work of a stack, in its thread; a daemon, so that a second Ctrl-C ends the process."""

    def __init__(self, do: Callable[[Callable[[], Result]], Result], work: Callable[[], Result]):
        super().__init__(daemon=True)
        self._do, self._work = do, work
        self._results: list[Result] = []
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._results.append(self._do(self._work))
        except BaseException as error:
            self._error = error

    def result(self) -> Result:
        if self._error is not None:
            raise self._error
        return self._results[0]


@dataclass(eq=False)
class _Rider:
    """A run that sleeps while it iterates.

    Attributes:
        over: whether it has to be woken, as its loop is over, or for the error.
    """

    loop: Loop
    observers: Sequence[Observer]
    until: Callable[[], bool]
    over: bool = False
    error: Exception | None = None
    _dealt: tuple[Stage, list[Deal], int] | None = None

    @property
    def iteration(self) -> int:
        return self.loop.state.clock.iteration

    def place(self) -> tuple[int, ...]:
        """Runs at the same place do the same work."""
        clock = self.loop.state.clock
        return clock.iteration, clock.stage, clock.stage_iteration, clock.rollbacks

    @property
    def deals(self) -> list[Deal]:
        return self.deal()[1]

    @property
    def sort(self) -> Hashable:
        """Of the work: what was played once can be played again."""
        stage, deals, _ = self.deal()
        return stage.name, *(move.variant(draw.position) for move, draw in deals)

    def ends(self) -> bool:
        """Whether it has to be woken now."""
        self.over = self.over or self.loop.finished or self.until()
        return self.over

    def deal(self) -> tuple[Stage, list[Deal], int]:
        """The next iteration, as its loop deals it."""
        self._dealt = self._dealt or self.loop.deal()
        return self._dealt

    def iterate(self, found: Found | None) -> None:
        """Take what the iteration found, or play it alone; then tell the observers."""
        try:
            stage, deals, drawn = self.deal()
            self._dealt = None
            turn = self.loop.advance(stage, drawn, self.loop.play(deals) if found is None else found)
            for observer in self.observers:
                observer(self.loop.state, turn)
        except Exception as error:
            self.over, self.error = True, error


def _copied(state: State) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in state_tensors(state).items()}


class _Stacked:
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
        self._requests: dict[str, dict[Request, None]] = {}

    def holds(self) -> bool:
        """Whether the runs' optimisers still keep their moments here: a checkpoint brings others."""
        return all(player.holds() for player in self._players.values())

    def play(self, deals: Sequence[Sequence[Deal]]) -> list[Found]:
        """One iteration of every run, given what chance deals to each. Returns: what each found."""
        found = [Found() for _ in self.loops]
        for plays in zip(*deals, strict=True):
            move, draws = plays[0][0], [draw for _, draw in plays]
            for name, player in self._players.items():
                player.require_gradients(name in move.trains)
            outcome = self._outcome(move, draws)
            self._step(outcome)
            self._note(outcome, found)
        return found

    def _outcome(self, move: Move, draws: Sequence[Draw]) -> Outcome:
        """What the move finds, each loss and measure as [runs]."""
        with _HiddenDimension(len(draws)) as hidden:
            shown = {name: hidden.show(buffer) for name, buffer in self._buffers.items()}
            for name, buffer in shown.items():
                _set_buffer(self._memory, name, buffer)
            dealt = _Dealt(draws, self._requests.setdefault(draws[0].address, {}), hidden)
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

    def _note(self, outcome: Outcome, found: Sequence[Found]) -> None:
        """To each run its own numbers, in the order of a run that plays alone."""
        losses = {name: loss.detach().unbind() for name, loss in outcome.losses.items()}
        measures = {name: value.unbind() for name, value in outcome.measures.items()}
        for number, (loop, each) in enumerate(zip(self.loops, found, strict=True)):
            own = Outcome(*({name: of_each[number] for name, of_each in kind.items()} for kind in (losses, measures)))
            note(each, own, loop.state)

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
        values, gradients: [runs, entries].
    """

    def __init__(self, name: str, loops: Sequence[Loop]):
        vectors = [loop.state.parameters[name] for loop in loops]
        self.values = nn.Parameter(torch.stack([vector.values.detach() for vector in vectors]))
        self.gradients = torch.stack([vector.gradient for vector in vectors])
        self.values.grad = self.gradients
        for vector, values, gradient in zip(vectors, self.values.detach(), self.gradients, strict=True):
            vector.lie_in(values, gradient)
        self._parameters = vectors[0].views_of_each(self.values.detach())
        self._gradient_views = vectors[0].views_of_each(self.gradients)
        self.module = _stacked_network(loops[0].state.players[name], list(vectors[0]), self._parameters)
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
        write_parts(self.gradients, self._gradient_views, found)

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


def _stacked_network(network: nn.Module, own: Sequence[nn.Parameter], stacked: Sequence[Tensor]) -> nn.Module:
    """A copy of the network, whose linear layers hold the stacked parameters; its other layers hold none."""
    theirs = dict(zip(map(id, own), stacked, strict=True))
    found: nn.Module = copy.deepcopy(network, {id(parameter): parameter for parameter in own})
    for name, layer in list(found.named_modules()):
        if isinstance(layer, nn.Linear):
            place, _, last = name.rpartition(".")
            bias = None if layer.bias is None else theirs[id(layer.bias)]
            setattr(found.get_submodule(place), last, _StackedLinear(theirs[id(layer.weight)], bias))
    return found


class _StackedLinear(nn.Module):
    """A linear layer of several runs, with hidden dimensions: its numbers are those of `nn.Linear`, bit for bit.

    `vmap` of `nn.Linear` would add the bias afterwards, and so round differently.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None):
        super().__init__()
        self._numbers = weight, bias

    def forward(self, values: Tensor) -> Tensor:
        """values: [batch, features]."""
        weight, bias = self._numbers
        batches = _HiddenDimension.revealed(values, len(weight))
        if _round_alike(batches.shape, weight.shape, bias is not None, weight.dtype, weight.device):
            return _HiddenDimension.shown(_linear(batches, weight, bias))
        biases = [None] * len(weight) if bias is None else bias.unbind()
        rows = zip(batches.unbind(), weight.unbind(), biases, strict=True)
        return _HiddenDimension.shown(torch.stack([nn.functional.linear(*each) for each in rows]))


def _linear(batches: Tensor, weights: Tensor, biases: Tensor | None) -> Tensor:
    """[runs, batch, features] and [runs, outputs, features] -> [runs, batch, outputs]."""
    if biases is None:
        return torch.bmm(batches, weights.transpose(1, 2))
    return torch.baddbmm(biases.unsqueeze(1), batches, weights.transpose(1, 2))


@cache
def _round_alike(
    batches: torch.Size, weights: torch.Size, biased: bool, dtype: torch.dtype, device: torch.device
) -> bool:
    """Whether products of these stacked shapes, and those of their gradients, round as one by one; found by trial.

    It depends on the library of matrix products, which adds up in an order that follows from the shapes.
    """
    chance = torch.Generator(device).manual_seed(0)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(shape, generator=chance, dtype=dtype, device=device)

    x, w, b, gradient = drawn(*batches), drawn(*weights), drawn(*weights[:2]), drawn(*batches[:2], weights[1])
    pairs = [
        (
            _linear(x, w, b if biased else None),
            [nn.functional.linear(x[n], w[n], b[n] if biased else None) for n in range(len(x))],
        ),
        (torch.bmm(gradient, w), [gradient[n].mm(w[n]) for n in range(len(x))]),
        (torch.bmm(gradient.transpose(1, 2), x), [gradient[n].t().mm(x[n]) for n in range(len(x))]),
        (gradient.sum(1), [gradient[n].sum(0) for n in range(len(x))]),
    ]
    return all(torch.equal(stacked, torch.stack(alone)) for stacked, alone in pairs)


class _HiddenDimension:
    """Within, tensors can hide their leading dimension of runs, as in `torch.func.vmap`, which is made of the same."""

    def __init__(self, runs: int):
        self._runs = runs

    def __enter__(self) -> "_HiddenDimension":
        self._level = _functorch._vmap_increment_nesting(self._runs, "same")
        return self

    def __exit__(self, *error: object) -> None:
        _functorch._vmap_decrement_nesting()

    def show(self, stacked: Tensor) -> Tensor:
        """[runs, ...] as [...]."""
        found: Tensor = _functorch._add_batch_dim(stacked, 0, self._level)
        return found

    def reveal(self, hidden: Tensor) -> Tensor:
        """[...] as [runs, ...]; what is the same for all is repeated."""
        found: Tensor = _functorch._remove_batch_dim(hidden, self._level, self._runs, 0)
        return found

    @staticmethod
    def shown(stacked: Tensor) -> Tensor:
        """`show` at the present level."""
        found: Tensor = _functorch._add_batch_dim(stacked, 0, _present_level())
        return found

    @staticmethod
    def revealed(hidden: Tensor, runs: int) -> Tensor:
        """`reveal` at the present level."""
        found: Tensor = _functorch._remove_batch_dim(hidden, _present_level(), runs, 0)
        return found


def _present_level() -> int:
    level = _functorch.maybe_current_level()
    if level is None:
        raise RuntimeError("there is no hidden dimension here.")
    return level


@dataclass(frozen=True)
class _Dealt:
    """The noise of all runs, dealt to each at its own address: what a stacked draw takes its noise from."""

    draws: Sequence[Draw]
    known: dict[Request, None]
    hidden: _HiddenDimension

    def find(self, request: Request) -> Tensor:
        """The noise of this request, with the hidden dimension."""
        return self.hidden.show(torch.stack([draw.deal(request) for draw in self.draws]))


class _Unreadable:
    """In the place of a seed: a move that draws by itself cannot be stacked."""

    def __format__(self, spec: str) -> str:
        raise TypeError("a stacked move has no seed of its own; take random numbers from the draw.")


def _set_buffer(module: nn.Module, name: str, value: Tensor) -> None:
    place, _, last = name.rpartition(".")
    module.get_submodule(place)._buffers[last] = value
