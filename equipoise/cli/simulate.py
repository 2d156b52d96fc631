"""`simulate`."""

import argparse
from pathlib import Path

from equipoise.common.errors import printable
from equipoise.simulations.catalogue import SIMULATIONS, simulate


def simulate_command(chosen: argparse.Namespace) -> int:
    """Run one simulation and print where its files are."""
    for path in simulate(chosen.name, chosen.out):
        print(printable(path))
    return 0


def fill_simulate(parser: argparse.ArgumentParser) -> None:
    """The arguments of `simulate`."""
    parser.add_argument("name", help=f"which: {', '.join(SIMULATIONS)}")
    parser.add_argument(
        "--out", type=Path, default=Path("simulations"), help="the folder for its files (default: simulations)"
    )
