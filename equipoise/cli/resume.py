"""`resume`."""

import argparse
from pathlib import Path

from equipoise.cli.command import Command
from equipoise.cli.settings import add_settings, settings_of
from equipoise.common.errors import printable


def fill_resume(parser: argparse.ArgumentParser) -> None:
    """The arguments of `resume`."""
    parser.add_argument("directory", type=Path, help="the run's directory")
    add_settings(parser)


def resume_command(chosen: argparse.Namespace) -> int:
    """Go on with a run."""
    from equipoise.runs.train import resume

    run = resume(chosen.directory, settings_of(chosen))
    print(f"The run is complete; its report is {printable(run.path / 'report.html')}")
    return 0


COMMAND = Command(
    resume_command,
    "Resume an interrupted run; on the same machine it ends as if it had never stopped.",
    "equipoise resume runs/magan-digits-seed0",
    fill_resume,
)
"""`resume` on the command line."""
