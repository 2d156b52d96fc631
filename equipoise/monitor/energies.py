"""Whether real and fake energies of an auto-encoding discriminator drift apart."""

import math
from typing import Any

from torch import Tensor

from equipoise.monitor import words
from equipoise.monitor.alarm import Report
from equipoise.monitor.lasting import Lasting
from equipoise.monitor.uncompiled import uncompiled
from equipoise.monitor.waiting import Waiting
from equipoise.monitor.windows import Windows, with_nan, without_nan

NAME = "energies apart"
"""The name of its alarms."""
WINDOW, PATIENCE, WARM_UP = 50, 3, 8
"""Steps of a window, windows that must find the same, and those before the first that is judged."""
SMALLEST = 1e-12
"""What a real energy counts for at least."""
APART, WIDENED = 2.0, 1.5
"""The gap between fake and real energy, over the real energy, and over its smallest so far, from which it is said."""


class EnergyMonitor:
    """Follows the energies that EBGAN, BEGAN and MAGAN give to real and to fake items.

    In a healthy training the two approach each other while both fall (MAGAN, Wang et al. 2017, Figure 3). It warns
    where the gap between them is more than twice the real energy, and half as wide again as it was at its narrowest.

    Attributes:
        steps: the last step that was noted.
    """

    takes = frozenset({"real_energy", "fake_energy"})

    def __init__(self) -> None:
        self.steps = 0
        self._pending: dict[str, Tensor | float] = {}
        self._waiting, self._windows, self._lasting = Waiting(), Windows(WINDOW, 2), Lasting(PATIENCE)
        self._narrowest = math.inf

    @uncompiled
    def update(
        self,
        real_energy: Tensor | float | None = None,
        fake_energy: Tensor | float | None = None,
        step: int | None = None,
    ) -> None:
        """Record the means of energies of any shape, without waiting; real and fake may come in separate calls."""
        self.steps = self.steps + 1 if step is None else step
        for name, value in (("real", real_energy), ("fake", fake_energy)):
            if value is not None:
                self._pending[name] = value.detach().mean() if isinstance(value, Tensor) and value.ndim else value
        if len(self._pending) == 2:
            self._waiting.keep([self._pending["real"], self._pending["fake"]])
            self._pending = {}

    @uncompiled
    def report(self) -> Report:
        """Read the waiting values, and judge the full windows."""
        alarms = []
        for real, fake in self._windows.take(self._waiting.read()):
            gap = (fake - real) / max(abs(real), SMALLEST)
            wide = self._windows.count > WARM_UP and gap > APART and gap > WIDENED * self._narrowest
            new, over = self._lasting.judge({NAME} if wide else ())
            seen = f"fake items have {gap + 1:.1f} times the energy of real ones"
            if new:
                seen = f"{seen}, above {APART + 1:g}; it was {self._narrowest + 1:.1f} times at best"
                alarms.append(words.alarm(NAME, seen, self.steps))
            if over:
                alarms.append(words.passed(NAME, seen, self.steps))
            self._narrowest = min(self._narrowest, max(gap, 0.0))
        last = self._windows.means[-1:]
        values = {"real_energy": last[0][0], "fake_energy": last[0][1]} if last else {}
        return Report(values, tuple(alarms), tuple(self._lasting.said))

    def forget(self) -> None:
        """Drop what waits: the training goes back to before it."""
        self._waiting.forget()
        self._pending = {}

    def state_dict(self) -> dict[str, Any]:
        """JSON values; what waits is read into them, which waits for the device."""
        pending = dict(zip(self._pending, without_nan([float(each) for each in self._pending.values()]), strict=True))
        narrowest = None if math.isinf(self._narrowest) else self._narrowest
        return {
            "steps": self.steps,
            "pending": pending,
            "waiting": without_nan(self._waiting.look()),
            "windows": self._windows.state_dict(),
            "lasting": self._lasting.state_dict(),
            "narrowest": narrowest,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.forget()
        self.steps = state["steps"]
        self._pending = dict(zip(state["pending"], with_nan(list(state["pending"].values())), strict=True))
        self._waiting.keep(with_nan(state["waiting"]))
        self._windows.load_state_dict(state["windows"])
        self._lasting.load_state_dict(state["lasting"])
        self._narrowest = math.inf if state["narrowest"] is None else state["narrowest"]
