"""The pictures of docs/performance.md: the speed of each way, and how time and memory grow."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from measurements.benchmarks.page_memory import AXES, Points

LABELS = ("batch size", "side, pixels", "images")


COLOURS = {"idle": "#4477aa", "busy": "#ccbb44"}


def speeds(settings: Mapping[str, dict[str, Any]], path: Path) -> None:
    """A bar for each way beside the first and each setting, with the least and the most, and the way's target."""
    ways = {
        f"{row['name']}\n{name}": row["target"].get(name)
        for rows in settings.values()
        for row in rows.values()
        for name in row["ways"]
        if name != row["first"]
    }
    figure = Figure(figsize=(8, 0.55 * len(ways) + 1), layout="constrained")
    axes = figure.subplots()
    places = {label: place for place, label in enumerate(reversed(ways))}
    for number, (setting, rows) in enumerate(settings.items()):
        for row in rows.values():
            for name, way in row["ways"].items():
                if name != row["first"]:
                    place = places[f"{row['name']}\n{name}"] + 0.15 - 0.3 * number
                    _bar(axes, place, way["ratio"], COLOURS[setting])
    for label, target in ways.items():
        if target is not None:
            axes.plot([target, target], [places[label] - 0.4, places[label] + 0.4], color="#cc3311", linewidth=2)
    axes.set_yticks(list(places.values()), list(places), fontsize=8)
    axes.axvline(1, color="#888888", linewidth=1)
    axes.set_xlabel("times as fast as plain code (red: the target)")
    axes.legend(handles=[Patch(color=COLOURS[setting], label=setting) for setting in settings], loc="lower right")
    axes.margins(y=0.01)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)


def _bar(axes: Axes, place: float, ratio: dict[str, float], colour: str) -> None:
    spread = [[ratio["median"] - ratio["least"]], [ratio["most"] - ratio["median"]]]
    axes.barh(place, ratio["median"], color=colour, height=0.3, xerr=spread, ecolor="#222222")


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
