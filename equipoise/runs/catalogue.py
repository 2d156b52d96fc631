"""What can be scored in a run's directory. Torch-free: an evaluator's module is imported when it is asked for."""

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TYPE_CHECKING

from equipoise.common.errors import UnknownName

if TYPE_CHECKING:
    from equipoise.runs.scoring import Evidence, Score

EVALUATORS: dict[str, tuple[str, str]] = {
    "inception-score": (
        "equipoise.runs.scoring:score_inception",
        "Inception score over 10 splits, by the data set's classifier",
    ),
    "class-histogram": (
        "equipoise.runs.scoring:score_histogram",
        "share of the samples in each class, by the data set's classifier",
    ),
}
"""name -> ("module:function", what it is in one line)."""


def check_metrics(names: Iterable[str]) -> None:
    """Every name must be a known metric.

    Raises:
        UnknownName: one is not; the nearest known one is named.
    """
    for name in names:
        if name not in EVALUATORS:
            raise UnknownName("metric", name, EVALUATORS)


def evaluator(name: str) -> "Callable[[Evidence], Score]":
    """The function that takes this score from the evidence."""
    check_metrics((name,))
    module, _, function = EVALUATORS[name][0].partition(":")
    found: Callable[[Evidence], Score] = getattr(import_module(module), function)
    return found
