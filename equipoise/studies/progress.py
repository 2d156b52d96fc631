"""A status line on the terminal that shows how far the runs of a study are."""

import json
import os
import shutil
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from equipoise.studies.carry_out import Job, read_outcome

_EVERY_SECONDS = 2.0
_TAIL_BYTES = 4096
_CLEAR = "\r\x1b[2K"


@dataclass
class StatusLine:
    """Redraws one line of a terminal until it is closed; other lines are written through `tell`."""

    jobs: Sequence[Job]
    stream: TextIO
    closed: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def redraw(self) -> None:
        """Draw the line every two seconds."""
        while not self.closed.wait(_EVERY_SECONDS):
            width = shutil.get_terminal_size().columns
            self._write(_CLEAR + status(self.jobs)[: width - 1])

    def tell(self, line: str) -> None:
        """Print a line above the status line."""
        self._write(f"{_CLEAR}{line}\n")

    def close(self) -> None:
        """Remove the line."""
        self.closed.set()
        self._write(_CLEAR)

    def _write(self, text: str) -> None:
        with self.lock:
            self.stream.write(text)
            self.stream.flush()


@contextmanager
def status_line(jobs: Sequence[Job], stream: TextIO | None = None) -> Iterator[StatusLine | None]:
    """Inside this context, the line is shown if there is a terminal."""
    stream = stream or sys.stderr
    if stream is None or not stream.isatty():
        yield None
        return
    line = StatusLine(jobs, stream)
    thread = threading.Thread(target=line.redraw, daemon=True)
    thread.start()
    try:
        yield line
    finally:
        line.close()
        thread.join()


def status(jobs: Sequence[Job]) -> str:
    """The runs that have begun and not ended, and how far each is, by the last line of its log."""
    running = [(job, last) for job in jobs if read_outcome(job) is None and (last := _last_line(job.directory))]
    each = (f"{job.experiment.name} seed {job.experiment.seed} {_moment(job, last)}" for job, last in running)
    return f"running: {'; '.join(each)}" if running else ""


def _moment(job: Job, last: dict[str, Any]) -> str:
    epochs, stages = job.experiment.algorithm.epochs, job.experiment.algorithm.stages()
    if last.get("stage") != stages[-1].name:
        return f"in {last.get('stage')}"
    return f"epoch {last['epoch'] + 1} of {epochs}" if epochs else f"iteration {last['iteration']:,}"


def _last_line(run: Path) -> dict[str, Any]:
    """The last whole line of a run's log, or nothing."""
    try:
        with open(run / "metrics.jsonl", "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES))
            lines = file.read().split(b"\n")
        found: dict[str, Any] = json.loads(lines[-2])
        return found if {"epoch", "iteration", "stage"} <= set(found) else {}
    except (OSError, ValueError, IndexError, TypeError):
        return {}
