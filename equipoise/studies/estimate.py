"""How long a study will take: from what earlier runs recorded, or from a few iterations now."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from equipoise.common.errors import EquipoiseError
from equipoise.common.machine import choose_device
from equipoise.experiments.build import build_game, build_state
from equipoise.experiments.config import to_plain
from equipoise.experiments.experiment import Experiment
from equipoise.runs.directory import RunDirectory
from equipoise.runs.pace import stage_seconds
from equipoise.runs.record import read_run
from equipoise.studies.carry_out import recorded_seconds
from equipoise.studies.plan import Planned
from equipoise.studies.study import evenly

_MOST_MEASURED = 4
_SCORING_SECONDS = 5.0
_ASIDE = ("name", "seed", "watch")
"""What does not change how long an iteration takes, or hardly."""


@dataclass(frozen=True)
class Pace:
    """A kind of run: how many iterations it has, and the seconds of each."""

    iterations: int
    seconds: float


@dataclass(frozen=True)
class Estimate:
    """Expected seconds of work on one core, and where the figure comes from.

    Attributes:
        seconds: of all runs, without what they have done already.
        source: in words.
        left: seconds that each run still takes, scoring included, in the order in which they were asked for.
    """

    seconds: float
    source: str
    left: Sequence[float] = ()


def estimate(planned: Sequence[Planned], out: Path, device: str, data_root: Path | None) -> Estimate:
    """The work of these runs: by the recorded speed where one of the same kind was trained, else by a measurement.

    At most four kinds are measured, evenly chosen among them; the others are taken to be as long as these on average.
    """
    kinds = [_kind(each.experiment) for each in planned]
    examples = {kind: each.experiment for kind, each in zip(kinds, planned, strict=True)}
    known = {kind: pace for kind, pace in _recorded(out).items() if kind in examples}
    source = "by the speed of earlier runs" if len(known) == len(examples) else "measured over a few iterations"
    missing = [kind for kind in examples if kind not in known]
    for place in evenly(len(missing), _MOST_MEASURED):
        known[missing[place]] = measured(examples[missing[place]], device, data_root)
    usual = sum(pace.iterations * pace.seconds for pace in known.values()) / max(len(known), 1)
    whole = {kind: known[kind].iterations * known[kind].seconds if kind in known else usual for kind in examples}
    left = [
        whole[kind] * _share_left(out / each.directory, known.get(kind)) + _SCORING_SECONDS
        for kind, each in zip(kinds, planned, strict=True)
    ]
    return Estimate(sum(left), source, left)


def _kind(experiment: Experiment) -> str:
    """What decides how long a run takes: its configuration without seed, names and numbers that count nothing.

    Two learning rates or two margins make no difference; two widths, batches or lengths do.
    """
    plain = to_plain(experiment)
    return json.dumps({name: _counts(value) for name, value in plain.items() if name not in _ASIDE}, sort_keys=True)


def _counts(value: Any) -> Any:
    """The same without floating-point numbers."""
    if isinstance(value, Mapping):
        return {name: _counts(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_counts(each) for each in value]
    return None if isinstance(value, float) else value


def measured(experiment: Experiment, device: str, data_root: Path | None) -> Pace:
    """A run's iterations and the mean time of each: every stage's length times the time of its iterations."""
    torch.set_num_threads(1)
    place = choose_device(device)
    game = build_game(experiment, experiment.data.load(data_root, experiment.seed).to(place))
    stages = stage_seconds(game, lambda alone: build_state(experiment, alone, place))
    iterations = sum(count for count, _ in stages)
    return Pace(iterations, sum(count * each for count, each in stages) / max(iterations, 1))


def _recorded(out: Path) -> dict[str, Pace]:
    """The pace of each kind of run that ended in this study's directory, of several the mean."""
    found: dict[str, list[Pace]] = {}
    for place in (out / "runs").glob("*"):
        seconds = recorded_seconds(place)
        if seconds is not None and (kind := _kind_in(place)) is not None:
            found.setdefault(kind, []).append(Pace(read_run(place).log.last_iteration, seconds))
    return {
        kind: Pace(max(pace.iterations for pace in paces), sum(pace.seconds for pace in paces) / len(paces))
        for kind, paces in found.items()
    }


def _kind_in(place: Path) -> str | None:
    """The kind of the run in this directory; None where its configuration cannot be read."""
    try:
        return _kind(RunDirectory(place).experiment())
    except EquipoiseError:
        return None


def _share_left(place: Path, pace: Pace | None) -> float:
    """How much of a run is left to train; all of it where it has not begun, or its length is not known."""
    if pace is None or not RunDirectory(place).log.exists():
        return 1.0
    return max(0.0, 1.0 - read_run(place).log.last_iteration / max(pace.iterations, 1))
