"""How long a study will take: from what earlier runs recorded, or from a few iterations now."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from equipoise.common.machine import choose_device
from equipoise.experiments.build import build_game, build_state
from equipoise.experiments.experiment import Experiment
from equipoise.runs.pace import stage_seconds
from equipoise.studies.carry_out import recorded_seconds
from equipoise.studies.plan import Planned

_MOST_MEASURED = 4
_SCORING_SECONDS = 5.0


@dataclass(frozen=True)
class Estimate:
    """Expected seconds of work on one core, and where the figure comes from.

    Attributes:
        seconds: of all runs.
        source: in words.
        by_name: seconds of one run of each experiment's name, scoring included.
    """

    seconds: float
    source: str
    by_name: Mapping[str, float] = field(default_factory=dict)


def estimate(planned: Sequence[Planned], out: Path, device: str, data_root: Path | None) -> Estimate:
    """The work of these runs: by their recorded speed where one of the same name was trained, else by a measurement.

    At most four names are measured, those with the most runs; the others are taken to be like them.
    """
    totals: dict[str, list[Planned]] = {}
    for each in planned:
        totals.setdefault(each.experiment.name, []).append(each)
    known: dict[str, float] = {}
    for name, runs in totals.items():
        recorded = _recorded(runs[0], out)
        if recorded is not None:
            known[name] = recorded * len(runs)
    source = "by the speed of earlier runs" if len(known) == len(totals) else "measured over a few iterations"
    missing = sorted((name for name in totals if name not in known), key=lambda name: -len(totals[name]))
    for name in missing[:_MOST_MEASURED]:
        known[name] = run_seconds(totals[name][0].experiment, device, data_root) * len(totals[name])
    usual = sum(known.values()) / max(sum(len(totals[name]) for name in known), 1)
    single = {name: known.get(name, usual * len(runs)) / len(runs) + _SCORING_SECONDS for name, runs in totals.items()}
    return Estimate(sum(single[name] * len(runs) for name, runs in totals.items()), source, single)


def run_seconds(experiment: Experiment, device: str, data_root: Path | None) -> float:
    """The expected seconds of a run: each stage's length times the time of its iterations."""
    torch.set_num_threads(1)
    place = choose_device(device)
    game = build_game(experiment, experiment.data.load(data_root, experiment.seed).to(place))
    stages = stage_seconds(game, lambda alone: build_state(experiment, alone, place))
    return sum(iterations * each for iterations, each in stages)


def _recorded(planned: Planned, out: Path) -> float | None:
    """Seconds of a run, by the speed of any run of the same recipe and size in this study's directory."""
    name = planned.experiment.name
    found: Callable[[Path], float | None] = recorded_seconds
    speeds = [speed for place in (out / "runs").glob(f"{name}-seed*") if (speed := found(place)) is not None]
    if not speeds:
        return None
    return sum(speeds) / len(speeds) * _iterations(planned.experiment, out)


def _iterations(experiment: Experiment, out: Path) -> int:
    """How long such a run is, as one that ended logged it."""
    from equipoise.runs.record import read_run

    lengths = [
        read_run(place).log.last_iteration
        for place in (out / "runs").glob(f"{experiment.name}-seed*")
        if recorded_seconds(place) is not None
    ]
    return max(lengths, default=0)
