"""`train`."""

import argparse
from dataclasses import replace
from pathlib import Path

from equipoise.cli.experiment import add_experiment, experiment_of, is_yaml
from equipoise.cli.options import add_checkpoint, run_directory
from equipoise.cli.pictures import add_pictures, asks_for_pictures, plan_of
from equipoise.cli.settings import add_settings, settings_of
from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.say import say, speaks

_SMALL = ("smoke", "cpu")


def fill_train(parser: argparse.ArgumentParser) -> None:
    """The arguments of `train`."""
    add_experiment(parser)
    add_pictures(parser)
    add_settings(parser)
    begin = (
        "begin with the weights of this run; pictures in place of a recipe are trained on as that run was, or with "
        "--size and the like as for a new run"
    )
    parser.add_argument("--from", type=run_directory, dest="begin", metavar="RUN", help=begin)
    add_checkpoint(parser)
    dry_run = "say what was found and chosen and how long it takes, and train nothing"
    parser.add_argument("--dry-run", action="store_true", help=dry_run)
    parser.add_argument("--out", type=Path, help="a new directory for the run (default: runs/RECIPE-seedN)")


def train_command(chosen: argparse.Namespace) -> int:
    """Train from the start."""
    if chosen.checkpoint is not None and chosen.begin is None:
        raise EquipoiseError("--checkpoint chooses among those of the run after --from; give both.")
    plan = plan_of(chosen) if chosen.begin is None or asks_for_pictures(chosen) else None
    experiment = experiment_of(chosen, plan.experiment if plan else None)
    if plan is not None and (chosen.dry_run or not chosen.quiet):
        for line in plan.lines:
            say(line)
    if chosen.dry_run:
        return 0
    from equipoise.runs.directory import usual_directory
    from equipoise.runs.taken_over import From
    from equipoise.runs.train import train

    out = chosen.out or usual_directory(experiment)
    begin_from = None if chosen.begin is None else From(chosen.begin, chosen.checkpoint)
    settings = replace(settings_of(chosen), shorter=_shorter(chosen), begin_from=begin_from)
    if plan is not None:
        settings = replace(settings, threads=plan.threads, introduced=True)
    run = train(experiment, out, settings)
    if speaks():
        print(f"The run is in {printable(run.path)}; its report is {printable(run.path / 'report.html')}")
    return 0


def _shorter(chosen: argparse.Namespace) -> str:
    """The smaller budget, where one can be asked for."""
    from equipoise.recipes.catalogue import BUDGETS

    return "" if is_yaml(chosen.recipe) or chosen.budget in _SMALL else f"--budget cpu ({BUDGETS['cpu']}); "
