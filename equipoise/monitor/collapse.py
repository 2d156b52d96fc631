"""The collapse alarm: looks at the samples' variety now and then, and says so when it is lost.

It needs no labels and no network, and sees what a person sees in the sample grids: samples that have become all the
same, samples that have lost most of the data that they once reached, or samples that never took off.
"""

from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Literal

import torch
from torch import Tensor

from equipoise.common.errors import EquipoiseError
from equipoise.common.say import warn
from equipoise.evaluation.sampling import generate
from equipoise.experiments.build import sampling_generator
from equipoise.experiments.experiment import Experiment
from equipoise.metrics.collapse import Variety, Yardstick
from equipoise.training.log import Recorder
from equipoise.training.loop import Source, Turn
from equipoise.training.state import State

SAMPLES, FEWEST = 256, 32
LOOKS, SHORTEST_PAUSE = 40, 100
IN_A_ROW = 2
SAME, LOST, LATE, RECOVERED = 0.02, 1 / 3, 0.15, 1 / 2
FLOURISHING, LATE_SHARE = 0.3, 0.75
STOP = 1_000
"""In place of a signal's number where an alarm ends a run of several processes."""

OnCollapse = Literal["warn", "stop", "log"]


class Collapsed(EquipoiseError):
    """The samples have collapsed and the run was told to stop then; it is saved."""


@dataclass
class Memory:
    """What the alarm remembers from look to look: JSON values, kept in checkpoints.

    Attributes:
        best: the widest reach so far.
        rows: how many looks in a row found each trouble.
        ringing: the trouble that was told last and has not passed, or "".
    """

    best: float = 0.0
    rows: dict[str, int] = field(default_factory=dict)
    ringing: str = ""


def troubles(found: Variety, memory: Memory, progress: float) -> dict[str, str]:
    """What is wrong with the variety that was found, each in words.

    Args:
        found: the measures of this look.
        memory: of the looks before and this one.
        progress: the share of the training that is done.
    """
    wrong: dict[str, str] = {}
    if found.spacing < SAME:
        wrong["same"] = "the samples are almost all the same"
    if memory.best >= FLOURISHING and found.reach < LOST * memory.best:
        wrong["lost"] = f"samples reach {found.reach:.0%} of what held-out data reach, after {memory.best:.0%}"
    if progress >= LATE_SHARE and found.reach < LATE:
        share = f"{found.reach:.0%} of what held-out data reach"
        wrong["late"] = f"after {progress:.0%} of the training, samples reach {share}"
    return wrong


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
        real: real items [count, features] in the range that the generator makes.
        held_out: as many others.
        on_collapse: whether an alarm is only logged, or told, or ends the run.
        memory: what a checkpoint must keep.
        rang: the sentence of an alarm that ends the run, or "".
    """

    experiment: Experiment
    recorder: Recorder
    total: int
    real: Tensor
    held_out: Tensor
    on_collapse: OnCollapse = "warn"
    memory: Memory = field(default_factory=Memory)
    rang: str = ""

    def __call__(self, state: State, turn: Turn) -> None:
        """Look when it is due."""
        if turn.iteration % max(SHORTEST_PAUSE, self.total // LOOKS) == 0 and "generator/loss" in turn.values:
            self.look(state, turn)

    def look(self, state: State, turn: Turn) -> None:
        """Measure, log, and tell what is newly wrong, or that it has passed."""
        generator = sampling_generator(self.experiment, state)
        samples = generate(generator, self.experiment.latent, len(self.held_out), self.experiment.seed, "collapse")
        if not bool(torch.isfinite(samples).all()):
            return
        place = {"iteration": turn.iteration, "stage": turn.stage, "epoch": turn.epoch}
        self._tell_of(self._yardstick.variety(samples.flatten(1)), place)

    def _tell_of(self, found: Variety, place: dict[str, Any]) -> None:
        """Log what a look found, and what there is to tell of it."""
        lines: list[dict[str, Any]] = [{"kind": "variety"} | place | {"values": asdict(found)}]
        told = self._judge(found, place["iteration"])
        if told:
            alarm = {"told": told, "collapsed": bool(self.memory.ringing)}
            lines.append({"kind": "alarm"} | place | {"values": asdict(found)} | alarm)
        self.recorder.flush()
        self.recorder.append(lines)

    @cached_property
    def _yardstick(self) -> Yardstick:
        """What never changes is measured at the first look."""
        return Yardstick(self.real, self.held_out)

    def _judge(self, found: Variety, iteration: int) -> str:
        """The sentence to tell, or "" for none."""
        memory = self.memory
        memory.best = max(memory.best, found.reach)
        wrong = troubles(found, memory, iteration / self.total)
        memory.rows = {name: memory.rows.get(name, 0) + 1 for name in wrong}
        lasting = [name for name in wrong if memory.rows[name] >= IN_A_ROW]
        if lasting and not memory.ringing:
            memory.ringing = lasting[0]
            sentence = f"collapse: {wrong[lasting[0]]} (iteration {iteration})."
            self.rang = sentence if self.on_collapse == "stop" else ""
            return self._tell(sentence)
        if memory.ringing and not wrong and found.reach >= RECOVERED * memory.best:
            memory.ringing = ""
            return self._tell(f"the collapse has passed: samples reach {found.reach:.0%} (iteration {iteration}).")
        return ""

    def _tell(self, sentence: str) -> str:
        if self.on_collapse == "warn":
            warn(sentence)
        return sentence


def collapse_alarm(
    experiment: Experiment, source: Source, recorder: Recorder, total: int, on_collapse: OnCollapse
) -> CollapseAlarm | None:
    """The alarm for this run; None where it cannot tell: fewer than 64 real items, or mostly repeated ones."""
    count = min(SAMPLES, len(source) // 2)
    if count < FEWEST:
        return None
    items = source.batch(torch.arange(2 * count) * len(source) // (2 * count)).flatten(1).cpu()
    real, held_out = items[::2], items[1::2]
    if len(held_out.unique(dim=0)) <= count // 2 + 1:
        return None
    return CollapseAlarm(experiment, recorder, total, real, held_out, on_collapse)
