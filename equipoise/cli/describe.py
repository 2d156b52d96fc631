"""`list` and `show`: what can be named, and what a name stands for."""

import argparse

from equipoise.cli.command import Command
from equipoise.cli.experiment import add_experiment, experiment_of

_LISTED = ("recipes", "data", "metrics", "studies", "simulations")


def fill_list(parser: argparse.ArgumentParser) -> None:
    """The arguments of `list`."""
    parser.add_argument("what", nargs="?", choices=_LISTED, help="one table only")


def list_command(chosen: argparse.Namespace) -> int:
    """Print what can be named."""
    for title, rows in _tables().items():
        if chosen.what in (None, title):
            print(f"{title}:")
            width = max(len(name) for name in rows)
            for name, summary in rows.items():
                print(f"  {name:<{width}}  {summary}")
            print()
    return 0


fill_show = add_experiment
"""The arguments of `show`: an experiment."""


def show_command(chosen: argparse.Namespace) -> int:
    """Print an experiment as YAML."""
    from equipoise.experiments.config import to_yaml

    print(to_yaml(experiment_of(chosen)), end="")
    return 0


def _tables() -> dict[str, dict[str, str]]:
    from equipoise.data.catalogue import DATA
    from equipoise.evaluation.catalogue import EVALUATORS
    from equipoise.recipes.catalogue import RECIPES
    from equipoise.recipes.families import folded_summaries
    from equipoise.simulations.catalogue import SIMULATIONS
    from equipoise.studies.catalogue import STUDIES

    return {
        "recipes": folded_summaries({name: entry.summary for name, entry in RECIPES.items()}),
        "data": {name: summary for name, (_, summary) in DATA.items()},
        "metrics": {name: entry.summary for name, entry in EVALUATORS.items()},
        "studies": {name: summary for name, (_, summary) in STUDIES.items()},
        "simulations": {name: simulation.summary for name, simulation in SIMULATIONS.items()},
    }


LIST = Command(
    list_command,
    "List recipes, data sets, metrics, studies and simulations.",
    "equipoise list recipes",
    fill_list,
)
SHOW = Command(
    show_command,
    "Print an experiment's whole configuration as YAML, which train accepts back.",
    "equipoise show magan-digits > mine.yaml",
    add_experiment,
)
