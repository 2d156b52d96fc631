"""`doctor`."""

import argparse

from equipoise.cli.experiment import add_experiment, experiment_of, is_yaml
from equipoise.cli.options import add_session, add_threads
from equipoise.cli.pictures import add_pictures, plan_of
from equipoise.common.errors import EquipoiseError
from equipoise.common.files import folders_here
from equipoise.data.catalogue import DATA
from equipoise.recipes.catalogue import RECIPES


def fill_doctor(parser: argparse.ArgumentParser) -> None:
    """The arguments of `doctor`."""
    add_experiment(parser)
    add_pictures(parser)
    add_session(parser)
    add_threads(parser, "the fastest in a short test")


def doctor_command(chosen: argparse.Namespace) -> int:
    """Say what was found, what would be chosen, and how long it would take."""
    plan = plan_of(chosen)
    if plan is None and chosen.recipe not in RECIPES and not is_yaml(chosen.recipe):
        raise DATA.unknown(chosen.recipe, what="folder or data set", folders=folders_here())
    if plan is None:
        raise EquipoiseError(f"doctor looks at pictures, and {chosen.recipe} is a recipe; show prints its settings.")
    experiment_of(chosen, plan.experiment)
    for line in plan.lines:
        print(line)
    return 0
