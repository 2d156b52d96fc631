"""Ctrl-C at any moment of a start: one sentence, exit status 130, and no module that is left half imported."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from equipoise.cli.interrupts import _MACHINERY, _Waiting, interrupts_after_imports

pytestmark = pytest.mark.lengthy

SLOW = """
import os, signal, sys, time
os.kill(os.getpid(), signal.SIGINT)
try:
    time.sleep({seconds})
except KeyboardInterrupt:
    pass  # as libraries do
done = True
"""


@pytest.fixture(autouse=True)
def _heard() -> Iterator[None]:
    """A shell's background processes begin deaf to Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def slow(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module that interrupts its own import, and swallows what comes of it."""
    name = f"slow_{request.node.name.split('[')[0]}"
    (tmp_path / f"{name}.py").write_text(SLOW.format(seconds=0.3))
    monkeypatch.syspath_prepend(tmp_path)
    return name


def imported_within(name: str) -> None:
    with interrupts_after_imports():
        __import__(name)
        time.sleep(60)


def test_an_interrupt_waits_for_the_end_of_an_import(slow: str) -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        imported_within(slow)
    assert sys.modules[slow].done
    assert signal.getsignal(signal.SIGINT) is before


def test_one_that_still_waits_at_the_end_is_raised_there(slow: str) -> None:
    with pytest.raises(KeyboardInterrupt), interrupts_after_imports():
        __import__(slow)


def misunderstood() -> None:
    """As pydantic and torch's exporter do where Python code that they call is interrupted."""
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        raise RuntimeError("cannot build this") from None


def test_an_error_that_a_library_makes_of_one_is_an_interrupt() -> None:
    with pytest.raises(KeyboardInterrupt), interrupts_after_imports():
        misunderstood()


def test_outside_of_imports_it_comes_at_once() -> None:
    with interrupts_after_imports(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_a_second_one_does_not_wait() -> None:
    importing: Any = SimpleNamespace(f_code=SimpleNamespace(co_filename=_MACHINERY), f_back=None)
    waiting = _Waiting()
    waiting.handle(signal.SIGINT, importing)
    with pytest.raises(KeyboardInterrupt):
        waiting.handle(signal.SIGINT, importing)


def test_a_handler_of_the_process_and_other_threads_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts_after_imports():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    found: list[object] = []

    def within() -> None:
        with interrupts_after_imports():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=within)
    thread.start()
    thread.join()
    assert found == [before]


START = """
import builtins, os, signal, sys
real = builtins.__import__
def interrupting(name, *rest):
    if name == {name!r}:
        builtins.__import__ = real
        os.kill(os.getpid(), signal.SIGINT)
    return real(name, *rest)
builtins.__import__ = interrupting
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv = ["equipoise", "train", "gan-digits", "--out", {out!r}, "--device", "cpu", "--threads", "1"]
from equipoise.__main__ import main
sys.exit(main())
"""


@pytest.mark.parametrize("name", ["equipoise.cli.interrupts", "equipoise.cli.main", "argparse", "numpy", "torch"])
def test_a_start_is_interrupted_in_one_sentence(name: str, tmp_path: Path) -> None:
    code = START.format(name=name, out=str(tmp_path / "run"))
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 130
    assert "Traceback" not in ended.stderr
    assert ended.stderr.splitlines()[-1].startswith("equipoise: ")
    assert "interrupted" in ended.stderr.splitlines()[-1]
