"""The options of `train` and `resume` that say how to train, and the settings made from them."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from equipoise.cli.options import add_arithmetic, add_inception_weights, add_session, add_threads, whole
from equipoise.integrations.catalogue import TRACKERS

if TYPE_CHECKING:
    from equipoise.runs.train import Settings


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Data, device, arithmetic, and what happens when something goes wrong."""
    add_session(parser)
    add_inception_weights(parser)
    add_threads(parser, "the fastest in a short test")
    on_nan = "when a loss, gradient or parameter becomes NaN or infinite: stop (default), or go back and halve the lr"
    parser.add_argument("--on-nan", choices=("stop", "rollback"), default="stop", help=on_nan)
    parser.add_argument("--most-rollbacks", type=whole, default=3, help="at most this many rollbacks (default: 3)")
    add_arithmetic(parser, "float32, or as the run was started")
    deterministic = "on a GPU, use deterministic algorithms only: slower, but a resume is exact there too"
    parser.add_argument("--deterministic", action="store_true", default=None, help=deterministic)
    trials = "on a GPU, let cuDNN time its algorithms and use the fastest"
    parser.add_argument("--cudnn-trials", action="store_true", default=None, help=trials)
    layout = "memory layout of convolutions (default: channels-last, or as the run was started)"
    parser.add_argument("--layout", choices=("channels-last", "contiguous"), help=layout)
    track = "also send every value to tensorboard, trackio, wandb or mlflow; can be repeated"
    parser.add_argument("--track", action="append", type=TRACKERS.check, metavar="TRACKER", help=track)
    on_collapse = "when the samples lose their variety: warn (default), stop and save, or only log it"
    parser.add_argument("--on-collapse", choices=("warn", "stop", "log"), default="warn", help=on_collapse)


def settings_of(chosen: argparse.Namespace) -> "Settings":
    """The settings that the arguments describe."""
    from equipoise.evaluation.inception_file import local_weights
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
        track=None if chosen.track is None else tuple(chosen.track),
        inception_weights=local_weights(chosen.inception_weights),
        page=write_page,
    )


def write_page(run: Path) -> Path:
    """A run's page; what draws it is imported when there is something to draw."""
    from equipoise.reports.pages import write_run_report

    return write_run_report(run)
