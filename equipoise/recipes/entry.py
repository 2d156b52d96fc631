"""One recipe's record. Torch-free."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from equipoise.common.registry import Entry

Argument = float | int | str | bool | None
"""What a recipe's function may be given."""


@dataclass(frozen=True)
class RecipeEntry(Entry):
    """A recipe that shares its function with others. A recipe with its own function is a plain `Entry`.

    Attributes:
        arguments: keyword arguments for the function, as (name, value) pairs.
    """

    arguments: tuple[tuple[str, Argument], ...]

    def load(self) -> Callable[[], Any]:
        """The function that returns the experiment, with its arguments."""
        return partial(super().load(), **dict(self.arguments))


def entry(name: str, place: str, summary: str, **arguments: Argument) -> RecipeEntry:
    """An entry with its arguments as keywords; `place` is "module:function" below `equipoise.recipes`."""
    return RecipeEntry(name, summary, f"equipoise.recipes.{place}", tuple(arguments.items()))
