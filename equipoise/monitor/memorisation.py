"""Whether samples are copies of training items: nearer to them than held-out items are."""

from typing import Any

from torch import Tensor

from equipoise.metrics.neighbours import memorisation
from equipoise.monitor import words
from equipoise.monitor.alarm import Report
from equipoise.monitor.lasting import Lasting
from equipoise.monitor.samples import Newest
from equipoise.monitor.uncompiled import uncompiled

NAME = "memorisation"
"""The name of its alarms."""
SAMPLES, PATIENCE = 256, 2
"""Samples of a look, and looks in a row that must find the same."""
NEARER, RATIO = 0.5, 0.5
"""It is said above this share of samples nearer than 95 of 100 held-out items, and below this ratio of distances."""
_SUSPICIOUS = 0.2


def copies(ratio: float, share_nearer: float) -> bool:
    """Whether samples are copies, by what `equipoise.metrics.memorisation` found."""
    return share_nearer > NEARER and ratio < RATIO


def neighbours_in_words(ratio: float, share_nearer: float) -> str:
    """What `equipoise.metrics.memorisation` found, for people.

    Args:
        ratio: median distance to the nearest training picture, over that of held-out pictures.
        share_nearer: of the samples, nearer than 95 of 100 held-out pictures.
    """
    seen = (
        f"{share_nearer:.0%} of the samples are nearer to a training picture than 95 of 100 held-out pictures are "
        f"(5% would be usual), at {ratio:.2f} times the usual distance."
    )
    if copies(ratio, share_nearer):
        return f"The samples are copies of training pictures: {seen}"
    if share_nearer > _SUSPICIOUS:
        return f"Some samples are close to training pictures: {seen}"
    return f"The samples are no copies of training pictures: {seen}"


class MemorisationMonitor:
    """Compares the distance of samples to their nearest training item with that of held-out items.

    A look takes time in proportion to the training items: about 0.1 s for 10,000 items of 784 numbers on a CPU.

    Attributes:
        steps: the last step that was noted.
    """

    takes = frozenset({"samples"})

    def __init__(self, training: Tensor, held_out: Tensor):
        """All training items and others that are not trained on, [count, ...], in the range of the samples."""
        self.steps = 0
        self._training, self._held_out = training.flatten(1), held_out.flatten(1)
        self._newest, self._lasting = Newest(SAMPLES, self._training.shape[1]), Lasting(PATIENCE)

    @uncompiled
    def update(self, samples: Tensor, step: int | None = None) -> None:
        """Record samples [count, ...] without waiting for the device; the newest 256 are used."""
        self._newest.keep(samples)
        self.steps = self.steps + 1 if step is None else step

    @uncompiled
    def report(self) -> Report:
        """Measure the newest samples, if there are 256 since the last report and all are finite."""
        samples = self._newest.take()
        if samples is None:
            return Report({}, (), tuple(self._lasting.said))
        found = memorisation(samples.flatten(1), self._training, self._held_out)
        new, over = self._lasting.judge({NAME} if copies(found.ratio, found.share_nearer) else ())
        seen = f"{found.share_nearer:.0%} of the samples are nearer to a training item than 95 of 100 new items are"
        alarms = [words.alarm(NAME, f"{seen}, above {NEARER:.0%}", self.steps)] if new else []
        alarms += [words.passed(NAME, seen, self.steps)] if over else []
        values = {"distance_ratio": found.ratio, "share_nearer": found.share_nearer}
        return Report(values, tuple(alarms), tuple(self._lasting.said))

    def state_dict(self) -> dict[str, Any]:
        """JSON values; samples that wait are not kept."""
        return {"steps": self.steps, "lasting": self._lasting.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.steps = state["steps"]
        self._newest.clear()
        self._lasting.load_state_dict(state["lasting"])
