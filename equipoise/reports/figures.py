"""The figures of a page: energies with the margin, losses, other measurements, and class histograms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from equipoise.common.errors import printable
from equipoise.reports.canvas import colour, drawing
from equipoise.reports.strokes import (
    finite_values,
    paint_band,
    paint_runs,
    paint_stages,
    scale_energies,
    scale_losses,
    share_scale,
)
from equipoise.runs.curves import FAKE, MARGIN, REAL, Curve, curve, mean_curve, mean_over_rows
from equipoise.runs.record import RunRecord
from equipoise.runs.run_log import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NEXT_MARGIN = "next_margin"
"""Where the log keeps the margin of the next epoch."""
_MOST_NAMED = 100


@dataclass(frozen=True)
class Key:
    """One entry of a legend: the name, the style sheet's series, and whether the line is dashed."""

    label: str
    series: str
    dashed: bool = False


@dataclass(frozen=True)
class Figure:
    """A drawing with its legend, what it leaves out, and a note on what its axes number."""

    drawing: Markup
    keys: tuple[Key, ...]
    title: str = ""
    gaps: int = 0
    note: str = ""


_ENERGY_KEYS = {
    REAL: Key("real samples", "series-0"),
    FAKE: Key("generated samples", "series-1"),
    MARGIN: Key("margin", "series-2", dashed=True),
}


def energy_figure(run: RunRecord) -> Figure | None:
    """Energies of real and generated samples over the iterations of a run, with the margin, where they were logged."""
    records = run.log.iterations if _any(run.log.iterations, (REAL, FAKE)) else run.log.epochs
    curves = {name: found for name in (REAL, FAKE) if (found := curve(records, name))}
    if not curves:
        return None
    margin = _margin_over_iterations(run, curves)

    def paint(axes: "Axes") -> None:
        for name, found in curves.items():
            paint_band(axes, found, _ENERGY_KEYS[name].series)
        if margin:
            axes.step(
                margin.positions, margin.values, where="pre", color=colour("series-2"), linewidth=1.4, dashes=(5, 3)
            )
        paint_stages(axes, run.log)
        axes.set_xlabel("iteration")
        scale_energies(axes, [*curves.values(), *([margin] if margin else [])])

    shown = [*curves, *([MARGIN] if margin else [])]
    description = f"Energies over iterations. {ends({_ENERGY_KEYS[name].label: curves[name] for name in curves})}"
    return Figure(
        drawing("energies", description, paint),
        tuple(_ENERGY_KEYS[name] for name in shown),
        "Energies",
        sum(found.gaps for found in curves.values()),
    )


def loss_figure(run: RunRecord) -> Figure | None:
    """Every logged loss over the iterations of a run."""
    names = [name for name in run.log.names() if name == "loss" or name.endswith("/loss")][:6]
    records = run.log.iterations if _any(run.log.iterations, names) else run.log.epochs
    curves = {name: found for name in names if (found := curve(records, name))}
    if not curves:
        return None
    keys = tuple(Key(name.removesuffix("/loss"), f"series-{3 + index % 5}") for index, name in enumerate(curves))

    def paint(axes: "Axes") -> None:
        for found, key in zip(curves.values(), keys, strict=True):
            paint_band(axes, found, key.series)
        paint_stages(axes, run.log)
        axes.set_xlabel("iteration")
        scale_losses(axes, list(curves.values()))

    return Figure(
        drawing("losses", f"Losses over iterations. {ends(curves)}", paint),
        keys,
        "Losses",
        sum(found.gaps for found in curves.values()),
    )


def energy_panel(name: str, runs: Sequence[RunRecord], limits: tuple[float, float, float] | None) -> Figure | None:
    """Energies over the epochs of one group: each run drawn thin, the mean over runs thick, the margin dashed.

    Args:
        limits: the last epoch and the lowest and highest energy of the axes that all panels share.
    """
    curves = {value: [found for run in runs if (found := run.by_epoch(value))] for value in (REAL, FAKE, MARGIN)}
    if limits is None or not (curves[REAL] or curves[FAKE]):
        return None

    def paint(axes: "Axes") -> None:
        for value, key in _ENERGY_KEYS.items():
            paint_runs(axes, curves[value], key.series, key.dashed)
        axes.set_xlabel("epoch")
        last, low, high = limits
        axes.set_xlim(1 - 0.02 * last, last * 1.02)
        share_scale(axes, low, high)

    means = {key.label: mean_curve(curves[value]) for value, key in _ENERGY_KEYS.items() if curves[value]}
    description = f"Energies over epochs, mean over runs. {ends(means)}"
    keys = tuple(key for value, key in _ENERGY_KEYS.items() if curves[value])
    gaps = sum(found.gaps for value in (REAL, FAKE) for found in curves[value])
    return Figure(drawing(name, description, paint, (3.5, 2.9)), keys, gaps=gaps)


