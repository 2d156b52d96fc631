"""The first number that is NaN or infinite, by name."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from equipoise.common.largest import largest_size
from equipoise.monitor import words
from equipoise.monitor.alarm import Report
from equipoise.monitor.uncompiled import uncompiled
from equipoise.monitor.waiting import Waiting

NAME = "not finite"
"""The name of its alarms."""


class HealthMonitor:
    """Keeps values that must stay finite on their device, and names the first that is not.

    Attributes:
        steps: the last step that was noted.
        first: the step and the name of the first that was not finite, or None.
    """

    takes = frozenset({"losses", "gradients", "numbers"})

    def __init__(self) -> None:
        self.steps = 0
        self.first: tuple[int, str] | None = None
        self._names: list[tuple[int, str]] = []
        self._waiting = Waiting()
        self._said = False

    @uncompiled
    def update(
        self,
        losses: Mapping[str, Tensor | float] | None = None,
        gradients: Mapping[str, Tensor | float] | None = None,
        numbers: Mapping[str, Tensor | float] | None = None,
        step: int | None = None,
    ) -> None:
        """Record a step's numbers in the order in which they were computed, without waiting for the device.

        Args:
            losses: a loss by player, as in {"generator": loss}.
            gradients: the norm of the gradient by player, as `clip_grad_norm_` and `gradient_norm` return it.
            numbers: whatever else must stay finite, by the name that an alarm is to give it; of any shape.
            step: the training step, or None to count on from the last.
        """
        named = [(f"the loss of {name}", value) for name, value in (losses or {}).items()]
        named += [(f"the gradient of {name}", value) for name, value in (gradients or {}).items()]
        self.keep(self.steps + 1 if step is None else step, [*named, *(numbers or {}).items()])

    @uncompiled
    def keep(self, step: int, named: Sequence[tuple[str, Tensor | float]]) -> None:
        """Record numbers under their full names."""
        self.steps = step
        self._waiting.keep([_one_number(value) for _, value in named])  # first, as it refuses what holds no number
        self._names += [(step, name) for name, _ in named]

    @uncompiled
    def report(self) -> Report:
        """Read the waiting values; one alarm names the first that is not finite."""
        self._read()
        if self.first is None:
            return Report()
        step, name = self.first
        alarms = () if self._said else (words.alarm(NAME, f"{name} is the first number that is NaN or infinite", step),)
        self._said = True
        return Report({}, alarms, (NAME,))

    def _read(self) -> None:
        names, self._names = self._names, []
        for place, number in zip(names, self._waiting.read(), strict=True):
            if self.first is None and not math.isfinite(number):
                self.first = place

    def forget(self) -> None:
        """Drop what waits and what was found: the training goes back to before it."""
        self._names, self.first, self._said = [], None, False
        self._waiting.forget()

    def state_dict(self) -> dict[str, Any]:
        """JSON values; waiting values are read first, which waits for the device."""
        self._read()
        return {"steps": self.steps, "first": self.first and list(self.first), "said": self._said}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.forget()
        self.steps, self._said = state["steps"], state["said"]
        self.first = None if state["first"] is None else (state["first"][0], state["first"][1])


def _one_number(value: Tensor | float) -> Tensor | float:
    """The largest size of the entries; one number stays as it is."""
    return largest_size(value.reshape(-1)) if isinstance(value, Tensor) and value.ndim else value
