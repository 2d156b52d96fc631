"""How long a study will take: from what earlier runs recorded, or from a few iterations now."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch

from equipoise.common.checks import NotFiniteError
from equipoise.common.machine import choose_device, threads_kept
from equipoise.experiments.build import build_game, build_state
from equipoise.experiments.experiment import Experiment
from equipoise.runs.directory import RunDirectory
from equipoise.runs.pace import stage_seconds
from equipoise.runs.record import read_run
from equipoise.studies.pace import Pace, kind_of, paces
from equipoise.studies.plan import Planned
from equipoise.studies.study import evenly
from equipoise.training.precision import Precision

_MOST_MEASURED = 4
_SCORING_SECONDS = 5.0


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


def estimate(
    planned: Sequence[Planned], out: Path, device: str, data_root: Path | None, precision: Precision = "float32"
) -> Estimate:
    """The work of these runs: by the recorded speed where one of the same kind was trained, else by a measurement.

    At most four kinds are measured, evenly chosen among them; the others are taken to be as long as these on average.
    """
    kinds = [kind_of(each.experiment, precision) for each in planned]
    examples: dict[str, Experiment] = {}
    for kind, each in zip(kinds, planned, strict=True):
        examples.setdefault(kind, each.experiment)
    known = {kind: pace for kind, pace in paces(out / "runs").items() if kind in examples}
    source = "by the speed of earlier runs" if len(known) == len(examples) else "measured over a few iterations"
    missing = [kind for kind in examples if kind not in known]
    for place in evenly(len(missing), _MOST_MEASURED):
        with suppress(NotFiniteError):  # it diverges at once; the others tell how long a run takes
            known[missing[place]] = measured(examples[missing[place]], device, data_root, precision)
    usual = sum(pace.iterations * pace.seconds for pace in known.values()) / max(len(known), 1)
    whole = {kind: known[kind].iterations * known[kind].seconds if kind in known else usual for kind in examples}
    left = [
        whole[kind] * _share_left(out / each.directory, known.get(kind)) + _SCORING_SECONDS
        for kind, each in zip(kinds, planned, strict=True)
    ]
    return Estimate(sum(left), source, left)


@threads_kept()
def measured(experiment: Experiment, device: str, data_root: Path | None, precision: Precision = "float32") -> Pace:
    """A run's iterations and the mean time of each: every stage's length times the time of its iterations."""
    torch.set_num_threads(1)
    place = choose_device(device)
    game = build_game(experiment, experiment.data.load(data_root, experiment.seed).to(place), precision)
    stages = stage_seconds(game, lambda alone: build_state(experiment, alone, place))
    iterations = sum(count for count, _ in stages)
    return Pace(iterations, sum(count * each for count, each in stages) / max(iterations, 1))


def _share_left(place: Path, pace: Pace | None) -> float:
    """How much of a run is left to train; all of it where it has not begun, or its length is not known."""
    if pace is None or not RunDirectory(place).log.exists():
        return 1.0
    return max(0.0, 1.0 - read_run(place).log.last_iteration / max(pace.iterations, 1))
