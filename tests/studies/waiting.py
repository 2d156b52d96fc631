"""Waits for what another process does."""

import time
from typing import Any


def wait_for(condition: Any, process: Any, seconds: float = 120) -> None:
    """Until the condition holds; fails once the process has ended or the time is over."""
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the study ended before it could be killed"
        assert time.monotonic() < end
        time.sleep(0.05)
