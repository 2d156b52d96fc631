"""Signals that a training process sends to itself: at a random moment, and in time however busy the machine is.

A test that watches a run from outside and then strikes it may find that it has ended: where the watcher gets no core
for two seconds, a small run is over.
"""

import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from equipoise.training.loop import Loop


@dataclass(frozen=True)
class Strike:
    """This signal, so long after the first iteration of the process that is this one or a later one.

    Attributes:
        number: of the signal.
        iteration: after which everything that it writes is written.
        delay_seconds: from its end to the signal.
        rank: the process of several that is struck, when it is first started.
        launcher: whether the signal goes to the process that started the ranks instead.
    """

    number: int
    iteration: int
    delay_seconds: float = 0.0
    rank: int = 0
    launcher: bool = False


def prepare(strike: Strike, struck: Path) -> None:
    """From now on this process awaits the strike; `struck` gets the moment, by the machine's monotonic clock."""
    if int(os.environ.get("RANK", "0")) != strike.rank or int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")):
        return
    target, run = os.getppid() if strike.launcher else os.getpid(), Loop.run
    timers: list[threading.Timer] = []

    def hit() -> None:
        struck.write_text(str(time.monotonic()))
        os.kill(target, strike.number)

    def watch(state: Any, turn: Any) -> None:
        if turn.iteration >= strike.iteration and not timers:
            timers.append(threading.Timer(strike.delay_seconds, hit))
            timers[0].start()

    def watched(loop: Loop, observers: Sequence[Any] = (), **named: Any) -> None:
        run(loop, (*observers, watch), **named)

    Loop.run = watched  # type: ignore[method-assign, assignment]
