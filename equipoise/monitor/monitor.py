"""Several monitors as one."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from equipoise.common.checks import described
from equipoise.monitor.alarm import Report
from equipoise.monitor.uncompiled import uncompiled


class Watcher(Protocol):
    """What every monitor can do."""

    @property
    def takes(self) -> frozenset[str]:
        """The names of the arguments of `update` besides `step`."""

    @property
    def update(self) -> Callable[..., None]:
        """Record values; never waits for the device."""

    def report(self) -> Report:
        """Read the recorded values and judge them; may wait for the device."""

    def state_dict(self) -> dict[str, Any]:
        """What must be saved to continue: JSON values."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""


class Monitor:
    """Several monitors as one: each gets the values that it takes.

    Examples:
        >>> import torch
        >>> from equipoise.monitor import BalanceMonitor, HealthMonitor, Monitor
        >>> monitor = Monitor(BalanceMonitor(), HealthMonitor())
        >>> monitor.update(real_scores=torch.ones(8), fake_scores=-torch.ones(8))
        >>> monitor.update(losses={"generator": torch.tensor(float("nan"))})
        >>> print(monitor.report().alarms[0].seen)
        the loss of generator is the first number that is NaN or infinite
    """

    def __init__(self, *monitors: Watcher):
        """Hold these; two of one class are told apart by their place.

        Raises:
            ValueError: one of them is no monitor, as a list or a class.
        """
        for monitor in monitors:
            if isinstance(monitor, type) or not hasattr(monitor, "takes"):
                given = monitor.__name__ if isinstance(monitor, type) else described(monitor)
                raise ValueError(
                    f"give monitors one by one, as in Monitor(BalanceMonitor(), HealthMonitor()); got {given}."
                )
        self._monitors = monitors
        self.takes = frozenset(name for monitor in monitors for name in monitor.takes)

    @uncompiled
    def update(self, step: int | None = None, **found: Any) -> None:
        """Pass values to the monitors, as in `update(real_scores=..., fake_scores=..., losses={"generator": ...})`.

        Args:
            step: the training step, or None to count on from the last.
            found: by the names that the monitors take.

        Raises:
            ValueError: no monitor takes a name.
        """
        unknown = found.keys() - self.takes
        if unknown:
            raise ValueError(
                f"no monitor takes {', '.join(sorted(unknown))}; they take {', '.join(sorted(self.takes))}."
            )
        for monitor in self._monitors:
            part = {name: found[name] for name in found if name in monitor.takes}
            if part:
                monitor.update(step=step, **part)

    @uncompiled
    def report(self) -> Report:
        """The reports of all monitors together."""
        reports = [monitor.report() for monitor in self._monitors]
        values = {name: value for report in reports for name, value in report.values.items()}
        alarms = tuple(alarm for report in reports for alarm in report.alarms)
        return Report(values, alarms, tuple(name for report in reports for name in report.lasting))

    def state_dict(self) -> dict[str, Any]:
        """The states of all monitors, by class and place: JSON values."""
        return {f"{place}:{type(each).__name__}": each.state_dict() for place, each in enumerate(self._monitors)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there.

        Raises:
            ValueError: the state is that of other monitors.
        """
        names = [f"{place}:{type(each).__name__}" for place, each in enumerate(self._monitors)]
        if sorted(names) != sorted(state):
            raise ValueError(f"the state is that of {', '.join(state) or 'no monitor'}, not of {', '.join(names)}.")
        for name, monitor in zip(names, self._monitors, strict=True):
            monitor.load_state_dict(state[name])
