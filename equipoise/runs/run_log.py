"""Reads `metrics.jsonl`: damaged or half-written lines are left out and counted, never an error."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from equipoise.common.counted import is_count

_KINDS = ("iteration", "epoch", "score", "variety", "balance")
_ALARMS = ("alarm", "imbalance")
_EVENTS = (*_ALARMS, "rollback", "end")
_PASSED = "recovered from "


@dataclass(frozen=True)
class Record:
    """One line of the log. `iteration` counts over the whole run, `epoch` within the stage; `words` tell an event.

    A line of the kind "score" holds metrics that were taken at that iteration, and their passports; one of the kind
    "alarm" whether the samples have collapsed, or no longer. An alarm also names its trouble, and says whether that has
    passed.
    """

    kind: str
    iteration: int
    stage: str
    epoch: int
    values: Mapping[str, float]
    words: str = ""
    passports: Mapping[str, Any] = field(default_factory=dict)
    collapsed: bool = False
    trouble: str = ""
    passed: bool = False


@dataclass(frozen=True)
class Log:
    """The records of a run in the order of their iterations, and how many lines could not be read.

    Attributes:
        iterations: what each iteration logged.
        epochs: what the closing of each epoch logged.
        scores: metrics that were taken during the training.
        variety: the samples' variety, as the collapse alarm saw it.
        balance: the margin between scores, the share of right decisions and the ratio of gradients.
        events: what the run had to tell, as a collapse or a rollback.
        collapsed: whether the last that the collapse alarm told was a collapse, which has not passed.
        damaged_lines: how many could not be read.
    """

    iterations: tuple[Record, ...] = ()
    epochs: tuple[Record, ...] = ()
    scores: tuple[Record, ...] = ()
    variety: tuple[Record, ...] = ()
    balance: tuple[Record, ...] = ()
    events: tuple[Record, ...] = ()
    collapsed: bool = False
    damaged_lines: int = 0

    @property
    def told(self) -> tuple[str, ...]:
        """The events in words."""
        return tuple(map(sentence, self.events))

    @property
    def lasting(self) -> dict[str, str]:
        """The troubles that were told and have not passed, by their names; the newest last."""
        lasting: dict[str, str] = {}
        for event in self.events:
            lasting.pop(event.trouble, None)
            if event.trouble and not event.passed:
                lasting[event.trouble] = sentence(event)
        return lasting

    @property
    def last_iteration(self) -> int:
        """The number of iterations in the log."""
        return max((record.iteration for record in (*self.iterations[-1:], *self.epochs[-1:])), default=0)

    @property
    def stages(self) -> tuple[str, ...]:
        """The names of the stages in the order in which they came."""
        records = sorted((*self.iterations, *self.epochs), key=lambda record: record.iteration)
        return tuple(dict.fromkeys(record.stage for record in records))

    def names(self) -> tuple[str, ...]:
        """The names of all logged values, in the order in which they first appear."""
        return tuple(dict.fromkeys(name for record in (*self.iterations, *self.epochs) for name in record.values))


def read_log(path: Path) -> Log:
    """The log at `path`; a file that is not there is an empty log.

    A last line without its newline is one that is being written now: it is left out in silence. Of two lines about the
    same iteration or epoch (a run that was cut and resumed), and the same trouble, the later one counts.
    """
    records: dict[tuple[str, str, int, int, str], Record] = {}
    damaged = 0
    if path.is_file():
        with open(path, "rb") as file:
            for line in file:
                if (record := _record(line)) is not None:
                    records[(record.kind, record.stage, record.epoch, record.iteration, record.trouble)] = record
                elif line.strip() and line.endswith(b"\n"):
                    damaged += 1
    ordered = sorted(records.values(), key=lambda record: record.iteration)
    of_kind = {kind: tuple(record for record in ordered if record.kind == kind) for kind in _KINDS}
    events = tuple(record for record in ordered if record.kind in _EVENTS)
    alarms = [record.collapsed for record in ordered if record.kind == "alarm"]
    collapsed = bool(alarms) and alarms[-1]
    iterations, epochs, scores, looks, balance = (of_kind[kind] for kind in _KINDS)
    return Log(iterations, epochs, scores, looks, balance, events, collapsed, damaged)


def number(value: Any) -> float | None:
    """A JSON value as a float: null and the words for not-a-number become NaN; None where it is no number at all."""
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def means_per_epoch(records: Iterable[Record]) -> tuple[Record, ...]:
    """Epoch records made from iteration records: the mean of the finite values of each epoch of each stage."""
    groups: dict[tuple[str, int], list[Record]] = {}
    for record in records:
        groups.setdefault((record.stage, record.epoch), []).append(record)
    return tuple(
        Record("epoch", group[-1].iteration, stage, epoch, _mean_values(group))
        for (stage, epoch), group in groups.items()
    )


def _mean_values(records: list[Record]) -> dict[str, float]:
    names = dict.fromkeys(name for record in records for name in record.values)
    return {name: finite_mean([record.values[name] for record in records if name in record.values]) for name in names}


def finite_mean(values: Iterable[float]) -> float:
    """The mean of the finite values, NaN where there is none."""
    finite = [value for value in values if math.isfinite(value)]
    return math.fsum(finite) / len(finite) if finite else math.nan


def _record(line: bytes) -> Record | None:
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(raw, dict) or not isinstance(raw.get("values"), dict):
        return None
    iteration, epoch = raw.get("iteration"), raw.get("epoch", 0)
    if raw.get("kind") not in (*_KINDS, *_EVENTS) or not (is_count(iteration) and is_count(epoch)):
        return None
    numbers = {name: number(value) for name, value in raw["values"].items()}
    kept = {name: value for name, value in numbers.items() if value is not None}
    words = str(raw.get("told") or raw.get("quantity") or "")
    passports = raw.get("passports")
    known = passports if isinstance(passports, dict) else {}
    collapsed, (trouble, passed) = raw.get("collapsed") is True, _trouble(raw, words)
    stage = str(raw.get("stage", ""))
    return Record(raw["kind"], iteration, stage, epoch, kept, words, known, collapsed, trouble, passed)


def _trouble(raw: Mapping[str, Any], words: str) -> tuple[str, bool]:
    """The trouble of an alarm, and whether it has passed; logs from before the field "trouble" have them in words."""
    if isinstance(trouble := raw.get("trouble"), str):
        return trouble, raw.get("passed") is True
    if raw["kind"] not in _ALARMS:
        return "", False
    return words.removeprefix(_PASSED).partition(":")[0], words.startswith(_PASSED)


def sentence(event: Record) -> str:
    """An event in words."""
    if event.kind != "rollback":
        return event.words[:1].upper() + event.words[1:]
    factor = event.values.get("learning_rate_factor", math.nan)
    return (
        f"Rollback: {event.words} was not finite in iteration {event.values.get('diverged_in_iteration', 0):g}; "
        f"continued from iteration {event.iteration} with {factor:g} of the learning rates."
    )
