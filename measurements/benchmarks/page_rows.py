"""The page's tables of the compared rows: speeds, missed targets, and shares of the machine's peak."""

from collections.abc import Iterator
from typing import Any

from measurements.pages import table

SHARE_OF_PEAK = 0.7
"""The target."""
Rows = dict[str, Any]


def figures(rows: Rows) -> dict[str, str]:
    """By the names of the page's places."""
    return {
        "rows": table(
            "task | way | times as fast (quartiles) | target | seconds | GFLOP | GFLOP/s",
            [_line(row, name, way) for row in rows.values() for name, way in row["ways"].items()],
        ),
        "others": table("task | way | compared with | times as fast (quartiles) | target", list(_others(rows))),
        "missed": table("task | compared with | times as fast | target", list(missed(rows))),
        "bare-calls": f"{rows['MMD loss, one bandwidth']['ways']['nothing but the calls']['ratio']['median']:.2f}",
        "below-peak": table(
            "task and way | share", [f"{way} | {share:.2f}" for way, share in _shares(rows) if share < SHARE_OF_PEAK]
        ),
        "peak": table(
            "task | way | peak, GFLOP/s | GFLOP/s | share | direct GFLOP/s | direct share",
            [_peak(row, name, way) for row in rows.values() if _has_peak(row) for name, way in row["ways"].items()],
        ),
    }


def missed(rows: Rows) -> Iterator[str]:
    """Each target that the median does not reach."""
    for row in rows.values():
        targets = [(row["first"], row["ways"][way]["ratio"], target) for way, target in row["target"].items()]
        targets += [(other, also["ratio"], also["target"]) for other, also in row.get("also", {}).items()]
        for other, ratio, target in targets:
            if ratio["median"] < target:
                yield f"{row['name']} | {other} | {spread(ratio)} | {target:.2f}"


def spread(ratio: dict[str, float]) -> str:
    """The median with its quartiles."""
    return f"{ratio['median']:.2f} ({ratio['lower_quartile']:.2f} to {ratio['upper_quartile']:.2f})"


def _line(row: dict[str, Any], name: str, way: dict[str, Any]) -> str:
    first = name == row["first"]
    speed = "1" if first else spread(way["ratio"])
    target = f"{row['target'][name]:.2f}" if name in row["target"] else ""
    work = f"{row['name']}: {row['work']}" if first else ""
    gigaflop = f"{way['gigaflop']:.3g}" if way["gigaflop"] else ""
    rate = f"{way['gigaflop'] / way['median_seconds']:.3g}" if way["gigaflop"] else ""
    return f"{work} | {name} | {speed} | {target} | {way['median_seconds']:.3g} | {gigaflop} | {rate}"


def _others(rows: Rows) -> Iterator[str]:
    """Targets against other ways than the first."""
    for row in rows.values():
        for other, also in row.get("also", {}).items():
            yield f"{row['name']} | {also['way']} | {other} | {spread(also['ratio'])} | {also['target']:.2f}"


def _has_peak(row: dict[str, Any]) -> bool:
    return bool(row.get("peak_gigaflops"))


def _peak(row: dict[str, Any], name: str, way: dict[str, Any]) -> str:
    work = row["name"] if name == row["first"] else ""
    rates = [way[operations] / way["median_seconds"] for operations in ("gigaflop", "direct_gigaflop")]
    shares = " | ".join(f"{rate:.0f} | {rate / row['peak_gigaflops']:.2f}" for rate in rates)
    return f"{work} | {name} | {row['peak_gigaflops']:.0f} | {shares}"


def _shares(rows: Rows) -> Iterator[tuple[str, float]]:
    """Of every way but the plain one, in operations of direct convolutions."""
    for row in filter(_has_peak, rows.values()):
        for name, way in list(row["ways"].items())[1:]:
            operations = way.get("direct_gigaflop") or way["gigaflop"]
            yield f"{row['name']} ({name})", operations / way["median_seconds"] / row["peak_gigaflops"]
