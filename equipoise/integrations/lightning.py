"""A callback for Lightning; needs the extra `lightning`."""

from collections.abc import Mapping
from typing import Any

from equipoise.common.errors import EquipoiseError
from equipoise.integrations.reporting import OnAlarm, Reporter
from equipoise.monitor import Monitor

try:
    from lightning.pytorch.callbacks import Callback
    from lightning.pytorch.utilities import rank_zero_warn
except ImportError as error:
    raise EquipoiseError("Lightning is not installed; install it with: pip install 'equipoise[lightning]'.") from error


class MonitorCallback(Callback):  # type: ignore[misc]
    """Watches a module with manual optimisation, whose `training_step` returns what the monitor takes.

    As in `return {"real_scores": ..., "fake_scores": ..., "losses": {"generator": ..., "discriminator": ...}}`. The
    numbers go to the trainer's loggers, alarms become warnings, and checkpoints keep the monitor's state. Of several
    processes the first one watches its part of each batch.
    """

    def __init__(self, monitor: Monitor, every: int = 50, on_alarm: OnAlarm = "warn"):
        """As `equipoise.integrations.reporting.Reporter`."""
        super().__init__()
        self._reporter = Reporter(monitor, every, on_alarm, tell=rank_zero_warn)

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Pass on what `training_step` returned."""

        def log(values: dict[str, float]) -> None:
            for logger in trainer.loggers:
                logger.log_metrics(values, step=trainer.global_step)

        self._reporter.log = log
        found = outputs if isinstance(outputs, Mapping) else {}
        if self._reporter.step(found, trainer.is_global_zero):
            trainer.should_stop = True

    def state_dict(self) -> dict[str, Any]:
        """What Lightning's checkpoints keep."""
        return self._reporter.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there."""
        self._reporter.load_state_dict(state_dict)
