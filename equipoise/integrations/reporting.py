"""What the callbacks share: a monitor that is asked every so many steps, and what becomes of its report."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from equipoise.common.checks import check_choice, check_whole
from equipoise.monitor import Monitor, Report

OnAlarm = Literal["warn", "stop"]
"""What an alarm does: it is told, or also ends the training."""


@dataclass
class Reporter:
    """Passes a training's numbers to a monitor, asks it every `every` steps, and tells what it says.

    Attributes:
        monitor: what is told and asked.
        every: steps from one report to the next; only a report waits for the device.
        on_alarm: "warn" tells of alarms, "stop" also ends the training at one that has not passed.
        log: takes the numbers of a report, under names that begin with "monitor/".
        tell: takes an alarm in words.
        steps: so far.
    """

    monitor: Monitor
    every: int = 50
    on_alarm: OnAlarm = "warn"
    log: Callable[[dict[str, float]], object] = lambda values: None
    tell: Callable[[str], object] = lambda words: None
    steps: int = 0

    def __post_init__(self) -> None:
        check_whole("every", self.every, 1)
        check_choice("on_alarm", self.on_alarm, ("warn", "stop"))

    def step(self, found: Mapping[str, Any], reads: bool = True) -> bool:
        """One step: pass on what the monitor takes, and ask it when it is due.

        Args:
            found: by the names that the monitor takes; others are left alone.
            reads: whether this process watches; of several, one does, and the others keep nothing that waits.

        Returns: whether the training is to end.
        """
        self.steps += 1
        if not reads:
            return False
        self.monitor.update(self.steps, **{name: found[name] for name in self.monitor.takes if name in found})
        return self.steps % self.every == 0 and self._told(self.monitor.report())

    def _told(self, report: Report) -> bool:
        self.log({f"monitor/{name}": value for name, value in report.values.items()})
        for alarm in report.alarms:
            self.tell(str(alarm))
        return self.on_alarm == "stop" and any(not alarm.passed for alarm in report.alarms)

    def state_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {"steps": self.steps, "monitor": self.monitor.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self.steps = state["steps"]
        self.monitor.load_state_dict(state["monitor"])
