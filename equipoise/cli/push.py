"""`push`."""

import argparse
import tempfile
from pathlib import Path

from equipoise.cli.card import add_licence
from equipoise.cli.options import add_checkpoint, run_directory


def fill_push(parser: argparse.ArgumentParser) -> None:
    """The arguments of `push`."""
    parser.add_argument("directory", type=run_directory, help="the run's directory")
    parser.add_argument(
        "name", metavar="USER/NAME", help="where on the Hugging Face hub (needs the hub extra and a login)"
    )
    add_licence(parser)
    parser.add_argument("--private", action="store_true", help="a new repository is seen by its owner only")
    add_checkpoint(parser)


def push_command(chosen: argparse.Namespace) -> int:
    """Put a run's generator and its model card on the hub."""
    import torch

    from equipoise.integrations.hub import upload
    from equipoise.reports.card import write_card
    from equipoise.runs.export import write_model
    from equipoise.runs.trained import load_trained

    trained = load_trained(chosen.directory, torch.device("cpu"), chosen.checkpoint, print)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_model(trained, folder)
        write_card(trained, folder, chosen.licence)
        print(f"The generator is on the hub: {upload(folder, chosen.name, chosen.private)}")
    return 0
