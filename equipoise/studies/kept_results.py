"""The form of a study's results file, to check one that may be damaged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from equipoise.common.errors import printable
from equipoise.evaluation.score import Score


@dataclass(frozen=True)
class _Run:
    variant: str
    seed: int
    directory: str
    status: str
    reason: str
    scores: dict[str, Score]


@dataclass(frozen=True)
class _Row:
    label: str
    block: str
    runs: list[_Run]


@dataclass(frozen=True)
class _Reference:
    label: str
    block: str
    scores: dict[str, Score]


@dataclass(frozen=True)
class _Results:
    study: str
    budget: str
    inception: bool
    rows: list[_Row]
    real_data: list[_Reference] = field(default_factory=list)


_ADAPTER = TypeAdapter(_Results)


def misfit(results: Mapping[str, Any]) -> str | None:
    """The first place where results do not have the form that studies write; None if they do."""
    try:
        _ADAPTER.validate_python(results)
    except ValidationError as error:
        return printable(".".join(map(str, error.errors()[0]["loc"])))
    return None
