"""Ctrl-C and SIGTERM end a run in order: the current iteration is finished and saved."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


@dataclass
class Interrupt:
    """Whether a signal asked the run to stop, and which."""

    signal_number: int | None = None

    def __call__(self) -> bool:
        """Whether the run should stop."""
        return self.signal_number is not None


_in_main_thread: list[Interrupt] = []
"""Those of the contexts that are open there: a run in another thread is stopped with the innermost."""


@contextmanager
def catch_interrupts() -> Iterator[Interrupt]:
    """Inside this context, the first SIGINT or SIGTERM only sets a flag; a second one acts as usual."""
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield _in_main_thread[-1] if _in_main_thread else interrupt
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def note(number: int, frame: FrameType | None) -> None:
        interrupt.signal_number = number
        for each, handler in before.items():
            signal.signal(each, handler)

    for number in before:
        signal.signal(number, note)
    _in_main_thread.append(interrupt)
    try:
        yield interrupt
    finally:
        _in_main_thread.remove(interrupt)
        for number, handler in before.items():
            signal.signal(number, handler)
