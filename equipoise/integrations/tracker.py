"""Trackers: where a run's values go besides its own log. What one does never stops a run."""

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from equipoise.common.errors import EquipoiseError, printable, shortened
from equipoise.common.say import warn
from equipoise.training.log import Line

PROJECT = "equipoise"
"""What runs are gathered under where the tracker's own environment variable names nothing else."""
MOST_WAITING = 10_000
"""Batches of lines that may wait for a tracker which has stopped taking them."""
CLOSE_SECONDS = 30.0
"""So long the end of a run waits for a tracker to take the last lines."""


@dataclass(frozen=True)
class Tracked:
    """What a tracker is told about the run that it follows.

    Attributes:
        folder: the run's directory.
        name: of the experiment and its seed.
        identity: the same in every session of a run, by which a resume finds what was tracked before.
        config: the experiment as plain data.
        start: the iteration that this session goes on from.
    """

    folder: Path
    name: str
    identity: str
    config: Mapping[str, Any]
    start: int = 0


class Tracker(Protocol):
    """Made with a `Tracked` when a session begins; all calls come from one thread, which is not the training's."""

    def log(self, values: Mapping[str, float], iteration: int) -> None:
        """Take the values of an iteration; those of an epoch, an evaluation and so on begin with "epoch/"."""

    def close(self) -> None:
        """Take note that the session has ended, and keep everything."""


@dataclass
class Tracking:
    """A listener of the log that passes every value on to a tracker, in a thread of its own.

    Training waits for nothing but the queue. A tracker that fails, in whatever it does, gets nothing more, and you are
    warned once.

    Attributes:
        name: of the tracker.
        make: makes it; called in the thread, so that a missing package or a dead network costs no time either.
    """

    name: str
    make: Callable[[], Tracker]
    _lines: "queue.Queue[Sequence[Line] | None]" = field(default_factory=lambda: queue.Queue(MOST_WAITING))
    _failed: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._work, name=f"tracker {self.name}", daemon=True)
        self._thread.start()

    def __call__(self, lines: Sequence[Line]) -> None:
        """Pass lines on."""
        if not self._failed.is_set():
            self._offer(lines)

    def close(self) -> None:
        """Wait, but not for ever, until the tracker has everything."""
        if not self._failed.is_set():
            self._offer(None)
            self._thread.join(CLOSE_SECONDS)
            if self._thread.is_alive():
                self._fail(f"it did not end within {CLOSE_SECONDS:g} s")

    def _offer(self, lines: Sequence[Line] | None) -> None:
        try:
            self._lines.put_nowait(lines)
        except queue.Full:
            self._fail("it has stopped taking values")

    def _work(self) -> None:
        try:
            tracker = self.make()
            while (lines := self._lines.get()) is not None:
                for line in lines:
                    _pass_on(tracker, line)
            tracker.close()
        except BaseException as error:  # some call sys.exit; whatever it is, it ends this thread alone
            self._fail(str(error).rstrip(".") or type(error).__name__)

    def _fail(self, reason: str) -> None:
        if not self._failed.is_set():
            self._failed.set()
            warn(
                f"the tracker {printable(self.name)} gets no more values: {shortened(reason)}. The run continues; its "
                "metrics.jsonl has every value."
            )


def _pass_on(tracker: Tracker, line: Line) -> None:
    prefix = "" if line["kind"] == "iteration" else f"{line['kind']}/"
    values = {prefix + name: value for name, value in line["values"].items() if isinstance(value, int | float)}
    if values:
        tracker.log(values, line["iteration"])


def imported(module: str, package: str) -> Any:
    """A tracker's module.

    Raises:
        EquipoiseError: it cannot be imported; the sentence says what to install.
    """
    try:
        return import_module(module)
    except ImportError as error:
        advice = f"it cannot be imported ({shortened(str(error).rstrip('.'))}); install it with: pip install {package}"
        raise EquipoiseError(f"{advice}.") from error


def flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """A configuration as words by dotted names, for trackers that know no trees."""
    found: dict[str, str] = {}
    for name, value in config.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": str(value)}
    return found
