"""`card`."""

import argparse
from pathlib import Path

from equipoise.cli.options import add_checkpoint, run_directory
from equipoise.common.errors import printable


def add_licence(parser: argparse.ArgumentParser) -> None:
    """The licence that a model card names."""
    licence = "the licence of the weights in one word, as cc0-1.0 (default: unknown)"
    parser.add_argument("--licence", default="unknown", help=licence)


def fill_card(parser: argparse.ArgumentParser) -> None:
    """The arguments of `card`."""
    parser.add_argument("directory", type=run_directory, help="the run's directory")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="for README.md and samples.png (default: RUN/card)")
    add_licence(parser)
    add_checkpoint(parser)


def card_command(chosen: argparse.Namespace) -> int:
    """Write a run's model card."""
    import torch

    from equipoise.reports.card import write_card
    from equipoise.runs.trained import load_trained

    trained = load_trained(chosen.directory, torch.device("cpu"), chosen.checkpoint, print)
    path = write_card(trained, chosen.out or chosen.directory / "card", chosen.licence)
    print(f"The model card is {printable(path)}")
    return 0
