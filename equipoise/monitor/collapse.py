"""Whether samples have lost their variety: all alike, covering less of the data than before, or never near it.

It needs no labels and no network, and sees what a person sees in a grid of samples.
"""

from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from torch import Tensor

from equipoise.common.random import spread_places
from equipoise.metrics.collapse import Variety, Yardstick
from equipoise.monitor import words
from equipoise.monitor.alarm import Alarm, Report
from equipoise.monitor.samples import Newest
from equipoise.monitor.uncompiled import uncompiled

NAME = "collapse"
"""The name of its alarms."""
SAMPLES, FEWEST = 256, 32
"""Samples of a look, and the fewest that a look can take."""
IN_A_ROW = 2
"""Looks that must find the same before it is told."""
SAME, LOST, LATE, RECOVERED = 0.02, 1 / 3, 0.15, 1 / 2
"""The limits of spacing and reach, as the page on the alarm gives them."""
FLOURISHING, LATE_SHARE = 0.3, 0.75
"""The reach from which a loss is told, and the share of a run from which little reach is."""


@dataclass
class Memory:
    """What is remembered between measurements: JSON values, kept in checkpoints.

    Attributes:
        best: the widest reach so far.
        rows: how many looks in a row found each trouble.
        ringing: the trouble that was told last and has not passed, or "".
    """

    best: float = 0.0
    rows: dict[str, int] = field(default_factory=dict)
    ringing: str = ""


@dataclass
class VarietyMonitor:
    """Compares samples with real data at intervals, and reports when their variety is lost.

    Attributes:
        real: real items [count, ...] in the range of the samples.
        held_out: as many others, at least 32; a look takes as many samples.
        total: the length of the training in steps, or None where it is not known: then little reach late in the
            training is not told, only the loss of what was there.
        memory: of the looks so far.
        steps: the last step that was noted.
    """

    takes = frozenset({"samples"})

    real: Tensor
    held_out: Tensor
    total: int | None = None
    memory: Memory = field(default_factory=Memory)
    steps: int = 0

    def __post_init__(self) -> None:
        if self.real.shape[1:] != self.held_out.shape[1:]:
            shapes = f"{tuple(self.real.shape)} and {tuple(self.held_out.shape)}"
            raise ValueError(f"real and held_out must hold items of one shape, got {shapes}.")

    @uncompiled
    def update(self, samples: Tensor, step: int | None = None) -> None:
        """Record samples [count, ...] without waiting; the newest are used, as many as there are held-out items."""
        self._newest.keep(samples)
        self.steps = self.steps + 1 if step is None else step

    @uncompiled
    def report(self) -> Report:
        """Measure the newest samples, if there are enough since the last report and all are finite."""
        samples = self._newest.take()
        if samples is None:
            return Report({}, (), self._lasting)
        return self.judge(self._yardstick.variety(samples.flatten(1)))

    def judge(self, found: Variety) -> Report:
        """As `report`, for measures that are already known."""
        memory = self.memory
        memory.best = max(memory.best, found.reach)
        wrong = troubles(found, memory, self.steps / self.total if self.total else 0.0)
        memory.rows = {name: memory.rows.get(name, 0) + 1 for name in wrong}
        return Report(asdict(found), self._alarms(found, wrong), self._lasting)

    def _alarms(self, found: Variety, wrong: dict[str, str]) -> tuple[Alarm, ...]:
        memory = self.memory
        lasting = [name for name in wrong if memory.rows[name] >= IN_A_ROW]
        if lasting and not memory.ringing:
            memory.ringing = lasting[0]
            return (words.alarm(NAME, wrong[lasting[0]], self.steps),)
        if memory.ringing and not wrong and found.reach >= RECOVERED * memory.best:
            memory.ringing = ""
            return (words.passed(NAME, f"the samples cover {found.reach:.0%} of the data again", self.steps),)
        return ()

    @property
    def _lasting(self) -> tuple[str, ...]:
        return (NAME,) if self.memory.ringing else ()

    @cached_property
    def _newest(self) -> Newest:
        return Newest(len(self.held_out), self.held_out[0].numel())

    @cached_property
    def _yardstick(self) -> Yardstick:
        """What never changes is measured at the first look."""
        return Yardstick(self.real.flatten(1), self.held_out.flatten(1))

    def state_dict(self) -> dict[str, Any]:
        """JSON values; samples that wait are not kept."""
        return {"steps": self.steps, "memory": asdict(self.memory)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self._newest.clear()
        self.steps, self.memory = state["steps"], Memory(**state["memory"])

    @classmethod
    def of(cls, items: Tensor, total: int | None = None) -> "VarietyMonitor | None":
        """A monitor for real items [count, ...]: every other one is held out, at most 256 of each.

        None where it cannot tell: fewer than 64 items, or mostly repeated ones.
        """
        count = min(SAMPLES, len(items) // 2)
        if count < FEWEST:
            return None
        chosen = items[spread_indices(len(items))].flatten(1)
        real, held_out = chosen[::2], chosen[1::2]
        if len(held_out.unique(dim=0)) <= count // 2 + 1:
            return None
        return cls(real, held_out, total)


def spread_indices(items: int) -> Tensor:
    """The indices of the real items that a monitor compares with: spread over all, at most 512, an even count."""
    return spread_places(2 * min(SAMPLES, items // 2), items)


def troubles(found: Variety, memory: Memory, progress: float) -> dict[str, str]:
    """The problems of a measured variety, in words.

    Args:
        found: the measures of this look.
        memory: of the looks before and this one.
        progress: the share of the training that is done.
    """
    wrong: dict[str, str] = {}
    covered = f"the samples cover only {found.reach:.0%} as much of the data as held-out data do"
    if found.spacing < SAME:
        apart = f"their distance to the nearest other sample is {found.spacing:.2g} of that of real data"
        wrong["same"] = f"the samples are almost all the same; {apart}, below {SAME:g}"
    if memory.best >= FLOURISHING and found.reach < LOST * memory.best:
        wrong["lost"] = f"{covered}, less than a third of the best so far, {memory.best:.0%}"
    if progress >= LATE_SHARE and found.reach < LATE:
        wrong["late"] = f"after {progress:.0%} of the training, {covered}, less than {LATE:.0%}"
    return wrong
