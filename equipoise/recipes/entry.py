"""One line of the catalogue of recipes. Torch-free."""

from dataclasses import dataclass

Argument = float | int | str | bool | None
"""What a recipe's function may be given."""


@dataclass(frozen=True)
class Entry:
    """One recipe's line in the catalogue.

    Attributes:
        place: "module:function" of the function that returns the experiment.
        summary: what it is in one line.
        arguments: keyword arguments for the function, as (name, value) pairs.
    """

    place: str
    summary: str
    arguments: tuple[tuple[str, Argument], ...] = ()


def entry(place: str, summary: str, **arguments: Argument) -> Entry:
    """An entry with its arguments as keywords; `place` is "module:function" below `equipoise.recipes`."""
    return Entry(f"equipoise.recipes.{place}", summary, tuple(arguments.items()))
