"""`show-study`."""

import argparse

from equipoise.studies.sources import check_study


def fill_show_study(parser: argparse.ArgumentParser) -> None:
    """The arguments of `show-study`."""
    parser.add_argument("name", help="a study's name, a YAML file, or the directory of a comparison")


def show_study_command(chosen: argparse.Namespace) -> int:
    """Print a study as YAML."""
    check_study(chosen.name)  # before torch is imported
    from equipoise.studies.study_file import find_or_load, study_to_yaml

    print(study_to_yaml(find_or_load(chosen.name)), end="")
    return 0
