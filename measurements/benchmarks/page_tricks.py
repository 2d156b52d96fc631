"""The page's tables of single optimisations, those that are used and those that did not help."""

from typing import Any

from measurements.benchmarks.page_rows import spread
from measurements.pages import table


def figures(found: dict[str, Any]) -> dict[str, str]:
    """By the names of the page's places."""
    heads = "optimisation | task | times as fast (quartiles) | seconds without | with"
    return {
        "used": table(heads, [_line(row) for row in found["used"].values()]),
        "unused": table(heads, [_line(row) for row in found["unused"].values()]),
        "compiling": f"{found['first_compiled_step_seconds']:.0f}",
    }


def _line(row: dict[str, Any]) -> str:
    before, after = row["ways"]["without"], row["ways"]["with"]
    seconds = f"{before['median_seconds']:.3g} | {after['median_seconds']:.3g}"
    return f"{row['name']} | {row['work']} | {spread(after['ratio'])} | {seconds}"
