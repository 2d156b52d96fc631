"""Every recipe by name. Torch-free: a recipe's module is imported when the recipe is asked for."""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from equipoise.common.errors import UnknownName

if TYPE_CHECKING:
    from equipoise.experiments.experiment import Experiment


@dataclass(frozen=True)
class Entry:
    """One recipe's line in the catalogue.

    Attributes:
        place: "module:function" of the function that returns the experiment.
        summary: what it is in one line, the first line of the function's docstring.
        arguments: keyword arguments for the function, as (name, value) pairs.
    """

    place: str
    summary: str
    arguments: tuple[tuple[str, float | int | str], ...] = ()


def _digits(function: str, summary: str, **arguments: float) -> Entry:
    return Entry(f"equipoise.recipes.digits:{function}", summary, tuple(arguments.items()))


def _magan(function: str, summary: str, **arguments: float) -> Entry:
    return Entry(f"equipoise.recipes.magan:{function}", summary, tuple(arguments.items()))


RECIPES: dict[str, Entry] = {
    "gan-digits": _digits("gan_digits", "Non-saturating GAN on scikit-learn's digits"),
    "ebgan-digits": _digits("ebgan_digits", "EBGAN with a fixed margin on scikit-learn's digits"),
    "magan-digits": _digits("magan_digits", "MAGAN on scikit-learn's digits"),
    "magan-mnist": _magan("magan_mnist", "MAGAN on MNIST (Wang et al. 2017, Figure 3)"),
    "ebgan-mnist": _magan("ebgan_mnist", "EBGAN with margin 10 on MNIST (Wang et al. 2017, Figure 3)", margin=10.0),
    "ebgan-mnist-5": _magan("ebgan_mnist", "EBGAN with margin 5 on MNIST (Wang et al. 2017, Figure 3)", margin=5.0),
    "ebgan-mnist-1.08": _magan(
        "ebgan_mnist", "EBGAN with margin 1.08 on MNIST (Wang et al. 2017, Figure 3)", margin=1.08
    ),
}


def recipe(name: str) -> "Experiment":
    """The experiment of this name.

    Raises:
        UnknownName: there is none; the nearest one is named.
    """
    if name not in RECIPES:
        raise UnknownName("recipe", name, RECIPES)
    entry = RECIPES[name]
    module, _, function = entry.place.partition(":")
    experiment: Experiment = getattr(import_module(module), function)(**dict(entry.arguments))
    return experiment
