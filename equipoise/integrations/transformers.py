"""A callback for the Trainer of Hugging Face's Transformers; needs the extra `transformers`."""

import json
from pathlib import Path
from typing import Any

from equipoise.common.errors import EquipoiseError
from equipoise.common.files import write_text_atomically
from equipoise.common.say import warn
from equipoise.integrations.reporting import OnAlarm, Reporter
from equipoise.monitor import Monitor

try:
    from transformers import TrainerCallback
except ImportError as error:
    advice = "install it with: pip install 'equipoise[transformers]'"
    raise EquipoiseError(f"Transformers is not installed; {advice}.") from error

STATE = "monitor.json"
"""The file of a checkpoint that keeps the monitor's state."""


class MonitorCallback(TrainerCallback):  # type: ignore[misc]
    """Watches a Trainer whose `training_step` or `compute_loss` calls `note` with what the monitor takes.

    The numbers join the Trainer's own log lines, alarms become warnings, and each checkpoint keeps the monitor's state.
    Of several processes the first one watches its part of each batch.
    """

    def __init__(self, monitor: Monitor, every: int = 50, on_alarm: OnAlarm = "warn"):
        """As `equipoise.integrations.reporting.Reporter`."""
        self._values: dict[str, float] = {}
        self._found: dict[str, Any] = {}
        self._reporter = Reporter(monitor, every, on_alarm, self._values.update, warn)

    def note(self, **found: Any) -> None:
        """What this step has found so far, as in `note(real_scores=..., losses={...})`."""
        self._found |= found

    def on_train_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Go on from the checkpoint that the Trainer resumes from."""
        path = _folder(args, state) / STATE
        if state.global_step and path.is_file():
            self._reporter.load_state_dict(json.loads(path.read_text(encoding="utf-8")))

    def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Pass on what was noted."""
        found, self._found = self._found, {}
        if self._reporter.step(found, state.is_world_process_zero):
            control.should_training_stop = True

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **others: Any) -> None:
        """Add the newest numbers."""
        for kept in (logs, *state.log_history[-1:]):
            if kept is not None:
                kept.update(self._values)

    def on_save(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Write the state beside the Trainer's own."""
        if state.is_world_process_zero:
            write_text_atomically(_folder(args, state) / STATE, json.dumps(self._reporter.state_dict()))


def _folder(args: Any, state: Any) -> Path:
    return Path(args.output_dir) / f"checkpoint-{state.global_step}"
