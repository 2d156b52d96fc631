"""The pictures of docs/performance.md: the speed of each way, and how time and memory grow."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from measurements.benchmarks.page_memory import AXES, Points

LABELS = ("batch size", "side, pixels", "images")


def speeds(rows: dict[str, Any], path: Path) -> None:
    """A bar for each way beside the first, with its quartiles and its target."""
    bars = [
        (f"{row['name']}\n{name}", way["ratio"], row["target"].get(name))
        for row in rows.values()
        for name, way in row["ways"].items()
        if name != row["first"]
    ]
    figure = Figure(figsize=(8, 0.55 * len(bars) + 1), layout="constrained")
    axes = figure.subplots()
    for place, (_, ratio, target) in enumerate(reversed(bars)):
        spread = [[ratio["median"] - ratio["lower_quartile"]], [ratio["upper_quartile"] - ratio["median"]]]
        axes.barh(place, ratio["median"], color="#4477aa", height=0.6, xerr=spread, ecolor="#222222")
        if target is not None:
            axes.plot([target, target], [place - 0.4, place + 0.4], color="#cc3311", linewidth=2)
    axes.set_yticks(range(len(bars)), [label for label, _, _ in reversed(bars)], fontsize=8)
    axes.axvline(1, color="#888888", linewidth=1)
    axes.set_xlabel("times as fast as plain code (red: the target)")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)


def growth(found: dict[str, Any], path: Path) -> None:
    """One row of panels for time, one for memory."""
    figure = Figure(figsize=(9, 4.6), layout="constrained")
    panels = figure.subplots(2, 3)
    for column, ((axis, field), label) in enumerate(zip(AXES, LABELS, strict=True)):
        _panel(panels[0][column], found[axis], field, "", _milliseconds)
        _panel(panels[1][column], found[axis], field, label, lambda each: each["peak_above_start_mib"])
    panels[0][0].set_ylabel("CPU ms per 32x32 pixels")
    panels[1][0].set_ylabel("MiB without libraries")
    figure.savefig(path, dpi=110)


def _milliseconds(point: dict[str, Any]) -> float:
    """For an image, or for 32x32 pixels of a larger one."""
    return 1000 * float(point["seconds_per_image"]) * (32 / float(point["image_size"])) ** 2


def _panel(panel: Axes, points: Points, field: str, label: str, value: Callable[[dict[str, Any]], float]) -> None:
    places = [each[field] for each in points]
    panel.plot(places, [value(each) for each in points], marker="o", color="#4477aa")
    panel.set_xscale("log", base=2 if max(places) < 1000 else 10)
    panel.set_xticks(places, [f"{place:,}" for place in places])
    panel.minorticks_off()
    panel.set_ylim(0, 1.1 * max(value(each) for each in points))
    panel.set_xlabel(label)
    panel.spines[["top", "right"]].set_visible(False)
