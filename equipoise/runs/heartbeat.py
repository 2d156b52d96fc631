"""Every process of a run shows that it is alive, and stops when another one is lost.

A process that waits for a message cannot be told from one that waits for ever: a host that was cut off closes no
connection. So a thread of each process counts in the processes' common store, and looks whether the others count too.
"""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from torch.distributed import PrefixStore, Store, TCPStore  # type: ignore[attr-defined]

_BEAT_SECONDS = 1.0
_EXIT_CODE = 2
LOST_AFTER_SECONDS = 30.0
"""After so long without a sign of life a process counts as lost; EQUIPOISE_LOST_AFTER_SECONDS sets another time."""


@dataclass
class Heartbeat:
    """What this process knows of the others.

    Attributes:
        rank: this process.
        size: how many there are.
        heard: when each rank's count was last seen to move, by the clock of this process.
        counts: each rank's count at that time.
    """

    rank: int
    size: int
    heard: dict[int, float] = field(init=False)
    counts: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.heard = dict.fromkeys(range(self.size), time.monotonic())

    def exchange(self, store: Store) -> None:
        """Count once, and read all counts."""
        store.add(str(self.rank), 1)
        for rank in range(self.size):
            count = store.add(str(rank), 0)
            if count != self.counts.get(rank):
                self.counts[rank], self.heard[rank] = count, time.monotonic()

    def lost(self, patience_seconds: float) -> list[int]:
        """The ranks without a sign of life for this long; this rank too if the store cannot be reached."""
        now = time.monotonic()
        return [rank for rank, heard in self.heard.items() if now - heard > patience_seconds]


@contextmanager
def beat(rank: int, size: int, restarts: int) -> Iterator[None]:
    """Inside this context, this process shows that it is alive, and stops with a message when another one is lost."""
    patience = float(os.environ.get("EQUIPOISE_LOST_AFTER_SECONDS", LOST_AFTER_SECONDS))
    heartbeat, over = Heartbeat(rank, size), threading.Event()
    talk = threading.Thread(target=_talk, args=(heartbeat, over, restarts), daemon=True)
    watch = threading.Thread(target=_watch, args=(heartbeat, over, patience), daemon=True)
    talk.start()
    watch.start()
    try:
        yield
    finally:
        over.set()


def _talk(heartbeat: Heartbeat, over: threading.Event, restarts: int) -> None:
    """Count until all is over. A store out of reach is what the watch is for."""
    while not over.is_set():
        try:
            address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
            client = TCPStore(address, port, None, False, timedelta(seconds=10), wait_for_workers=False)
            store = PrefixStore(f"equipoise/heartbeat/{restarts}", client)
            while not over.wait(_BEAT_SECONDS):
                heartbeat.exchange(store)
        except (RuntimeError, OSError):
            over.wait(_BEAT_SECONDS)


def _watch(heartbeat: Heartbeat, over: threading.Event, patience_seconds: float) -> None:
    while not over.wait(_BEAT_SECONDS):
        lost = heartbeat.lost(patience_seconds)
        if lost:
            _end(heartbeat, lost, patience_seconds)


def _end(heartbeat: Heartbeat, lost: list[int], patience_seconds: float) -> None:
    """End at once: the main thread may wait for a message that never comes. Files are whole at any moment."""
    who = ", ".join(str(rank) for rank in lost if rank != heartbeat.rank) or "any other process"
    print(  # noqa: T201
        f"equipoise: process {heartbeat.rank} of {heartbeat.size} has not heard from {who} for {patience_seconds:g} s: "
        "it has died or lost its connection. Continue from the last good checkpoint with resume under torchrun.",
        file=sys.stderr,
        flush=True,
    )
    os._exit(_EXIT_CODE)
