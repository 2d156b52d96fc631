"""A monitor beside Accelerate; needs the extra `accelerate`."""

from typing import Any

from equipoise.integrations.reporting import OnAlarm, Reporter
from equipoise.monitor import Monitor


class AcceleratorMonitor:
    """Watches a loop that Accelerate runs: call `step` once in each iteration with what the monitor takes.

    The numbers go to the accelerator's trackers, alarms are printed once, and `save_state` keeps the monitor's state.
    Of several processes the first one watches its part of each batch.
    """

    def __init__(self, accelerator: Any, monitor: Monitor, every: int = 50, on_alarm: OnAlarm = "warn"):
        """Let the `accelerate.Accelerator` keep the monitor's state; the rest as `Reporter`."""
        self._accelerator = accelerator
        self._reporter = Reporter(monitor, every, on_alarm, self._log, accelerator.print)
        accelerator.register_for_checkpointing(self._reporter)

    def step(self, **found: Any) -> bool:
        """Pass on what was found, as in `step(real_scores=..., losses={...})`. Returns: whether to end the training."""
        return self._reporter.step(found, self._accelerator.is_main_process)

    def _log(self, values: dict[str, float]) -> None:
        self._accelerator.log(values, step=self._reporter.steps)
