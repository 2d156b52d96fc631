"""When samples have lost their variety: all the same, off most of the data they once covered, or never near it.

It needs no labels and no network, and sees what a person sees in a grid of samples.
"""

from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from equipoise.metrics.collapse import Variety, Yardstick
from equipoise.training.loop import Source

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
    """What is remembered from look to look: JSON values, kept in checkpoints.

    Attributes:
        best: the widest reach so far.
        rows: how many looks in a row found each trouble.
        ringing: the trouble that was told last and has not passed, or "".
    """

    best: float = 0.0
    rows: dict[str, int] = field(default_factory=dict)
    ringing: str = ""


@dataclass(frozen=True)
class Look:
    """What one look found.

    Attributes:
        variety: the measures.
        told: what is newly wrong, or that it has passed, in one sentence; "" for nothing new.
        collapsed: whether the samples are collapsed now.
    """

    variety: Variety
    told: str
    collapsed: bool


@dataclass
class CollapseMonitor:
    """Compares samples with real data, look by look, and tells when their variety is lost.

    Attributes:
        real: real items [count, features] in the range of the samples.
        held_out: as many others.
        memory: of the looks so far.
    """

    real: Tensor
    held_out: Tensor
    memory: Memory = field(default_factory=Memory)

    def update(self, samples: Tensor, iteration: int, total: int) -> Look:
        """Take a look at samples [count, ...], finite and as many as `held_out`, after `iteration` of `total`."""
        return self.judge(self._yardstick.variety(samples.flatten(1)), iteration, total)

    def judge(self, found: Variety, iteration: int, total: int) -> Look:
        """As `update`, of measures that were taken already."""
        told = self._judged(found, iteration, iteration / total)
        return Look(found, told, bool(self.memory.ringing))

    @cached_property
    def _yardstick(self) -> Yardstick:
        """What never changes is measured at the first look."""
        return Yardstick(self.real, self.held_out)

    def _judged(self, found: Variety, iteration: int, progress: float) -> str:
        memory = self.memory
        memory.best = max(memory.best, found.reach)
        wrong = troubles(found, memory, progress)
        memory.rows = {name: memory.rows.get(name, 0) + 1 for name in wrong}
        lasting = [name for name in wrong if memory.rows[name] >= IN_A_ROW]
        if lasting and not memory.ringing:
            memory.ringing = lasting[0]
            return f"collapse: {wrong[lasting[0]]} (iteration {iteration})."
        if memory.ringing and not wrong and found.reach >= RECOVERED * memory.best:
            memory.ringing = ""
            return f"recovered from the collapse: the samples cover {found.reach:.0%} again (iteration {iteration})."
        return ""


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
        best = f"the best was {memory.best:.0%}"
        wrong["lost"] = f"the samples cover only {found.reach:.0%} as much of the data as held-out data do; {best}"
    if progress >= LATE_SHARE and found.reach < LATE:
        share = f"{found.reach:.0%} as much of the data as held-out data do"
        wrong["late"] = f"after {progress:.0%} of the training, the samples cover only {share}"
    return wrong


def collapse_monitor(source: Source) -> CollapseMonitor | None:
    """A monitor for this data; None where it cannot tell: fewer than 64 real items, or mostly repeated ones."""
    count = min(SAMPLES, len(source) // 2)
    if count < FEWEST:
        return None
    items = source.batch(torch.arange(2 * count) * len(source) // (2 * count)).flatten(1).cpu()
    real, held_out = items[::2], items[1::2]
    if len(held_out.unique(dim=0)) <= count // 2 + 1:
        return None
    return CollapseMonitor(real, held_out)
