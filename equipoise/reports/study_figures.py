"""The pictures of a study's page: learning curves with bands over seeds, box plots over runs, class histograms."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from equipoise.common.counted import counted
from equipoise.reports.canvas import colour, drawing, logarithmic
from equipoise.reports.figures import Figure, Key
from equipoise.reports.strokes import share_scale
from equipoise.reports.summary import shown
from equipoise.runs.curves import Curve, Numbers, curve, last_stage, mean_over_rows
from equipoise.runs.record import RunRecord
from equipoise.studies.critic_map import CriticMap
from equipoise.studies.summary import RowSummary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_POINTS, _SERIES, _MOST_KEYS = 120, 8, 12
_LOG_FROM_RATIO = 20.0
_NAMES = {
    "real_energy": ("real samples", "series-0"),
    "fake_energy": ("generated samples", "series-1"),
    "discriminator/loss": ("discriminator", "series-3"),
    "generator/loss": ("generator", "series-4"),
    "encoder/loss": ("encoder", "series-5"),
    "margin": ("margin", "series-2"),
    "fid": ("FID", "series-0"),
    "classifier-fid": ("classifier distance", "series-0"),
}


def curve_panel(
    name: str, runs: Sequence[RunRecord], values: Sequence[str], limits: tuple[float, float] | None
) -> Figure | None:
    """Logged values over the last stage of a row's runs: the mean as a line, mean ± standard deviation as a band.

    Args:
        name: of the drawing, unlike any other's on the page.
        runs: of one row.
        values: which logged values.
        limits: the lowest and highest value of the vertical axis that all panels share, or None.
    """
    curves = {value: [found for run in runs if (found := over_iterations(run, value))] for value in values}
    bands = {value: band for value, found in curves.items() if (band := _band(found)) is not None}
    if not bands:
        return None
    keys = {value: _key(value, index) for index, value in enumerate(bands)}

    def paint(axes: "Axes") -> None:
        for value, (positions, mean, deviation) in bands.items():
            shade = colour(keys[value].series)
            axes.fill_between(positions, mean - deviation, mean + deviation, color=shade, alpha=0.2, linewidth=0)
            axes.plot(positions, mean, color=shade, linewidth=1.6, marker="o" if len(positions) == 1 else "")
        axes.set_xlabel("iteration")
        axes.set_ylabel(_quantity(tuple(bands)))
        if limits is not None:
            share_scale(axes, *limits)

    ends = (f"{keys[value].label}: from {mean[0]:.4g} to {mean[-1]:.4g}" for value, (_, mean, _) in bands.items())
    picture = drawing(name, f"Mean over {counted(len(runs), 'run')}. {'; '.join(ends)}.", paint, (4.2, 3.0))
    return Figure(picture, tuple(keys.values()), gaps=sum(one.gaps for found in curves.values() for one in found))


def together_figure(name: str, rows: Mapping[str, Sequence[RunRecord]], value: str) -> Figure | None:
    """A value that was measured during the training, a line and a band for each row; at most eight rows.

    Args:
        name: of the drawing, unlike any other's on the page.
        rows: each row's runs, by its label.
        value: the metric.
    """
    curves = {
        label: [found for run in runs if (found := curve(run.log.scores, value))]
        for label, runs in list(rows.items())[:_SERIES]
    }
    bands = {label: band for label, found in curves.items() if (band := _band(found)) is not None}
    if not bands:
        return None
    keys = tuple(Key(label, f"series-{index}") for index, label in enumerate(bands))

    def paint(axes: "Axes") -> None:
        for key, (positions, mean, deviation) in zip(keys, bands.values(), strict=True):
            shade = colour(key.series)
            axes.fill_between(positions, mean - deviation, mean + deviation, color=shade, alpha=0.18, linewidth=0)
            axes.plot(positions, mean, color=shade, linewidth=1.8, marker="o", markersize=3.5)
        axes.set_xlabel("iteration")
        lows = [float(np.nanmin(mean)) for _, mean, _ in bands.values()]
        highs = [float(np.nanmax(mean)) for _, mean, _ in bands.values()]
        if min(lows) > 0 and max(highs) / min(lows) > _LOG_FROM_RATIO:
            logarithmic(axes)

    ends = (f"{label}: from {mean[0]:.4g} to {mean[-1]:.4g}" for label, (_, mean, _) in bands.items())
    return Figure(drawing(name, f"Mean over runs. {'; '.join(ends)}.", paint, (6.4, 3.4)), keys)


def shared_limits(rows: Sequence[Sequence[RunRecord]], values: Sequence[str]) -> tuple[float, float] | None:
    """The lowest and highest value over all rows, runs that diverged left out, from the bands that are drawn."""
    low, high = math.inf, -math.inf
    for runs in rows:
        for value in values:
            band = _band([found for run in runs if not run.diverged and (found := over_iterations(run, value))])
            if band is not None:
                low, high = min(low, float(np.nanmin(band[1]))), max(high, float(np.nanmax(band[1])))
    return (low, high) if low <= high else None


def over_iterations(run: RunRecord, value: str) -> Curve:
    """A value over the run: means of the last stage's epochs if there are several, else iterations; or its scores."""
    epochs = curve(last_stage(run.log), value)
    return epochs if len(epochs.values) > 2 else curve(run.log.iterations, value) or curve(run.log.scores, value)


