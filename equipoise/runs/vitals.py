"""Whether a run's numbers are still finite: checked on the device, read together, and named if they are not."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from equipoise.common.checks import NotFiniteError
from equipoise.monitor.health import HealthMonitor
from equipoise.training.loop import Turn
from equipoise.training.state import State


class Diverged(NotFiniteError):
    """A loss, a gradient, a parameter, a buffer or an optimiser's moment is NaN or infinite.

    Attributes:
        iteration: the first iteration in which one was, counted from 1.
        quantity: the first of them in the order of computation, as in "the gradient of generator".
    """

    def __init__(self, iteration: int, quantity: str):
        super().__init__(f"{quantity} is not finite.", quantity)
        self.iteration = iteration


@dataclass
class Vitals:
    """An observer that keeps every iteration's vital signs on the device and reads them together at intervals.

    Attributes:
        is_due: after which iterations they must be read, whatever the time.
        every_iterations: how many iterations may wait.
        every_seconds: how long they may wait; None where several processes must read in the same iteration.
    """

    is_due: Callable[[int], bool]
    every_iterations: int = 50
    every_seconds: float | None = 2.0
    _monitor: HealthMonitor = field(default_factory=HealthMonitor)
    _read: float = field(default_factory=time.monotonic)
    _turns: int = 0

    def __call__(self, state: State, turn: Turn) -> None:
        """Keep one turn's vital signs; read when it is time, and look at the optimisers then.

        Raises:
            Diverged: as `check`.
        """
        self.keep(turn.iteration, turn.vitals)
        late = self.every_seconds is not None and time.monotonic() - self._read > self.every_seconds
        if late or self._turns >= self.every_iterations or self.is_due(turn.iteration):
            self.keep(turn.iteration, _moments(state))
            self.check()

    def keep(self, iteration: int, vitals: Sequence[tuple[str, Tensor]]) -> None:
        """Keep vital signs to be read later."""
        self._monitor.keep(iteration, vitals)
        self._turns += 1

    def check(self) -> None:
        """Read all waiting values at once.

        Raises:
            Diverged: something was not finite; the first such thing is named.
        """
        self._turns, self._read = 0, time.monotonic()
        self._monitor.report()
        if self._monitor.first is not None:
            first = self._monitor.first
            self.forget()
            raise Diverged(*first)

    def forget(self) -> None:
        """Drop what waits: the run goes back to before it."""
        self._monitor.forget()
        self._turns = 0


def _moments(state: State) -> Sequence[tuple[str, Tensor]]:
    """The largest entry of each optimiser's moments: what is not finite there stays, and stops a player for good."""
    return [
        (f"a moment of the optimiser of {name}", moment.detach().abs().amax())
        for name, optimiser in state.optimisers.items()
        for entries in optimiser.state.values()
        for moment in entries.values()
        if isinstance(moment, Tensor) and moment.is_floating_point() and moment.numel()
    ]
