"""`train` and `resume`."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from equipoise.cli.arguments import add_arithmetic, add_inception_weights, add_session, add_threads, whole
from equipoise.cli.experiment import add_experiment, experiment_of, is_yaml
from equipoise.common.errors import printable
from equipoise.common.files import local_path

if TYPE_CHECKING:
    from equipoise.runs.train import Settings


_SMALL = ("smoke", "cpu")


def fill_train(parser: argparse.ArgumentParser) -> None:
    """The arguments of `train`."""
    add_experiment(parser)
    _add_settings(parser)
    parser.add_argument("--out", type=Path, help="a new directory for the run (default: runs/RECIPE-seedN)")


def train_command(chosen: argparse.Namespace) -> int:
    """Train from the start."""
    from equipoise.runs.train import train

    experiment = experiment_of(chosen)
    out = chosen.out or local_path(f"runs/{_file_name(experiment.name)}-seed{experiment.seed}")
    run = train(experiment, out, replace(_settings(chosen), shorter=_shorter(chosen)))
    print(f"The run is in {printable(run.path)}; its report is {printable(run.path / 'report.html')}")
    return 0


def _shorter(chosen: argparse.Namespace) -> str:
    """The smaller budget, where one can be asked for."""
    from equipoise.recipes.catalogue import BUDGETS

    return "" if is_yaml(chosen.recipe) or chosen.budget in _SMALL else f"--budget cpu ({BUDGETS['cpu']}); "


def fill_resume(parser: argparse.ArgumentParser) -> None:
    """The arguments of `resume`."""
    parser.add_argument("directory", type=Path, help="the run's directory")
    _add_settings(parser)


def resume_command(chosen: argparse.Namespace) -> int:
    """Go on with a run."""
    from equipoise.runs.train import resume

    run = resume(chosen.directory, _settings(chosen))
    print(f"The run is complete; its report is {printable(run.path / 'report.html')}")
    return 0


def _add_settings(parser: argparse.ArgumentParser) -> None:
    add_session(parser)
    add_inception_weights(parser)
    add_threads(parser, "what a short trial finds fastest")
    on_nan = "when a loss, gradient or parameter is no longer finite: stop (default), or go back with half the lr"
    parser.add_argument("--on-nan", choices=("stop", "rollback"), default="stop", help=on_nan)
    parser.add_argument("--most-rollbacks", type=whole, default=3, help="how often at most (default: 3)")
    add_arithmetic(parser, "float32, or as the run was begun")
    deterministic = "on a GPU, only algorithms that repeat their bits: slower, but a resume is exact there too"
    parser.add_argument("--deterministic", action="store_true", default=None, help=deterministic)
    trials = "on a GPU, let cuDNN time its algorithms and take the fastest"
    parser.add_argument("--cudnn-trials", action="store_true", default=None, help=trials)
    layout = "how convolutions lie in memory (default: channels-last, or as the run was begun)"
    parser.add_argument("--layout", choices=("channels-last", "contiguous"), help=layout)
    on_collapse = "when the samples lose their variety: warn (default), stop and save, or only log it"
    parser.add_argument("--on-collapse", choices=("warn", "stop", "log"), default="warn", help=on_collapse)


def _settings(chosen: argparse.Namespace) -> "Settings":
    from equipoise.evaluation.inception_file import local_weights
    from equipoise.reports.pages import write_run_report
    from equipoise.runs.train import Settings

    return Settings(
        device=chosen.device,
        data_root=chosen.data_root,
        threads=chosen.threads,
        quiet=chosen.quiet,
        on_nan=chosen.on_nan,
        most_rollbacks=chosen.most_rollbacks,
        on_collapse=chosen.on_collapse,
        precision=chosen.precision,
        graphs=chosen.graphs,
        deterministic=chosen.deterministic,
        cudnn_trials=chosen.cudnn_trials,
        layout=chosen.layout,
        inception_weights=local_weights(chosen.inception_weights),
        page=write_run_report,
    )


def _file_name(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in name).strip(".") or "run"
