"""`evaluate`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from equipoise.cli.options import (
    add_checkpoint,
    add_inception_weights,
    add_session,
    add_threads,
    positive,
    run_directory,
)
from equipoise.common.errors import printable
from equipoise.common.files import check_writable
from equipoise.evaluation.catalogue import METRICS

if TYPE_CHECKING:
    from equipoise.evaluation.scoring import Score


def fill_evaluate(parser: argparse.ArgumentParser) -> None:
    """The arguments of `evaluate`."""
    parser.add_argument("directory", type=run_directory, help="the run's directory")
    metrics_help = "which metrics; equipoise list metrics shows them (default: two that suit the data)"
    parser.add_argument("--metrics", nargs="+", action="extend", type=METRICS.check, default=[], help=metrics_help)
    parser.add_argument("--samples", type=positive, default=10_000, help="how many samples to score (default: 10000)")
    add_checkpoint(parser)
    add_inception_weights(parser)
    add_session(parser)
    add_threads(parser, "as the run was trained")


def evaluate_command(chosen: argparse.Namespace) -> int:
    """Score a run's generator."""
    from equipoise.evaluation.inception_file import local_weights
    from equipoise.reports.pages import write_run_report
    from equipoise.runs.train import Settings
    from equipoise.runs.trained import PartlyMeasured, evaluate

    check_writable(chosen.directory / "scores.json")
    weights = local_weights(chosen.inception_weights)
    settings = Settings(
        chosen.device,
        chosen.data_root,
        chosen.threads,
        chosen.quiet,
        inception_weights=weights,
        page=write_run_report,
    )
    metrics, which = tuple(chosen.metrics), chosen.checkpoint
    try:
        scores = evaluate(chosen.directory, metrics, chosen.samples, settings, checkpoint=which, tell=print)
    except PartlyMeasured as error:
        _print_scores(error.scores, chosen.directory)
        raise
    _print_scores(scores, chosen.directory)
    return 0


def _print_scores(scores: "list[Score]", directory: Path) -> None:
    for score in scores:
        deviation = f" ± {score.deviation:.4g}" if score.deviation is not None else ""
        print(f"{score.metric}:{_shown(score)}{deviation}")
        for name, value in score.passport.get("by_class", {}).items():
            print(f"  {printable(name)}: {value:.4g}")
    print(f"The scores with their passports are in {printable(directory / 'scores.json')}")


def _shown(score: "Score") -> str:
    """The value after a space; nothing of a histogram whose classes have names, which follow one a line."""
    if not isinstance(score.value, tuple):
        return f" {score.value:.4g}"
    return "" if score.class_names else "".join(f" {each:.4g}" for each in score.value)
