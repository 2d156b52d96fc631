"""What a study reads off a run's log, where a published figure speaks of the training itself."""

import math
from collections.abc import Callable, Mapping

from equipoise.runs.report.record import RunRecord

LOG_MEASURES: dict[str, str] = {
    "energy-gap": "generated minus real energy, means of the last epoch; smaller is better",
    "trailing-distance": "mean of the watched distance from its lowest value to the end; smaller is better",
}
"""name -> what it is in one line. All of them are better when smaller."""


def take_from_log(name: str, run: RunRecord, watched: tuple[float, ...]) -> float | None:
    """This measure of a run, or None where the log does not hold it.

    Args:
        name: one of `LOG_MEASURES`.
        run: the run's directory as it was read.
        watched: the values of the metric that was taken during the training, in order.
    """
    value = _READERS[name](run, watched)
    return value if value is not None and math.isfinite(value) else None


def _energy_gap(run: RunRecord, watched: tuple[float, ...]) -> float | None:
    real, fake = run.by_epoch("real_energy"), run.by_epoch("fake_energy")
    return fake.last - real.last if real and fake else None


def _trailing_distance(run: RunRecord, watched: tuple[float, ...]) -> float | None:
    if not watched:
        return None
    rest = watched[watched.index(min(watched)) :]
    return math.fsum(rest) / len(rest)


_READERS: Mapping[str, Callable[[RunRecord, tuple[float, ...]], float | None]] = {
    "energy-gap": _energy_gap,
    "trailing-distance": _trailing_distance,
}
