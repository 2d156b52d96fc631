"""A trained generator out of a run's directory: to sample from, and to score."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from equipoise.common.checks import NotFiniteError
from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import write_text_atomically
from equipoise.experiments.build import build_player
from equipoise.experiments.experiment import Experiment
from equipoise.runs.catalogue import check_metrics
from equipoise.runs.directory import RunDirectory, open_run
from equipoise.runs.environment import choose_device
from equipoise.runs.inception import check_weights_are_there
from equipoise.runs.report import write_run_report
from equipoise.runs.sampling import export_samples, generate
from equipoise.runs.scoring import Evidence, Score, take_scores
from equipoise.runs.train import Settings, recorded_threads
from equipoise.training.checkpoint import newest_good
from equipoise.training.state import check_same_tensors


@dataclass(frozen=True)
class Trained:
    """A generator as its newest good checkpoint holds it: the moving average where there is one."""

    run: RunDirectory
    experiment: Experiment
    generator: nn.Module
    iteration: int


def load_trained(path: Path, device: torch.device) -> Trained:
    """The generator of a run; its training data are not needed.

    Raises:
        EquipoiseError: there is no run, or no good checkpoint in it.
    """
    run = open_run(path)
    experiment = run.experiment()
    checkpoint, complaints = newest_good(run.checkpoints)
    if checkpoint is None:
        reason = complaints[0] if complaints else "it was stopped before its first one; resume it first."
        raise EquipoiseError(f"{printable(path)} has no good checkpoint: {reason}")
    averaged = experiment.average is not None and experiment.average.player == "generator"
    prefix = "averages/generator." if averaged else "players/generator."
    generator = build_player("generator", experiment, experiment.latent.sample(2, torch.Generator()))
    tensors = checkpoint.read_tensors(prefix)
    check_same_tensors(generator.state_dict(), tensors)
    generator.load_state_dict(tensors)
    generator.requires_grad_(False)
    return Trained(run, experiment, generator.to(device), checkpoint.iteration)


def sample(path: Path, count: int, out: Path, seed: int, device: torch.device) -> None:
    """Write `count` samples of a run's generator to a .png grid, a .npz file or a folder.

    Raises:
        EquipoiseError: as `load_trained`, or the place cannot be written.
    """
    if count < 1:
        raise EquipoiseError(f"the count of samples must be at least 1, got {count}.")
    trained = load_trained(path, device)
    samples = generate(trained.generator, trained.experiment.latent, count, seed)
    export_samples(samples, trained.experiment.value_range, out)


def evaluate(
    path: Path,
    metrics: tuple[str, ...],
    samples: int,
    settings: Settings,
    few_samples: bool = False,
) -> list[Score]:
    """Score a run's generator, write the scores beside it and into its report.

    Args:
        path: the run's directory.
        metrics: names from `equipoise.runs.catalogue`.
        samples: how many samples they see.
        settings: where and how loudly.
        few_samples: whether distances may be taken of fewer samples than features, which only tries the plumbing.

    Raises:
        EquipoiseError: as `load_trained`; a metric is unknown, the data set cannot be judged by it, or the generator
            has diverged (then the cause is a NotFiniteError).
    """
    check_metrics(metrics)
    check_weights_are_there(metrics, settings.inception_weights)
    trained = load_trained(path, choose_device(settings.device))
    torch.set_num_threads(settings.threads or recorded_threads(trained.run))
    try:
        scores = take_scores(metrics, evidence_of(trained, samples, settings, few_samples))
    except NotFiniteError as error:
        raise EquipoiseError(f"{printable(path)} has diverged: {error}") from error
    keep_scores(trained, scores)
    write_run_report(trained.run.path)
    return scores


def evidence_of(trained: Trained, samples: int, settings: Settings, few_samples: bool = False) -> Evidence:
    """What metrics look at, of a trained generator; the arguments are those of `evaluate`."""
    return Evidence(
        trained.experiment,
        trained.generator,
        samples,
        settings.data_root,
        next(trained.generator.parameters()).device,
        None if settings.quiet else print,
        inception_weights=settings.inception_weights,
        few_samples=few_samples,
    )


def keep_scores(trained: Trained, scores: list[Score]) -> None:
    """Write the scores beside the run; its page, which tells them, is to be drawn next."""
    entries = [score.as_dict() | {"iteration": trained.iteration} for score in scores]
    write_text_atomically(trained.run.scores, json.dumps({"scores": entries}, indent=1))