def shared_limits(groups: Sequence[Sequence[RunRecord]]) -> tuple[float, float, float] | None:
    """The last epoch, lowest and highest energy over all groups; runs that diverged count only if all runs did."""
    every = [run for runs in groups for run in runs]
    steady = [run for run in every if not run.diverged] or every
    energies = [run.by_epoch(name) for run in steady for name in (REAL, FAKE)]
    values = finite_values([*energies, *(run.by_epoch(MARGIN) for run in steady)])
    last = max(
        (float(found.positions[-1]) for run in every if (found := run.by_epoch(REAL) or run.by_epoch(FAKE))),
        default=0.0,
    )
    if not any(energies) or not len(values):
        return None
    return max(last, 2.0), float(values.min()), float(values.max())


def histogram_figure(name: str, shares: Sequence[Mapping[str, float]], highest: float | None = None) -> Figure | None:
    """The share of each class: bars for the mean over runs, a dot per run, a line where all classes would be equal."""
    widest = max((len(row) for row in shares), default=0)
    rows = [row for row in shares if len(row) == widest and np.isfinite([*row.values()]).any()]
    if not rows or not widest:
        return None
    table, names = np.array([[*row.values()] for row in rows], dtype=np.float64), [*map(printable, rows[0])]
    means = np.nan_to_num(mean_over_rows(table))

    def paint(axes: "Axes") -> None:
        axes.bar(range(widest), means * 100, width=0.72, color=colour("series-1"), alpha=0.75, linewidth=0)
        if len(rows) > 1:
            for row in table:
                axes.plot(
                    range(widest), row * 100, "o", markersize=3.6, color=colour("ink"), alpha=0.6, markeredgewidth=0
                )
        axes.axhline(100 / widest, color=colour("ink"), linewidth=1, dashes=(4, 3))
        axes.set_xlabel("class")
        axes.set_ylabel("share, %")
        if widest <= 12:
            axes.set_xticks(range(widest))
        if highest is not None:
            axes.set_ylim(0, highest * 105)

    spoken = ", ".join(
        f"{label}: {100 * value:.1f} %" for label, value in zip(names, means[:20].tolist(), strict=False)
    )
    drawn = drawing(name, f"Share of each class among generated samples: {spoken}", paint, (3.7, 2.5))
    return Figure(drawn, (), note=_numbered(names))


def _numbered(names: Sequence[str]) -> str:
    """What the numbers of classes stand for; nothing where they have no other names."""
    if all(name == str(number) for number, name in enumerate(names)):
        return ""
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return f"Classes: {', '.join(f'{number} {name}' for number, name in enumerate(names[:_MOST_NAMED]))}{more}."


def _margin_over_iterations(run: RunRecord, energies: Mapping[str, Curve]) -> Curve | None:
    """The margin as a step that ends at each position: an epoch logs at its end the margin that it was played with."""
    start = min(found.positions[0] for found in energies.values())
    end = max(found.positions[-1] for found in energies.values())
    logged = curve(run.log.iterations, MARGIN) or curve(run.log.epochs, MARGIN)
    if not logged:
        fixed = run.fixed_margin
        return None if fixed is None else Curve(np.array([start, end]), np.full(2, fixed))
    first = next(record for record in (*run.log.iterations, *run.log.epochs) if MARGIN in record.values)
    before = FAKE in first.values and start < logged.positions[0]
    positions = np.concatenate([[start] if before else [], logged.positions, [max(end, logged.positions[-1])]])
    last = run.log.epochs[-1].values.get(NEXT_MARGIN, logged.last) if run.log.epochs else logged.last
    values = np.concatenate([logged.values[:1] if before else [], logged.values, [last]])
    return Curve(positions, values)


def _any(records: Sequence[Record], names: Sequence[str]) -> bool:
    return any(bool(curve(records, name)) for name in names)


def ends(curves: Mapping[str, Curve]) -> str:
    """Where each curve begins and ends, for the description of a drawing."""
    parts = (f"{name}: from {_spoken(found.values[0])} to {_spoken(found.last)}" for name, found in curves.items())
    return "; ".join(parts) + "."


def _spoken(value: float) -> str:
    return f"{value:.4g}" if np.isfinite(value) else "a value that is not finite"
