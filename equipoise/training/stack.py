"""Runs that differ in their seed, played together: each product of matrices is one of stacked matrices.

A small network spends most of an iteration on calls, and little on arithmetic. Several runs of the same experiment make
the same calls; here one call serves them all. Their parameters lie one below the other in one vector [runs, entries],
and a move is played once, on tensors with a hidden leading dimension of runs, as `torch.func.vmap` has them. Every run
keeps its own state, whose tensors are parts of the stacked ones, and its own loop, log and checkpoints.
"""

import threading
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TypeVar

from torch import nn

from equipoise.common.modules import only_linear
from equipoise.common.random import Reseedable
from equipoise.training.game import Stage
from equipoise.training.graphs import Deal, Found
from equipoise.training.loop import Loop, Observer
from equipoise.training.stacked_state import StackedState
from equipoise.training.state import load_state_tensors, state_tensors

Result = TypeVar("Result")


def stackable(networks: Iterable[nn.Module]) -> bool:
    """Whether networks can be stacked: every layer with numbers of its own is a plain linear one, and none draws."""
    return all(
        only_linear(network) and not any(isinstance(layer, Reseedable) for layer in network.modules())
        for network in networks
    )


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
        self._stacked: list[StackedState] = []
        self._proven: set[Hashable] = set()
        self._refused = False

    def run(self, works: Sequence[Callable[[], Result]]) -> list[Result]:
        """Do the works, each of which calls `play`. Returns: their results, in their order.

        Raises:
            BaseException: that of the first work that failed, after all have ended.
        """
        self._running = len(works)
        results: list[Future[Result]] = [Future() for _ in works]
        for work, result in zip(works, results, strict=True):  # daemons, so that a second Ctrl-C ends the process
            threading.Thread(target=_settle, args=(result, partial(self._do, work)), daemon=True).start()
        wait(results)
        return [each.result() for each in results]

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
        sort, deals = riders[0].sort, [rider.deal()[1] for rider in riders]
        states = [rider.loop.state for rider in riders]
        kept = (
            []
            if sort in self._proven
            else [{name: value.clone() for name, value in state_tensors(state).items()} for state in states]
        )
        try:
            found = self._stack_of([rider.loop for rider in riders]).play(deals)
        except Exception:
            if sort in self._proven:
                raise
            for state, tensors in zip(states, kept, strict=True):
                load_state_tensors(state, tensors)
            self._refused = True
            return None
        self._proven.add(sort)
        return found

    def _stack_of(self, loops: list[Loop]) -> StackedState:
        """The stacked tensors of these runs, made anew where other runs are together or a checkpoint was loaded."""
        for known in self._stacked:
            if known.loops == loops and known.holds():
                return known
        self._stacked = [each for each in self._stacked if not set(each.loops) & set(loops)]
        self._stacked.append(StackedState(loops))
        return self._stacked[-1]


def _settle(result: "Future[Result]", do: Callable[[], Result]) -> None:
    """Do the work, and hand on its result or its error."""
    try:
        result.set_result(do())
    except BaseException as error:
        result.set_exception(error)


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
