"""`sample`."""

import argparse
from pathlib import Path

from equipoise.cli.command import Command
from equipoise.cli.options import add_checkpoint, add_device, positive, run_directory, whole
from equipoise.common.counted import counted
from equipoise.common.errors import printable


def fill_sample(parser: argparse.ArgumentParser) -> None:
    """The arguments of `sample`."""
    parser.add_argument("directory", type=run_directory, help="the run's directory")
    parser.add_argument("--count", type=positive, default=100, help="how many samples (default: 100)")
    parser.add_argument("--out", type=Path, required=True, help="a .png grid, an .npz file, or a folder of PNGs")
    parser.add_argument("--seed", type=whole, default=0, help="seed of the latents (default: 0)")
    add_checkpoint(parser)
    add_device(parser)


def sample_command(chosen: argparse.Namespace) -> int:
    """Write generated samples."""
    from equipoise.common.machine import choose_device
    from equipoise.runs.trained import sample

    device = choose_device(chosen.device)
    sample(chosen.directory, chosen.count, chosen.out, chosen.seed, device, chosen.checkpoint, print)
    print(f"{counted(chosen.count, 'sample')} {'is' if chosen.count == 1 else 'are'} in {printable(chosen.out)}")
    return 0


COMMAND = Command(
    sample_command,
    "Save samples from a run's generator.",
    "equipoise sample runs/magan-digits-seed0 --count 100 --out samples.png",
    fill_sample,
)
"""`sample` on the command line."""
