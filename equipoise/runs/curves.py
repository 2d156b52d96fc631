"""Curves from records: finite numbers only, thinned to what can be seen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.runs.run_log import Log, Record, means_per_epoch

Numbers = NDArray[np.float64]
"""A column of the log."""
_LARGEST = 1e60  # what lies beyond cannot be drawn, and counts as not finite
REAL, FAKE, MARGIN = "real_energy", "fake_energy", "margin"
"""Where the log keeps energies and the margin."""


@dataclass(frozen=True)
class Curve:
    """Values over positions, both [points]; a value that is not finite is a gap."""

    positions: Numbers
    values: Numbers

    def __bool__(self) -> bool:
        return bool(np.isfinite(self.values).any())

    @property
    def gaps(self) -> int:
        """How many values are not finite."""
        return int((~np.isfinite(self.values)).sum())

    @property
    def last(self) -> float:
        """The last value, finite or not; NaN for an empty curve."""
        return float(self.values[-1]) if len(self.values) else float("nan")


@dataclass(frozen=True)
class Band:
    """A thinned curve: mean, smallest and largest value per window of neighbouring points, all [windows]."""

    positions: Numbers
    mean: Numbers
    low: Numbers
    high: Numbers


def curve(records: Iterable[Record], name: str, by_epoch: bool = False) -> Curve:
    """The values called `name` over iterations, or over epochs counted from 1."""
    points = [((r.epoch + 1 if by_epoch else r.iteration), r.values[name]) for r in records if name in r.values]
    table = np.array(points, dtype=np.float64).reshape(-1, 2)
    table[np.abs(table) > _LARGEST] = np.inf
    return Curve(table[:, 0], table[:, 1])


def thinned(whole: Curve, windows: int) -> Band:
    """At most `windows` points; a window without a finite value is NaN, and so a gap in the line."""
    chunks = [chunk for chunk in np.array_split(np.arange(len(whole.values)), windows) if len(chunk)]
    rows = [_window(whole.positions[chunk], whole.values[chunk]) for chunk in chunks]
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    return Band(table[:, 0], table[:, 1], table[:, 2], table[:, 3])


def mean_curve(curves: Sequence[Curve]) -> Curve:
    """The mean over several curves at each position that any of them has, over the finite values found there."""
    found: dict[float, list[float]] = {}
    for one in curves:
        for position, value in zip(one.positions.tolist(), one.values.tolist(), strict=True):
            found.setdefault(position, []).append(value)
    rows = [
        (position, _window(np.zeros(len(found[position])), np.array(found[position]))[1]) for position in sorted(found)
    ]
    table = np.array(rows, dtype=np.float64).reshape(-1, 2)
    return Curve(table[:, 0], table[:, 1])


def mean_over_rows(table: Numbers) -> Numbers:
    """The mean of the finite values of each column of [rows, columns]; NaN for a column without any."""
    finite = np.isfinite(table)
    counts = finite.sum(axis=0)
    sums = np.where(finite, table, 0.0).sum(axis=0)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def last_stage(log: Log) -> tuple[Record, ...]:
    """The epochs of the stage in which the players meet: "adversarial" where there is one, else the last stage.

    A log without epoch records gets them from its iterations.
    """
    epochs = log.epochs or means_per_epoch(log.iterations)
    stages = {record.stage for record in epochs}
    chosen = "adversarial" if "adversarial" in stages or not epochs else epochs[-1].stage
    return tuple(record for record in epochs if record.stage == chosen)


def _window(positions: Numbers, values: Numbers) -> tuple[float, float, float, float]:
    finite = np.isfinite(values)
    if not finite.any():
        return float(positions.mean()), float("nan"), float("nan"), float("nan")
    kept = values[finite]
    return float(positions.mean()), float(kept.mean()), float(kept.min()), float(kept.max())
