"""Where a row is measured: on an otherwise idle machine, and beside a second busy process as on a user's."""

import json
import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from equipoise.common.files import write_text_atomically
from equipoise.common.machine import git_commit
from measurements import RESULTS_FOLDER
from measurements.benchmarks.measure import convolution_rate, machine

SETTINGS = {
    "idle": "no other process",
    "busy": "a second process that computes convolutions without pause",
}
"""What runs beside the measurement, by the setting's name."""
PROCESSORS = ("avx512", "avx2")
"""Whose figures the page shows, by their widest instructions: everything of the first, the speeds of the others."""
BENCHMARKS = RESULTS_FOLDER / "benchmarks"


def file_of(setting: str, processor: str | None = None) -> Path:
    """The data file of a setting on this processor, or on another: figures of two are never mixed."""
    return BENCHMARKS / (processor or torch.backends.cpu.get_cpu_capability().lower()) / f"{setting}.json"


class Record:
    """The data file of one setting, written after each row, with where and beside what it was measured."""

    def __init__(self, setting: str, path: Path | None = None) -> None:
        self.path = path or file_of(setting)
        known = json.loads(self.path.read_text(encoding="utf-8")) if self.path.exists() else {}
        self.rows: dict[str, Any] = known.get("rows", {})
        self.tricks: dict[str, dict[str, Any]] = known.get("tricks", {"used": {}, "unused": {}, "gone": {}})
        self._passport = machine() | {
            "setting": setting,
            "beside": SETTINGS[setting],
            "commit": git_commit(),
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "load_before": os.getloadavg(),
        }
        self._passport_of_rows = known.get("passport", self._passport)
        self._known = {name: value for name, value in known.items() if name not in ("passport", "rows", "tricks")}

    def save(self, **found: Any) -> None:
        """Everything until now, and these sections of their own."""
        self._passport_of_rows = self._passport | {
            "ended": datetime.now(UTC).isoformat(timespec="seconds"),
            "load_after": os.getloadavg(),
        }
        self.add(**found)

    def add(self, **found: Any) -> None:
        """Sections of their own; the passport stays that of the last row."""
        self._known |= found
        written = {"passport": self._passport_of_rows, "rows": self.rows, "tricks": self.tricks, **self._known}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_text_atomically(self.path, json.dumps(written, indent=1) + "\n")


@contextmanager
def beside(setting: str) -> Iterator[None]:
    """Within, the setting's second process runs."""
    if setting != "busy":
        yield
        return
    other = multiprocessing.get_context("fork").Process(target=_without_pause, daemon=True)
    other.start()
    try:
        yield
    finally:
        other.terminate()
        other.join()


def _without_pause() -> None:
    """At lower priority, so that where the cores are taken it does not take the measurement's."""
    os.nice(5)
    torch.set_num_threads(1)
    while True:
        convolution_rate()