def box_figure(name: str, rows: Sequence[RowSummary], metric: str) -> Figure | None:
    """A box per row over all its runs: median, quartiles, whiskers to the furthest run within 1.5 boxes, dots beyond.

    Boxes are numbered as the list beside the drawing is; above each stands how many of its runs diverged.
    """
    values = [list(row.found[metric].values) for row in rows]
    every = [value for each in values for value in each]
    if not every or max(len(each) for each in values) < 2:
        return None
    diverged = [row.diverged for row in rows]

    def paint(axes: "Axes") -> None:
        ink, line = colour("ink"), {"color": colour("faint"), "linewidth": 1.2}
        axes.boxplot(
            values,
            widths=0.55,
            patch_artist=True,
            boxprops={"facecolor": colour("series-0"), "alpha": 0.55, "edgecolor": colour("faint")},
            medianprops={"color": ink, "linewidth": 1.8},
            whiskerprops=line,
            capprops=line,
            flierprops={"marker": ".", "markeredgecolor": ink, "markersize": 4},
        )
        if min(every) > 0 and max(every) / min(every) > _LOG_FROM_RATIO:
            logarithmic(axes)
        axes.set_xticks(range(1, len(rows) + 1), [str(index) for index in range(1, len(rows) + 1)])
        _, high = axes.get_ylim()
        for index, count in enumerate(diverged, start=1):
            if count:
                axes.annotate(f"{count} div.", (index, high), ha="center", va="bottom", fontsize=8, color=ink)

    medians = ", ".join(f"{row.label}: {shown(float(np.median(v)))}" for row, v in zip(rows, values, strict=True) if v)
    width = min(10.0, max(4.2, 0.45 * len(rows)))
    return Figure(drawing(name, f"Medians over runs: {medians}.", paint, (width, 3.2)), ())


def map_figure(name: str, found: CriticMap) -> Figure:
    """Each image as a dot, or a cross from the ninth class on, in the colour of its class; distances have no unit."""
    classes = np.unique(found.labels)

    def paint(axes: "Axes") -> None:
        for place, label in enumerate(classes):
            chosen = found.points[found.labels == label]
            marker = "." if place < _SERIES else "x"
            axes.plot(*chosen.T, marker, color=colour(f"series-{place % _SERIES}"), markersize=4, alpha=0.7)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_aspect("equal")
        axes.spines["bottom"].set_visible(False)

    spoken = f"A map of {len(found.labels)} images of {len(classes)} classes."
    keys = tuple(
        Key(f"class {label}{', crosses' if place >= _SERIES else ''}", f"series-{place % _SERIES}")
        for place, label in enumerate(classes[:_MOST_KEYS])
    )
    return Figure(drawing(name, spoken, paint, (4.2, 4.2)), keys)


def _band(curves: Sequence[Curve]) -> tuple[Numbers, Numbers, Numbers] | None:
    """Positions, mean and deviation over runs, of windows that all runs share; None without a finite value."""
    kept = [one for one in curves if np.isfinite(one.values).any()]
    if not kept:
        return None
    last = max(float(one.positions[-1]) for one in kept)
    first = min(float(one.positions[0]) for one in kept)
    windows = min(_POINTS, max(len(one.values) for one in kept))
    edges = np.linspace(first - 0.5, last + 0.5, windows + 1)
    table = np.array([_window_means(one, edges) for one in kept], dtype=np.float64)
    finite = np.isfinite(table)
    seen = finite.any(axis=0)
    mean = mean_over_rows(table)
    squares = np.where(finite, (table - mean) ** 2, 0.0).sum(axis=0)
    deviation = np.sqrt(squares / np.maximum(finite.sum(axis=0) - 1, 1))
    centres = (edges[:-1] + edges[1:]) / 2
    return centres[seen], mean[seen], deviation[seen]


def _window_means(one: Curve, edges: Numbers) -> Numbers:
    finite = np.isfinite(one.values)
    positions, values = one.positions[finite], one.values[finite]
    sums, _ = np.histogram(positions, edges, weights=values)
    counts, _ = np.histogram(positions, edges)
    means: Numbers = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return means


def _quantity(values: Sequence[str]) -> str:
    """What the vertical axis measures."""
    endings = {"loss": "loss", "energy": "energy", "margin": "energy", "fid": "distance"}
    found = {quantity for value in values for ending, quantity in endings.items() if value.endswith(ending)}
    return found.pop() if len(found) == 1 else ""


def _key(value: str, index: int) -> Key:
    label, series = _NAMES.get(value, (value, f"series-{index % 8}"))
    return Key(label, series)
