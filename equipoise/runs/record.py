"""Reads a run's directory without trusting it: whatever is missing or damaged is left out of the page."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import MOST_TEXT_BYTES, read_bounded
from equipoise.data.account import Account
from equipoise.evaluation.score import Score
from equipoise.experiments.reading import read_yaml
from equipoise.runs.curves import FAKE, MARGIN, REAL, Curve, curve, last_stage
from equipoise.runs.directory import check_is_run
from equipoise.runs.run_log import Log, Record, number, read_log

HISTOGRAM = "class-histogram"
"""The metric that a run's page draws."""
_USUAL = "float32"


@dataclass(frozen=True)
class RunRecord:
    """A run as the page needs it."""

    path: Path
    config_text: str
    config: Mapping[str, Any]
    environment: Mapping[str, Any]
    log: Log
    scores: tuple[Score, ...]
    account: Account | None = None

    @property
    def name(self) -> str:
        """The experiment's name in the configuration, or else the directory's."""
        named = self.config.get("name")
        return named if isinstance(named, str) and named else printable(self.path.resolve().name)

    @property
    def seed(self) -> str:
        """The seed in the environment or the configuration, or None."""
        found = self.environment.get("seed", self.config.get("seed"))
        return "" if found is None else str(found)

    @property
    def first_session(self) -> Mapping[str, Any]:
        """What was recorded when the run began; nothing where that cannot be read."""
        sessions = self.environment.get("sessions")
        first = sessions[0] if isinstance(sessions, list) and sessions else {}
        return first if isinstance(first, Mapping) else {}

    @property
    def precision(self) -> str:
        """The players' precision, as recorded by the first session."""
        return str(self.first_session.get("precision", _USUAL))

    @property
    def diverged(self) -> bool:
        """Whether the last logged losses or energies hold a value that is not a finite number."""
        ends: list[Record] = [*self.log.iterations[-1:], *self.log.epochs[-1:]]
        watched = (value for record in ends for name, value in record.values.items() if _tells_divergence(name))
        return any(not math.isfinite(value) for value in watched)

    @property
    def fixed_margin(self) -> float | None:
        """The margin that the config sets for the whole run, for algorithms that do not log one."""
        algorithm = self.config.get("algorithm")
        found = algorithm.get("margin") if isinstance(algorithm, Mapping) else None
        value = number(found) if isinstance(found, int | float) else None
        return value if value is not None and math.isfinite(value) else None

    def by_epoch(self, name: str) -> Curve:
        """A value over the epochs of the last stage; a margin that is not logged is the config's constant."""
        records = last_stage(self.log)
        found = curve(records, name, by_epoch=True)
        energies = curve(records, REAL, by_epoch=True) or curve(records, FAKE, by_epoch=True)
        if name == MARGIN and not found and energies and self.fixed_margin is not None:
            return Curve(energies.positions, energies.positions * 0 + self.fixed_margin)
        return found

    def histogram(self) -> Mapping[str, float]:
        """The share of each class among generated samples, by its name or else its number; nothing if not measured."""
        for score in reversed(self.scores):
            if score.metric == HISTOGRAM and isinstance(score.value, tuple):
                names = score.class_names or map(str, range(len(score.value)))
                return dict(zip(names, score.value, strict=True))
        return {}


def read_run(path: Path) -> RunRecord:
    """The run at `path`.

    Raises:
        EquipoiseError: there is no run.
    """
    path = Path(path)
    check_is_run(path)
    text = _text(path / "config.yaml")
    return RunRecord(
        path,
        text,
        _yaml(text),
        _json(path / "environment.json"),
        read_log(path / "metrics.jsonl"),
        _scores(path),
        _account(path),
    )


def _account(path: Path) -> Account | None:
    """What became of the data's files, where that was noted."""
    try:
        return Account.from_dict(_json(path / "data.json"))
    except (KeyError, TypeError, ValueError, IndexError):
        return None


def _scores(path: Path) -> tuple[Score, ...]:
    listed = _json(path / "scores.json").get("scores")
    found = [_score(raw) for raw in listed if isinstance(raw, Mapping)] if isinstance(listed, list) else []
    return tuple(score for score in found if score is not None)


def _score(raw: Mapping[str, Any]) -> Score | None:
    value = _score_value(raw.get("value"))
    if value is None or not isinstance(raw.get("metric"), str):
        return None
    deviation = number(raw.get("deviation"))
    passport = raw.get("passport")
    known = deviation is not None and math.isfinite(deviation)
    taken_of = {"iteration": raw["iteration"]} if isinstance(raw.get("iteration"), int) else {}
    told = {**taken_of, **passport} if isinstance(passport, Mapping) else taken_of
    return Score(raw["metric"], value, deviation if known else None, told)


def _score_value(raw: Any) -> float | tuple[float, ...] | None:
    if isinstance(raw, list):
        numbers = [number(value) for value in raw]
        return tuple(math.nan if value is None else value for value in numbers)
    return number(raw)


def _tells_divergence(name: str) -> bool:
    return name in (REAL, FAKE) or name == "loss" or name.endswith("/loss")


def _text(path: Path) -> str:
    try:
        return read_bounded(path, MOST_TEXT_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _yaml(text: str) -> Mapping[str, Any]:
    try:
        found = read_yaml(text)
    except EquipoiseError:
        return {}
    return found if isinstance(found, Mapping) else {}


def _json(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(_text(path) or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, Mapping) else {}
