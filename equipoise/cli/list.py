"""`list`."""

import argparse

from equipoise.cli.command import Command

_LISTED = {
    "recipes": "recipe",
    "data": "data",
    "metrics": "metric",
    "backbones": "backbone",
    "studies": "study",
    "simulations": "simulation",
    "algorithms": "algorithm",
    "losses": "loss",
    "amplifiers": "amplifier",
    "kernels": "kernel",
    "penalties": "penalty",
    "constraints": "constraint",
    "augmentations": "augmentation",
    "networks": "network",
    "optimisers": "optimiser",
    "schedules": "schedule",
    "trackers": "tracker",
}
"""Title -> the kind of what is listed below it."""


def fill_list(parser: argparse.ArgumentParser) -> None:
    """The arguments of `list`."""
    parser.add_argument("what", nargs="?", choices=_LISTED, help="show one table only")


def list_command(chosen: argparse.Namespace) -> int:
    """Print the tables of names."""
    from equipoise.recipes.families import folded_summaries
    from equipoise.registries import registry

    for title, kind in _LISTED.items():
        if chosen.what in (None, title):
            summaries = {name: entry.summary for name, entry in registry(kind).items()}
            rows = folded_summaries(summaries) if kind == "recipe" else summaries
            print(f"{title}:")
            width = max(len(name) for name in rows)
            for name, summary in rows.items():
                print(f"  {name:<{width}}  {summary}")
            print()
    return 0


COMMAND = Command(
    list_command,
    "List everything that has a name: recipes, data sets, metrics, studies, losses, networks and so on.",
    "equipoise list recipes",
    fill_list,
)
"""`list` on the command line."""
