"""`show`."""

import argparse

from equipoise.cli.experiment import add_experiment, experiment_of
from equipoise.cli.options import add_session, add_threads
from equipoise.cli.pictures import add_pictures, plan_of


def fill_show(parser: argparse.ArgumentParser) -> None:
    """The arguments of `show`."""
    add_experiment(parser)
    add_pictures(parser)
    add_session(parser)
    add_threads(parser, "the fastest in a short test")


def show_command(chosen: argparse.Namespace) -> int:
    """Print an experiment as YAML."""
    plan = plan_of(chosen)
    experiment = experiment_of(chosen, plan.experiment if plan else None)
    from equipoise.experiments.config import to_yaml

    print(to_yaml(experiment), end="")
    return 0
