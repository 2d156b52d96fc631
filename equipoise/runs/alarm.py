"""The collapse alarm of a run: looks at the generator's samples now and then, logs it, and warns or stops the run."""

from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Any, Literal

import torch

from equipoise.common.errors import EquipoiseError
from equipoise.common.say import warn
from equipoise.evaluation.sampling import generate
from equipoise.experiments.build import sampling_generator
from equipoise.experiments.experiment import Experiment
from equipoise.monitor.collapse import CollapseMonitor, Look
from equipoise.training.log import Recorder
from equipoise.training.loop import Turn
from equipoise.training.state import State

LOOKS, SHORTEST_PAUSE = 40, 100
"""Looks in a run, and the fewest iterations from one to the next."""

OnCollapse = Literal["warn", "stop", "log"]
"""What a run does when its samples lose their variety."""


class Stop(IntEnum):
    """In place of a signal's number: why the processes of a run agree to end it."""

    COLLAPSED = 1_000


class Collapsed(EquipoiseError):
    """The samples have collapsed and the run was told to stop then; it is saved."""


@dataclass
class CollapseAlarm:
    """An observer that measures the samples' variety now and then, and tells when it is lost.

    It looks 40 times in a run, at most every 100 iterations, which costs less than a hundredth of them (more where an
    averaged generator needs its batch statistics first); only in iterations that trained the generator, on latents of
    its own; and it changes nothing about the run.

    Attributes:
        experiment: what is trained.
        recorder: of the log; every look and every alarm is a line.
        total: the run's length in iterations.
        monitor: judges the samples; a checkpoint must keep its memory.
        on_collapse: whether an alarm is only logged, or told, or ends the run.
        rang: the sentence of an alarm that ends the run, or "".
    """

    experiment: Experiment
    recorder: Recorder
    total: int
    monitor: CollapseMonitor
    on_collapse: OnCollapse = "warn"
    rang: str = ""

    def __call__(self, state: State, turn: Turn) -> None:
        """Look when it is due."""
        if turn.iteration % max(SHORTEST_PAUSE, self.total // LOOKS) == 0 and "generator/loss" in turn.values:
            self.look(state, turn)

    def look(self, state: State, turn: Turn) -> None:
        """Measure, log, and tell what is newly wrong, or that it has passed."""
        generator, count = sampling_generator(self.experiment, state), len(self.monitor.held_out)
        samples = generate(generator, self.experiment.latent, count, self.experiment.seed, "collapse")
        if bool(torch.isfinite(samples).all()):
            place = {"iteration": turn.iteration, "stage": turn.stage, "epoch": turn.epoch}
            self.tell_of(self.monitor.update(samples, turn.iteration, self.total), place)

    def tell_of(self, look: Look, place: dict[str, Any]) -> None:
        """Log what a look found, and tell what there is to tell of it."""
        values = {"values": asdict(look.variety)}
        lines: list[dict[str, Any]] = [{"kind": "variety"} | place | values]
        if look.told:
            lines.append({"kind": "alarm"} | place | values | {"told": look.told, "collapsed": look.collapsed})
            if self.on_collapse == "warn":
                warn(look.told)
            if self.on_collapse == "stop" and look.collapsed:
                self.rang = look.told
        self.recorder.flush()
        self.recorder.append(lines)
