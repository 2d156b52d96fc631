"""`show`."""

import argparse

from equipoise.cli.command import Command
from equipoise.cli.experiment import add_experiment, experiment_of


def show_command(chosen: argparse.Namespace) -> int:
    """Print an experiment as YAML."""
    from equipoise.experiments.config import to_yaml

    print(to_yaml(experiment_of(chosen)), end="")
    return 0


COMMAND = Command(
    show_command,
    "Print an experiment's whole configuration as YAML, to edit and pass to train.",
    "equipoise show magan-digits > mine.yaml",
    add_experiment,
)
"""`show` on the command line."""
