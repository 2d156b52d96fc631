"""The page's tables of the compared rows: speeds in both settings, missed targets, and shares of the machine's peak."""

from collections.abc import Iterator, Mapping
from typing import Any

from measurements.pages import table

SHARE_OF_PEAK = 0.7
"""The target."""
NOT_MEASURED = "–"
Rows = dict[str, Any]
Settings = Mapping[str, dict[str, Any]]
"""What was measured, by the setting's name: idle first."""


def figures(settings: Settings, operations: Mapping[str, Any]) -> dict[str, str]:
    """By the names of the page's places."""
    rows = {name: found["rows"] for name, found in settings.items()}
    shared = _with_operations(first_known(rows), operations)
    return {
        "rows": table(
            "task | way | times as fast, idle (least to most) | busy | target | seconds, idle | busy",
            [_line(rows, row, way) for row in first_known(rows).values() for way in row["ways"]],
        ),
        "others": table("task | compared with | idle (least to most) | busy | target", list(_others(rows))),
        "bare-calls": f"{_bare(shared)['ratio']['median']:.2f}",
        "below-peak": table(
            "task and way | share", [f"{way} | {share:.2f}" for way, share in _shares(shared) if share < SHARE_OF_PEAK]
        ),
        "peak": table(
            "task | way | peak, GFLOP/s | GFLOP | GFLOP/s | share | direct GFLOP/s | direct share",
            [_peak(row, way) for row in shared.values() if row.get("peak_gigaflops") for way in row["ways"]],
        ),
    }


def of_all(processors: Mapping[str, Settings]) -> dict[str, str]:
    """The tables that show every processor: misses and losses of each, and the speeds of those after the first."""
    others = list(processors.items())[1:]
    misses = [f"{name} | {line}" for name, each in processors.items() for line in missed(each)]
    losses = [f"{name} | {line}" for name, each in processors.items() for line in _below_one(each)]
    return {
        "missed": table("processor | task | compared with | setting | times as fast | target", misses),
        "below-one": table("processor | task | setting | times as fast (least to most)", losses),
        "elsewhere": table(
            "processor | task | way | compared with | times as fast, idle (least to most) | busy | target",
            [f"{name} | {line}" for name, each in others for line in _aims(each)],
        ),
    }


def _aims(settings: Settings) -> Iterator[str]:
    """Each target with what was reached."""
    rows = {name: found["rows"] for name, found in settings.items()}
    for name, row in first_known(rows).items():
        for number, (way, other, _, target) in enumerate(_targets(row)):
            found = {setting: _targets(each[name])[number][2] for setting, each in rows.items() if name in each}
            yield " | ".join([name, way, other, *in_each(found, spread), f"{target:.2f}"])


def missed(settings: Settings) -> Iterator[str]:
    """Each target that the median does not reach, in either setting."""
    for setting, found in settings.items():
        for row in found["rows"].values():
            for _, other, ratio, target in _targets(row):
                if ratio["median"] < target:
                    yield f"{row['name']} | {other} | {setting} | {spread(ratio)} | {target:.2f}"


def _targets(row: dict[str, Any]) -> list[tuple[str, str, dict[str, float], float]]:
    """Which way each target is for and with which it compares, the speed reached, and the target."""
    first = [(way, row["first"], row["ways"][way]["ratio"], target) for way, target in row["target"].items()]
    return first + [(also["way"], other, also["ratio"], also["target"]) for other, also in row["also"].items()]


def spread(ratio: dict[str, float] | None) -> str:
    """The median with the least and the most."""
    return f"{ratio['median']:.2f} ({ratio['least']:.2f} to {ratio['most']:.2f})" if ratio else NOT_MEASURED


def in_each(found: Mapping[str, Any], shown: Any) -> list[str]:
    """A cell for each setting: what `shown` makes of it, or the sign that nothing was measured."""
    return [shown(found[setting]) if found.get(setting) else NOT_MEASURED for setting in ("idle", "busy")]


def first_known(rows: Mapping[str, Rows]) -> Rows:
    """Each row as the first setting that has it gives it."""
    known: Rows = {}
    for found in rows.values():
        known |= {name: row for name, row in found.items() if name not in known}
    return known


def _line(rows: Mapping[str, Rows], row: dict[str, Any], way: str) -> str:
    first = way == row["first"]
    found = {setting: each.get(row["name"], {"ways": {}})["ways"].get(way) for setting, each in rows.items()}
    speeds = ["1", "1"] if first else in_each(found, lambda each: spread(each["ratio"]))
    seconds = in_each(found, lambda each: f"{each['median_seconds']:.3g}")
    target = f"{row['target'][way]:.2f}" if way in row["target"] else ""
    work = f"{row['name']}: {row['work']}" if first else ""
    return " | ".join([work, way, *speeds, target, *seconds])


def _others(rows: Mapping[str, Rows]) -> Iterator[str]:
    """Targets against other ways than the first."""
    for row in first_known(rows).values():
        for other, also in row["also"].items():
            found = {setting: each.get(row["name"], {"also": {}})["also"].get(other) for setting, each in rows.items()}
            speeds = in_each(found, lambda each: spread(each["ratio"]))
            yield " | ".join([row["name"], other, *speeds, f"{also['target']:.2f}"])


def _below_one(settings: Settings) -> Iterator[str]:
    """Ours where it was slower than plain code in any round; not where the target itself is below 1."""
    for setting, found in settings.items():
        for row in found["rows"].values():
            for _, other, ratio, target in _targets(row):
                if ratio["least"] < 1 <= target:
                    yield f"{row['name']}, compared with {other} | {setting} | {spread(ratio)}"


def _bare(rows: Rows) -> dict[str, Any]:
    way: dict[str, Any] = rows["MMD loss, one bandwidth"]["ways"]["nothing but the calls"]
    return way


def _with_operations(rows: Rows, operations: Mapping[str, Any]) -> Rows:
    """The ways with their operations where these were counted."""
    return {
        name: row | {"ways": {way: each | operations.get(name, {}).get(way, {}) for way, each in row["ways"].items()}}
        for name, row in rows.items()
    }


def _peak(row: dict[str, Any], name: str) -> str:
    way, work = row["ways"][name], row["name"] if name == row["first"] else ""
    if "gigaflop" not in way:
        return f"{work} | {name} | {row['peak_gigaflops']:.0f}" + 5 * f" | {NOT_MEASURED}"
    rates = [way[operations] / way["median_seconds"] for operations in ("gigaflop", "direct_gigaflop")]
    shares = " | ".join(f"{rate:.0f} | {rate / row['peak_gigaflops']:.2f}" for rate in rates)
    return f"{work} | {name} | {row['peak_gigaflops']:.0f} | {way['gigaflop']:.3g} | {shares}"


def _shares(rows: Rows) -> Iterator[tuple[str, float]]:
    """Of every way but the plain one, in operations of direct convolutions."""
    for row in rows.values():
        for name, way in list(row["ways"].items())[1:] if row.get("peak_gigaflops") else ():
            if "direct_gigaflop" in way:
                yield (
                    f"{row['name']} ({name})",
                    way["direct_gigaflop"] / way["median_seconds"] / row["peak_gigaflops"],
                )
