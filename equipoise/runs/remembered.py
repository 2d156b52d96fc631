"""What a checkpoint of a run remembers besides the state, and whether what an index holds is that."""

import json
from dataclasses import dataclass, fields
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from equipoise.common.errors import EquipoiseError, printable
from equipoise.training.checkpoint import Checkpoint


@dataclass(frozen=True)
class _Epoch:
    sums: dict[str, float | None]
    iterations: int


@dataclass(frozen=True)
class _Log:
    bytes: int
    epoch: _Epoch


@dataclass(frozen=True)
class _Best:
    iteration: int
    value: float


@dataclass(frozen=True)
class _Alarm:
    """The fields of `equipoise.monitor.collapse.Memory`, and no other."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    best: float
    rows: dict[str, int]
    ringing: str


@dataclass(frozen=True)
class _Remembered:
    log: _Log
    best: _Best | None
    data_hash: str
    alarm: _Alarm | None


_ADAPTER = TypeAdapter(_Remembered)


def check_remembered(checkpoint: Checkpoint, extra: dict[str, Any]) -> None:
    """The `extra` entries of an index must be what a run writes there: the log, the best value, the data, the alarm.

    Raises:
        EquipoiseError: an entry is missing or of another kind; it is named.
    """
    known = {field.name: extra[field.name] for field in fields(_Remembered) if field.name in extra}
    try:
        _ADAPTER.validate_json(json.dumps(known), strict=True)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))
        name = printable(checkpoint.index)
        raise EquipoiseError(
            f"checkpoint {name} is damaged: its entry extra.{printable(place)} is missing or of another kind; delete "
            "this checkpoint, and the one before it is taken."
        ) from error
