"""`sample`, `export`, `evaluate` and `classifier`: what a trained generator makes, and how good it is."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from equipoise.cli.arguments import add_device, add_inception_weights, add_session, add_threads, positive, whole
from equipoise.common.errors import printable

if TYPE_CHECKING:
    from equipoise.evaluation.scoring import Score


def _add_checkpoint(parser: argparse.ArgumentParser) -> None:
    help_text = "best, newest or an iteration (default: the best where the run keeps one, else the newest)"
    parser.add_argument("--checkpoint", metavar="WHICH", help=help_text)


def fill_sample(parser: argparse.ArgumentParser) -> None:
    """The arguments of `sample`."""
    parser.add_argument("directory", type=Path, help="the run's directory")
    parser.add_argument("--count", type=positive, default=100, help="how many (default: 100)")
    parser.add_argument("--out", type=Path, required=True, help="a .png grid, an .npz file, or a folder of PNGs")
    parser.add_argument("--seed", type=whole, default=0, help="of the latents (default: 0)")
    _add_checkpoint(parser)
    add_device(parser)


def sample_command(chosen: argparse.Namespace) -> int:
    """Write generated samples."""
    from equipoise.common.machine import choose_device
    from equipoise.runs.trained import sample

    device = choose_device(chosen.device)
    sample(chosen.directory, chosen.count, chosen.out, chosen.seed, device, chosen.checkpoint, print)
    print(f"{chosen.count} samples are in {printable(chosen.out)}")
    return 0


def fill_export(parser: argparse.ArgumentParser) -> None:
    """The arguments of `export`."""
    parser.add_argument("directory", type=Path, help="the run's directory")
    out_help = "a .onnx file for any runtime (needs the extra), or .safetensors with the weights"
    parser.add_argument("--out", type=Path, required=True, help=out_help)
    _add_checkpoint(parser)


def export_command(chosen: argparse.Namespace) -> int:
    """Write the generator as one file."""
    from equipoise.runs.export import export

    path = export(chosen.directory, chosen.out, chosen.checkpoint, print)
    print(f"The generator is in {printable(path)}")
    return 0


def fill_evaluate(parser: argparse.ArgumentParser) -> None:
    """The arguments of `evaluate`."""
    parser.add_argument("directory", type=Path, help="the run's directory")
    metrics_help = "which, as listed by equipoise list metrics (default: two that the data allow)"
    parser.add_argument("--metrics", nargs="+", default=[], help=metrics_help)
    parser.add_argument("--samples", type=positive, default=10_000, help="how many samples they see (default: 10000)")
    _add_checkpoint(parser)
    add_inception_weights(parser)
    add_session(parser)
    add_threads(parser, "as the run was trained")


def evaluate_command(chosen: argparse.Namespace) -> int:
    """Score a run's generator."""
    from equipoise.evaluation.inception_file import local_weights
    from equipoise.reports.pages import write_run_report
    from equipoise.runs.train import Settings
    from equipoise.runs.trained import PartlyMeasured, evaluate

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
        print(f"{score.metric}: {_shown(score.value)}{deviation}")
    print(f"The scores with their passports are in {printable(directory / 'scores.json')}")


def fill_classifier(parser: argparse.ArgumentParser) -> None:
    """The arguments of `classifier`."""
    parser.add_argument("data", help="a labelled data set, as digits or mnist")
    add_session(parser)
    add_threads(parser, "1")


def classifier_command(chosen: argparse.Namespace) -> int:
    """Train the classifier that judges samples of a labelled data set, or find it trained."""
    import torch

    from equipoise.common.machine import choose_device
    from equipoise.data.catalogue import parse_data
    from equipoise.evaluation.judge import judge_of

    torch.set_num_threads(chosen.threads or 1)
    judge = judge_of(parse_data(chosen.data), chosen.data_root, choose_device(chosen.device), print)
    print(f"The classifier of {printable(chosen.data)} gets {judge.accuracy:.2%} of the test images right.")
    return 0


def _shown(value: float | list[float]) -> str:
    return " ".join(f"{each:.4g}" for each in value) if isinstance(value, list) else f"{value:.4g}"
