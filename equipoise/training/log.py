"""The log of a run: one JSON line per iteration and per epoch, without a device read on the hot path."""

import json
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from typing_extensions import TypedDict

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import flush_to_disk
from equipoise.training.loop import Turn
from equipoise.training.state import State

Line = dict[str, Any]
"""A line of the log."""
Listener = Callable[[Sequence[Line]], None]
"""Told about every batch of lines that was written."""


class Epoch(TypedDict):
    """The sums over the epoch under way, and of how many iterations."""

    sums: dict[str, float | None]
    iterations: int


@dataclass
class Recorder:
    """An observer that keeps every iteration's values on the device, and writes them out together when it is flushed.

    Attributes:
        path: the JSON-lines file; lines are appended.
        flush_every: how many lines may wait on the device.
        flush_seconds: how long they may wait.
        listeners: called with every batch of lines that was written, as a progress bar or a TensorBoard writer.
        sums: each value's sum over the iterations of the epoch under way that were written.
        iterations: how many those are.
    """

    path: Path
    flush_every: int = 50
    flush_seconds: float = 2.0
    listeners: Sequence[Listener] = ()
    sums: dict[str, float] = field(default_factory=dict)
    iterations: int = 0
    _flushed: float = field(default_factory=time.monotonic)
    _waiting: list[tuple[Line, dict[str, Tensor]]] = field(default_factory=list)

    def __call__(self, state: State, turn: Turn) -> None:
        """Keep one turn; write when enough wait, or for long enough."""
        place = {"iteration": turn.iteration, "stage": turn.stage, "epoch": turn.epoch}
        self._waiting.append(({"kind": "iteration"} | place, turn.values))
        if turn.epoch_values is not None:
            self._waiting.append(({"kind": "epoch"} | place, turn.epoch_values))
        if len(self._waiting) >= self.flush_every or time.monotonic() - self._flushed > self.flush_seconds:
            self.flush()

    def flush(self) -> None:
        """Read all waiting values from the device at once, and append them to the file.

        Raises:
            EquipoiseError: the file cannot be written.
        """
        self._flushed = time.monotonic()
        lines = _read(self._waiting)
        self._waiting.clear()
        self.append([self._with_means(line) for line in lines])

    def append(self, lines: Sequence[Line]) -> None:
        """Append finished lines and tell the listeners."""
        if not lines:
            return
        append_lines(self.path, lines)
        for listener in self.listeners:
            listener(lines)

    def _with_means(self, line: Line) -> Line:
        """Sum up an iteration's values; give an epoch's line the means of its iterations."""
        if line["kind"] == "epoch":
            means = {name: _finite(total / self.iterations) for name, total in self.sums.items()}
            self.sums, self.iterations = {}, 0
            return line | {"values": means | line["values"]}
        self.iterations += 1
        for name, value in line["values"].items():
            before = 0.0 if self.iterations == 1 else math.nan  # of an epoch that began without this value
            self.sums[name] = self.sums.get(name, before) + (math.nan if value is None else value)
        return line

    def memory(self) -> Epoch:
        """What a checkpoint must save of the current epoch, as JSON values: call it after `length_bytes`."""
        return {"sums": {name: _finite(total) for name, total in self.sums.items()}, "iterations": self.iterations}

    def remember(self, memory: Epoch) -> None:
        """Continue the epoch in which `memory` was called."""
        self.sums = {name: math.nan if total is None else total for name, total in memory["sums"].items()}
        self.iterations = memory["iterations"]

    def length_bytes(self) -> int:
        """The file's length after everything waiting was written and has reached the disk."""
        self.flush()
        if not self.path.exists():
            return 0
        with _writing(self.path):
            flush_to_disk(self.path)
            return self.path.stat().st_size


def append_lines(path: Path, lines: Sequence[Line]) -> None:
    """Append lines to a log.

    Raises:
        EquipoiseError: the file cannot be written.
    """
    text = "".join(json.dumps(line, allow_nan=False) + "\n" for line in lines)
    with _writing(path), open(path, "a", encoding="utf-8") as file:
        file.write(text)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """What the operating system refuses while the log is being written becomes one sentence."""
    try:
        yield
    except OSError as error:
        reason = printable(error.strerror or error)
        raise EquipoiseError(f"could not write {printable(path)}: {reason}; fix this, then resume.") from error


def shorten_log(path: Path, length_bytes: int) -> None:
    """Cut the log back to where a checkpoint was taken, so that a resumed run writes the same lines again.

    Raises:
        EquipoiseError: the log is missing or shorter, or no line ends there; it stays as it is.
    """
    if not path.exists():
        if length_bytes:
            raise EquipoiseError(f"{printable(path)} is missing; the checkpoint expects {length_bytes} bytes of log.")
        return
    if path.stat().st_size < length_bytes:
        raise EquipoiseError(f"{path} is shorter than the checkpoint's {length_bytes} bytes: it was changed by hand.")
    if length_bytes and not _ends_a_line(path, length_bytes):
        raise EquipoiseError(
            f"{path} does not belong to the checkpoint, whose {length_bytes} bytes of log would end within a line: "
            "it was changed by hand, or one of the two is of another run."
        )
    os.truncate(path, length_bytes)


def _ends_a_line(path: Path, length_bytes: int) -> bool:
    with open(path, "rb") as file:
        file.seek(length_bytes - 1)
        return file.read(1) == b"\n"


def _read(waiting: Sequence[tuple[Line, Mapping[str, Tensor]]]) -> list[Line]:
    tensors = [value.double() for _, values in waiting for value in values.values()]
    numbers = iter(torch.stack(tensors).tolist() if tensors else ())
    return [line | {"values": {name: _finite(next(numbers)) for name in values}} for line, values in waiting]


def _finite(number: float) -> float | None:
    """JSON knows neither NaN nor infinity: both become null."""
    return number if math.isfinite(number) else None
