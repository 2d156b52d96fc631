"""Figures of variety, scores, and everything else that was logged besides losses and energies."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from equipoise.reports.canvas import colour, drawing
from equipoise.reports.figures import NEXT_MARGIN, Figure, Key, ends
from equipoise.reports.strokes import paint_band
from equipoise.reports.summary import shown
from equipoise.reports.verdict import floor_in
from equipoise.runs.curves import FAKE, MARGIN, REAL, curve
from equipoise.runs.record import RunRecord
from equipoise.runs.run_log import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_OTHERS = 12
_VARIETY_KEYS = {
    "reach": Key("reach: how much of the data the samples cover", "series-0"),
    "spread": Key("spread: total variance", "series-1"),
    "spacing": Key("spacing: distance to the nearest other sample", "series-2"),
}


def variety_figure(run: RunRecord) -> Figure | None:
    """The samples' variety compared with held-out data's, as measured by the collapse alarm."""
    curves = {name: found for name in _VARIETY_KEYS if (found := curve(run.log.variety, name))}
    if not curves:
        return None

    def paint(axes: "Axes") -> None:
        axes.axhline(1, color=colour("ink"), linewidth=1, dashes=(4, 3))
        for name, found in curves.items():
            paint_band(axes, found, _VARIETY_KEYS[name].series)
        axes.set_xlabel("iteration")
        axes.set_ylim(bottom=0)

    description = f"Variety of the samples over iterations; 1 is that of held-out data. {ends(curves)}"
    return Figure(
        drawing("variety", description, paint),
        tuple(_VARIETY_KEYS[name] for name in curves),
        "Variety of the samples (held-out data: 1)",
    )


def score_figures(run: RunRecord) -> tuple[Figure, ...]:
    """Metrics that were taken during the training, one small panel each."""
    names = dict.fromkeys(name for record in run.log.scores for name in record.values)
    floors = {name: floor_in(run.log.scores[-1], name) for name in names}
    figures = (_panel(f"score-{index}", run.log.scores, name, floors[name]) for index, name in enumerate(names))
    return tuple(figure for figure in figures if figure is not None)[:_MOST_OTHERS]


def other_figures(run: RunRecord) -> tuple[Figure, ...]:
    """Everything else that was logged, one small panel each."""
    shown = (REAL, FAKE, MARGIN, NEXT_MARGIN, "loss")
    names = [name for name in run.log.names() if name not in shown and not name.endswith("/loss")]
    figures = (
        _panel(f"other-{index}", run.log.iterations, name) or _panel(f"other-{index}", run.log.epochs, name)
        for index, name in enumerate(names)
    )
    return tuple(figure for figure in figures if figure is not None)[:_MOST_OTHERS]


def _panel(key: str, records: Sequence[Record], name: str, floor: float | None = None) -> Figure | None:
    """A small panel of one logged value, with what real images get against other real ones where that is known."""
    found = curve(records, name)
    if not found:
        return None

    def paint(axes: "Axes") -> None:
        paint_band(axes, found, "series-3")
        if floor is not None:
            axes.axhline(floor, color=colour("ink"), linewidth=1, dashes=(4, 3))
        axes.set_xlabel("iteration")

    title = name if floor is None else f"{name} (dashed: real against real, {shown(floor)})"
    picture = drawing(key, f"{title} over iterations. {ends({name: found})}", paint, (3.5, 2.1))
    return Figure(picture, (), title, found.gaps)
