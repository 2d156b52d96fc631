"""Ctrl-C while modules are imported: it waits for the end of the import.

Libraries swallow a `KeyboardInterrupt` in the middle of their import, or are left half imported by it.
"""

import _thread
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_AGAIN_SECONDS = 0.02
_MOST_SECONDS = 10.0
"""An import that takes longer is interrupted."""
_MACHINERY = "<frozen importlib._bootstrap"


@contextmanager
def interrupts_after_imports() -> Iterator[None]:
    """Inside this context `KeyboardInterrupt` is raised once no import is in progress, or at the second Ctrl-C.

    It changes nothing where the process has a handler of its own for SIGINT, or ignores it, nor in other threads.
    """
    plain = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not plain or threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting = _Waiting()
    signal.signal(signal.SIGINT, waiting.handle)
    try:
        yield
    except Exception as error:  # what a library made of an interrupt; an error of ours that tells of one stays
        if waiting.came and not hasattr(error, "signal_number"):
            raise KeyboardInterrupt from error
        raise
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        is_over = waiting.end()
    if not is_over:
        raise KeyboardInterrupt


class _Waiting:
    """An interrupt that came during an import, and asks again and again whether that is over.

    Attributes:
        came: whether there was one.
    """

    def __init__(self) -> None:
        self.came, self._since, self._asking = False, 0.0, False

    def handle(self, number: int, frame: FrameType | None) -> None:
        """The handler of SIGINT."""
        self.came, was_asking, self._asking = True, self._asking, False
        is_first, self._since = not self._since, self._since or time.monotonic()
        is_late = time.monotonic() - self._since > _MOST_SECONDS
        if is_late or not (is_first or was_asking) or not _is_importing(frame):
            self._raise()
        if is_first:
            threading.Thread(target=self._ask, daemon=True).start()

    def end(self) -> bool:
        """Ask no more. Returns: whether no interrupt is left."""
        since, self._since = self._since, 0.0
        return not since

    def _ask(self) -> None:
        """In one thread: the handler, which may come at any moment, must not wait for a lock of threads again."""
        since = self._since
        while True:
            time.sleep(_AGAIN_SECONDS)
            if not since or self._since != since:
                return
            self._asking = True
            if sys.platform == "win32":
                _thread.interrupt_main()
            else:  # a true signal, which ends a call that waits
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def _raise(self) -> NoReturn:
        self._since = 0.0
        raise KeyboardInterrupt


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith(_MACHINERY):
            return True
        frame = frame.f_back
    return False
