"""Fills the figures of a page: the page holds the words, a data file the figures.

A page marks a place with `<!-- NAME -->` and `<!-- end -->`, in the middle of a line for a single figure, on lines of
their own for a table. What stands between them is replaced; nothing else of the page changes.
"""

import re
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

PLACE = re.compile(r"<!-- ([\w-]+) -->(\n?)(.*?)<!-- end -->", re.DOTALL)


def filled(page: Path, figures: Mapping[str, str]) -> str:
    """The page's text with every figure renewed.

    Raises:
        ValueError: the page has a place without a figure, or no place for one of the figures.
    """
    text = page.read_text(encoding="utf-8")
    places = {found[1] for found in PLACE.finditer(text)}
    if places != set(figures):
        raise ValueError(f"{page.name} and its figures differ: {sorted(places ^ set(figures))}")
    return PLACE.sub(lambda found: f"<!-- {found[1]} -->{found[2]}{figures[found[1]]}{found[2]}<!-- end -->", text)


def interval(score: Mapping[str, float]) -> str:
    """A score with the interval of its confidence, `low` to `high`."""
    return f"{score['value']:.2f} ({score['low']:.2f} to {score['high']:.2f})"


def spread(values: Sequence[float]) -> str:
    """Their mean and, of several, their standard deviation."""
    deviation = f" ± {statistics.stdev(values):.2f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.2f}{deviation}"


def listed(counts: Sequence[int]) -> str:
    """One number for each run, separated by commas."""
    return ", ".join(map(str, counts))


def table(heads: str, rows: list[str]) -> str:
    """A Markdown table.

    Args:
        heads: the names of the columns, separated by ` | `.
        rows: the same form, a row each.
    """
    rule = " | ".join(["---"] * len(heads.split(" | ")))
    return "\n".join(f"| {row} |" for row in (heads, rule, *rows))
