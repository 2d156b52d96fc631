"""A run's curves as one matplotlib figure, to look at in a notebook or to save."""

import io
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from equipoise.runs.curves import Curve, curve, thinned
from equipoise.runs.run_log import Log, Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_POINTS = 300
_INCHES = (5.0, 3.2)


def plot_log(log: Log, names: Sequence[str] = ()) -> "Figure":
    """Every loss on one pair of axes, energies on another, and each score on one of its own; or only what is named.

    Faint bands show the range within windows of neighbouring iterations.
    """
    from matplotlib.figure import Figure

    panels = _panels(log, names)
    columns = min(3, max(1, len(panels)))
    rows = max(1, math.ceil(len(panels) / columns))
    figure = Figure(figsize=(_INCHES[0] * columns, _INCHES[1] * rows), layout="constrained")
    for place, (title, curves) in enumerate(panels.items(), start=1):
        _paint(figure.add_subplot(rows, columns, place), title, curves)
    figure._repr_png_ = lambda: _png(figure)  # type: ignore[attr-defined]  # shown as a cell's value, once
    return figure


def _panels(log: Log, names: Sequence[str]) -> dict[str, dict[str, Curve]]:
    if isinstance(names, str):
        names = (names,)
    if names:
        return {name: {name: found} for name in names if (found := _found(log, name))}
    logged = log.names()
    losses = [name for name in logged if name == "loss" or name.endswith("/loss")]
    energies = [name for name in logged if name in ("real_energy", "fake_energy", "margin")]
    others = [name for name in logged if name in ("real_score", "fake_score")]
    scores = list(dict.fromkeys(name for record in log.scores for name in record.values))
    groups = {"losses": losses, "energies": energies, "scores of the discriminator": others}
    groups |= {name: [name] for name in scores}
    panels = {title: {name: found for name in group if (found := _found(log, name))} for title, group in groups.items()}
    return {title: curves for title, curves in panels.items() if curves}


def _found(log: Log, name: str) -> Curve | None:
    """The finest curve of this name that there is."""
    places: tuple[Sequence[Record], ...] = (log.iterations, log.epochs, log.scores, log.variety)
    return next((found for records in places if (found := curve(records, name))), None)


def _paint(axes: "Axes", title: str, curves: Mapping[str, Curve]) -> None:
    for name, whole in curves.items():
        band = thinned(whole, _MOST_POINTS)
        axes.plot(band.positions, band.mean, label=name, linewidth=1.4)
        axes.fill_between(band.positions, band.low, band.high, alpha=0.2, linewidth=0)
    axes.set_title(title)
    axes.set_xlabel("iteration")
    if len(curves) > 1:
        axes.legend(frameon=False)


def _png(figure: "Figure") -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
