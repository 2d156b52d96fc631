"""Every recipe by name. Torch-free: a recipe's module is imported when the recipe is asked for."""

from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from equipoise.common.errors import UnknownName
from equipoise.recipes.entry import Entry, entry
from equipoise.recipes.lga_rows import LGA_ROWS
from equipoise.recipes.magan_rows import MAGAN_ROWS
from equipoise.recipes.mmd_rows import MMD_ROWS
from equipoise.recipes.mode_rows import MODE_ROWS

if TYPE_CHECKING:
    from equipoise.experiments.experiment import Experiment


BUDGETS: dict[str, str] = {
    "smoke": "random images, tiny networks, a few iterations: seconds, to see that it runs",
    "cpu": "real data, narrow networks, as long as ten minutes of one core allow, 2,000 iterations at most",
    "paper": "the paper's networks and length",
}
"""The sizes at which every recipe exists, and what each means in one line."""

RECIPES: dict[str, Entry] = {
    "gan-digits": entry("digits:gan_digits", "Non-saturating GAN on scikit-learn's digits"),
    "ebgan-digits": entry("digits:ebgan_digits", "EBGAN with a fixed margin on scikit-learn's digits"),
    "magan-digits": entry("digits:magan_digits", "MAGAN on scikit-learn's digits"),
    **MAGAN_ROWS,
    **LGA_ROWS,
    **MODE_ROWS,
    **MMD_ROWS,
}
"""By name."""


def recipe(name: str, budget: str = "paper") -> "Experiment":
    """The experiment of this name, at one of the `BUDGETS`; below "paper" the budget is part of its name.

    Raises:
        UnknownName: there is no such recipe or budget; the nearest one is named.
    """
    if name not in RECIPES:
        raise UnknownName("recipe", name, RECIPES)
    if budget not in BUDGETS:
        raise UnknownName("budget", budget, BUDGETS)
    from equipoise.recipes.budgets import at_budget

    chosen = RECIPES[name]
    module, _, function = chosen.place.partition(":")
    experiment: Experiment = getattr(import_module(module), function)(**dict(chosen.arguments))
    return at_budget(replace(experiment, name=name), budget)
