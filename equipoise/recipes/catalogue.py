"""Every recipe by name. Torch-free: a recipe's module is imported when the recipe is asked for."""

from dataclasses import replace
from typing import TYPE_CHECKING

from equipoise.common.errors import EquipoiseError, UnknownName
from equipoise.common.registry import Entry, Registry
from equipoise.recipes.coverage_rows import COVERAGE_ROWS
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

RECIPES: Registry[Entry] = Registry(
    "recipe",
    [
        Entry("gan-digits", "Non-saturating GAN on scikit-learn's digits", "equipoise.recipes.digits:gan_digits"),
        Entry(
            "ebgan-digits",
            "EBGAN with a fixed margin on scikit-learn's digits",
            "equipoise.recipes.digits:ebgan_digits",
        ),
        Entry("magan-digits", "MAGAN on scikit-learn's digits", "equipoise.recipes.digits:magan_digits"),
        Entry(
            "adaptive-hinge-digits",
            "Hinge with an adaptive margin on scikit-learn's digits",
            "equipoise.recipes.digits:adaptive_hinge_digits",
        ),
        Entry(
            "adaptive-bounds-digits",
            "Repulsive MMD-GAN with adaptive bounds on scikit-learn's digits",
            "equipoise.recipes.digits:adaptive_bounds_digits",
        ),
        Entry(
            "gmmn-ring",
            "Generative moment matching on six Gaussians in a ring",
            "equipoise.recipes.kernels:gmmn_ring",
        ),
        Entry(
            "gmmn-digits",
            "Generative moment matching on scikit-learn's digits",
            "equipoise.recipes.kernels:gmmn_digits",
        ),
        Entry(
            "gmmn-folder",
            "Generative moment matching on a folder of pictures",
            "equipoise.recipes.kernels:gmmn_folder",
        ),
        Entry("drifting-ring", "Drifting on six Gaussians in a ring", "equipoise.recipes.kernels:drifting_ring"),
        Entry("drifting-digits", "Drifting on scikit-learn's digits", "equipoise.recipes.kernels:drifting_digits"),
        Entry(
            "mmd-rep-ring",
            "Repulsive MMD-GAN on six Gaussians in a ring",
            "equipoise.recipes.kernels:mmd_rep_ring",
        ),
        Entry(
            "mmd-rep-digits",
            "Repulsive MMD-GAN on scikit-learn's digits",
            "equipoise.recipes.kernels:mmd_rep_digits",
        ),
        Entry(
            "relativistic-folder",
            "The default for a folder of pictures, 32x32",
            "equipoise.recipes.pictures:relativistic_folder",
        ),
        Entry("r3gan-stacked-mnist", "R3GAN on stacked MNIST", "equipoise.recipes.r3gan:r3gan_stacked_mnist"),
        Entry("r3gan-cifar10", "R3GAN on CIFAR-10, with classes", "equipoise.recipes.r3gan:r3gan_cifar10"),
        Entry("r3gan-folder", "R3GAN on a folder of pictures, 64x64", "equipoise.recipes.r3gan:r3gan_folder"),
        *MAGAN_ROWS,
        *LGA_ROWS,
        *MODE_ROWS,
        *COVERAGE_ROWS,
        *MMD_ROWS,
    ],
)
"""Each is a function that returns the experiment."""


def recipe(name: str, budget: str = "paper") -> "Experiment":
    """The experiment of this name, at one of the `BUDGETS`; below "paper" the budget is part of its name.

    Raises:
        UnknownName: there is no such recipe or budget; the nearest one is named.
        EquipoiseError: the recipe's function returns something else.
    """
    RECIPES.check(name)
    if budget not in BUDGETS:
        raise UnknownName("budget", budget, BUDGETS)
    make = RECIPES.load(name)
    from equipoise.experiments.experiment import Experiment

    made = make()
    if not isinstance(made, Experiment):
        raise EquipoiseError(f"the recipe '{name}' must return an Experiment, not {type(made).__name__}.")
    experiment = replace(made, name=name)
    if budget == "paper":
        return experiment
    from equipoise.recipes.budgets import cpu, smoke

    return smoke(experiment) if budget == "smoke" else cpu(experiment)
