"""From arguments to an experiment: a recipe or a YAML file, then --set, --seed and the length."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from equipoise.cli.names import assignment, check_names
from equipoise.cli.options import positive, whole
from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import YAML_SUFFIXES, folders_here
from equipoise.data.catalogue import check_data

if TYPE_CHECKING:
    from equipoise.experiments.experiment import Experiment

_DEFAULT_BUDGET = "paper"
_PATIENCE = 5


def add_experiment(parser: argparse.ArgumentParser) -> None:
    """The arguments that describe an experiment."""
    from equipoise.recipes.catalogue import BUDGETS

    what = (
        "a recipe's name, a YAML file as `show` prints it, or pictures: a folder, zip, tar or .npz file, or a data set"
    )
    parser.add_argument("recipe", metavar="RECIPE|PICTURES", help=what)
    budget_help = "how much to train: " + "; ".join(f"{name}, {what}" for name, what in BUDGETS.items())
    parser.add_argument("--budget", choices=BUDGETS, help=f"{budget_help} (default: {_DEFAULT_BUDGET})")
    data_help = "train on other data, in the recipe's resolution: the name of a data set, a folder or a .npz file"
    parser.add_argument("--data", metavar="DATA", help=data_help)
    parser.add_argument("--seed", type=whole, help="the seed of all random numbers")
    length = parser.add_mutually_exclusive_group()
    epochs_help = "length of the adversarial training in epochs; no other stage is longer"
    length.add_argument("--epochs", type=whole, help=epochs_help)
    length.add_argument("--iterations", type=whole, help="the same, in iterations")
    early = f"stop when the score of the best checkpoint has not improved in N evaluations (without N: {_PATIENCE})"
    parser.add_argument("--early-stop", type=positive, nargs="?", const=_PATIENCE, metavar="N", help=early)
    set_help = "override a setting, as in algorithm.margin=5; can be repeated"
    parser.add_argument(
        "--set", action="append", type=assignment, default=[], metavar="FIELD.PATH=VALUE", help=set_help
    )


def experiment_of(chosen: argparse.Namespace, planned: "Experiment | None" = None) -> "Experiment":
    """The experiment that the arguments describe.

    Args:
        chosen: the words.
        planned: what was chosen for pictures in place of a recipe, with --set, --seed and the length in it.

    Raises:
        EquipoiseError: an unknown name, field or value, an unreadable file, or a length that does not fit.
    """
    patience: int | None = getattr(chosen, "early_stop", None)
    found = _described(chosen) if planned is None else planned
    return found if patience is None else _with_early_stop(found, patience)


def _described(chosen: argparse.Namespace) -> "Experiment":
    """The recipe, the YAML file's experiment or that of another run, as it is to be changed."""
    if chosen.data is not None:
        check_data(chosen.data, chosen.data_root)
    from equipoise.recipes.catalogue import RECIPES

    begin: Path | None = getattr(chosen, "begin", None)
    goes_on = begin is not None and not is_yaml(chosen.recipe) and chosen.recipe not in RECIPES
    former = _as_that_run(begin, chosen) if begin and goes_on else None
    named = former or _named(chosen.recipe, chosen.budget)
    from equipoise.experiments.config import adjusted
    from equipoise.experiments.other_data import on_data

    on_its_data = named if chosen.data is None else on_data(named, chosen.data)
    return adjusted(on_its_data, chosen.set, chosen.seed, chosen.epochs, chosen.iterations)


def _with_early_stop(experiment: "Experiment", patience: int) -> "Experiment":
    """The experiment that ends after so many evaluations without a better score.

    Raises:
        EquipoiseError: there is no score to judge by.
    """
    watch = experiment.watch
    if watch.best is None:
        raise EquipoiseError(
            "--early-stop needs a score that keeps the best checkpoint, and none is measured here; for pictures "
            "install the extra equipoise[features], for a recipe set watch.evaluations, watch.metrics and watch.best."
        )
    return replace(experiment, watch=replace(watch, patience=patience))


def is_yaml(source: str) -> bool:
    """Whether this is the path of a YAML file rather than a recipe's name."""
    return source.endswith(YAML_SUFFIXES)


def _named(source: str, budget: str | None) -> "Experiment":
    from equipoise.recipes.catalogue import RECIPES, recipe

    if not is_yaml(source):
        if source not in RECIPES:
            raise RECIPES.unknown(source, folders=folders_here())
        return recipe(source, budget or _DEFAULT_BUDGET)
    if budget is not None:
        raise EquipoiseError("--budget works with a recipe's name only; a YAML file already sets how long to train.")
    from equipoise.experiments.reading import read_yaml_file

    plain = read_yaml_file(Path(source))  # before torch is imported, so that a wrong path or name is told at once
    if not isinstance(plain, dict):
        raise EquipoiseError(f"{printable(source)} holds no experiment: it must be a mapping of fields.")
    if "rows" in plain:
        raise EquipoiseError(
            f"{printable(source)} describes a study; carry it out with: equipoise study {printable(source)}"
        )
    check_names(plain)
    from equipoise.experiments.config import from_plain

    return from_plain(plain)


def _as_that_run(begin: Path, chosen: argparse.Namespace) -> "Experiment":
    """What another run trained, on the pictures that are named in place of a recipe.

    Raises:
        EquipoiseError: there is no run or no such data, or they are named twice.
    """
    if chosen.budget is not None or chosen.data is not None:
        raise EquipoiseError("--budget and --data work with a recipe's name; --from takes both from its run.")
    check_data(chosen.recipe, chosen.data_root)
    from equipoise.experiments.other_data import on_data
    from equipoise.runs.directory import open_run

    return on_data(open_run(begin).experiment(), chosen.recipe)
