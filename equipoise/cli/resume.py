"""`resume`."""

import argparse

from equipoise.cli.options import positive, run_directory, span
from equipoise.cli.settings import add_settings, settings_of
from equipoise.common.errors import printable
from equipoise.common.say import speaks


def fill_resume(parser: argparse.ArgumentParser) -> None:
    """The arguments of `resume`."""
    parser.add_argument("directory", type=run_directory, help="the run's directory")
    length = parser.add_mutually_exclusive_group()
    more = "go on until the adversarial training has so many iterations in all, also beyond the run's end"
    length.add_argument("--iterations", type=positive, help=more)
    length.add_argument("--epochs", type=positive, help="the same, in epochs")
    time = "go on for so much longer than the run was to be, as in 30m, 2h or 1h30m"
    length.add_argument("--time", type=span, metavar="SPAN", help=time)
    add_settings(parser)


def resume_command(chosen: argparse.Namespace) -> int:
    """Resume a run."""
    from equipoise.runs.train import Longer, resume

    asked = Longer(chosen.iterations, chosen.epochs, chosen.time)
    run = resume(chosen.directory, settings_of(chosen), None if asked == Longer() else asked)
    if speaks():
        print(f"The run is complete; its report is {printable(run.path / 'report.html')}")
    return 0
