"""What a checkpoint of a run contains besides the state."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from equipoise.common.errors import EquipoiseError, printable
from equipoise.training.checkpoint import Checkpoint, list_checkpoints
from equipoise.training.log import Epoch


@dataclass(frozen=True)
class LogPlace:
    """How long the log was, in bytes, and what it had not yet written."""

    bytes: int
    epoch: Epoch


@dataclass(frozen=True)
class Best:
    """The best value of a metric and the iteration where it was found; older checkpoints name no metric."""

    iteration: int
    value: float
    metric: str | None = None


@with_config(ConfigDict(extra="forbid"))
class AlarmMemory(TypedDict):
    """The fields of `equipoise.monitor.collapse.Memory`, and no other."""

    best: float
    rows: dict[str, int]
    ringing: str


@dataclass(frozen=True)
class Remembered:
    """What a checkpoint contains besides the state.

    Attributes:
        log: where the log stood.
        best: the best value so far, where one is kept.
        data_hash: the content hash of the data.
        alarm: what the collapse alarm remembers, or None without one.
        experiment: what the run was trained by, as plain data; older checkpoints do not say.
        layout: how the tensors lie.
        players: what the monitors of the players' balance remember; older checkpoints do not say.
    """

    log: LogPlace
    best: Best | None
    data_hash: str
    alarm: AlarmMemory | None
    experiment: Any = None
    layout: str = "channels-last"
    players: dict[str, Any] | None = None


NOTHING_YET = Remembered(LogPlace(0, {"sums": {}, "iterations": 0}), None, "", None)
"""What there is to remember at the very start."""
_ADAPTER = TypeAdapter(Remembered)


def remembered_by(checkpoint: Checkpoint, index: Mapping[str, Any]) -> Remembered:
    """The `extra` entries of a checkpoint's index, if they are as a run writes them.

    Raises:
        EquipoiseError: an entry is missing or of another kind; it is named.
    """
    extra = index["extra"]
    checked = {field.name: extra[field.name] for field in fields(Remembered) if field.name in extra}
    experiment = checked.pop("experiment", None)  # any plain data; JSON's own reader refuses names beyond the locale
    try:
        return replace(_ADAPTER.validate_json(json.dumps(checked), strict=True), experiment=experiment)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))
        older = [each for each in list_checkpoints(checkpoint.index.parent) if each.iteration < checkpoint.iteration]
        advice = f"delete it to use {older[-1].index.name}" if older else "start a new run, as no older one is there"
        raise EquipoiseError(
            f"checkpoint {printable(checkpoint.index)} is damaged: its entry extra.{printable(place)} is missing or "
            f"has the wrong type; {advice}."
        ) from error
