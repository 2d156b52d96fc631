"""What figures share: bands, runs with their mean, stages, and axes that suit the values."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from equipoise.reports.canvas import colour, logarithmic, symmetric_logarithmic
from equipoise.runs.curves import Curve, Numbers, mean_curve, thinned
from equipoise.runs.run_log import Log

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WINDOWS = 160
_PANEL_WINDOWS = 100
_LOG_FROM_RATIO = 15.0
_SYMMETRIC_FROM_RATIO = 60.0


def paint_band(axes: "Axes", found: Curve, series: str) -> None:
    """The mean of a thinned curve as a line, and its smallest to largest values as a band."""
    band = thinned(found, _WINDOWS)
    axes.fill_between(band.positions, band.low, band.high, color=colour(series), alpha=0.18, linewidth=0)
    axes.plot(band.positions, band.mean, color=colour(series), linewidth=1.5, solid_capstyle="round")


def paint_runs(axes: "Axes", curves: Sequence[Curve], series: str, dashed: bool) -> None:
    """Each run thin, their mean thick."""
    style = (0, (5, 3)) if dashed else "-"
    for found in curves if len(curves) > 1 else ():
        band = thinned(found, _PANEL_WINDOWS)
        axes.plot(band.positions, band.mean, color=colour(series), linewidth=0.7, alpha=0.45)
    band = thinned(mean_curve(curves), _PANEL_WINDOWS)
    marker = "o" if len(band.positions) == 1 else ""
    axes.plot(band.positions, band.mean, color=colour(series), linewidth=2, marker=marker, linestyle=style)


def paint_stages(axes: "Axes", log: Log) -> None:
    """A dotted vertical line where a stage begins."""
    records = log.iterations or log.epochs
    starts = [now.iteration for before, now in pairwise(records) if before.stage != now.stage]
    for start in starts[:20]:
        axes.axvline(start, color=colour("faint"), linewidth=0.8, dashes=(1, 3))


def scale_energies(axes: "Axes", curves: Sequence[Curve]) -> None:
    """A vertical axis for the values of these curves alone."""
    values = finite_values(curves)
    share_scale(axes, float(values.min()), float(values.max()))


def share_scale(axes: "Axes", low: float, high: float) -> None:
    """A vertical axis from `low` to `high`: logarithmic for positive values of several sizes, else from zero."""
    if low > 0 and high / low > _LOG_FROM_RATIO:
        axes.set_ylim(low / 1.15, high * 1.15)
        logarithmic(axes)
        return
    room = 0.06 * (high - low) or max(abs(high), 1.0) * 0.1
    axes.set_ylim(0.0 if low >= 0 else low - room, high + room)


def scale_losses(axes: "Axes", curves: Sequence[Curve]) -> None:
    """A linear vertical axis, or one that is logarithmic on both sides where single values dwarf the typical one."""
    magnitudes = np.abs(finite_values(curves))
    typical = float(np.median(magnitudes))
    if typical > 0 and float(magnitudes.max()) / typical > _SYMMETRIC_FROM_RATIO:
        symmetric_logarithmic(axes, typical)


def finite_values(curves: Sequence[Curve]) -> Numbers:
    """All finite values of the curves, [values]."""
    values: Numbers = np.concatenate([np.empty(0), *(found.values for found in curves)])
    return values[np.isfinite(values)]
