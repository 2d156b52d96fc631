"""The trained generator of a run's directory, to sample from and to score."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from equipoise.common.checks import NotFiniteError
from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import write_text_atomically
from equipoise.common.machine import choose_device, threads_kept
from equipoise.common.say import warn
from equipoise.data.store import Store
from equipoise.evaluation.catalogue import METRICS
from equipoise.evaluation.critic import rating_of
from equipoise.evaluation.maker import SampleMaker, Wanted
from equipoise.evaluation.nearest import By, Neighbours, nearest_training
from equipoise.evaluation.sampling import to_bytes
from equipoise.evaluation.scoring import Evidence, Score, reasons, take_possible, usual_metrics
from equipoise.experiments.averaged import has_average, settled
from equipoise.experiments.build import build_player, network_shape
from equipoise.experiments.difference import refuse_another_experiment
from equipoise.experiments.experiment import Experiment
from equipoise.runs.choice import Chosen, choose_checkpoint, while_it_changes
from equipoise.runs.classes import kept_class_names
from equipoise.runs.directory import RunDirectory, open_run
from equipoise.runs.environment import DATA_CHANGED, data_changed, warn_of_held_out
from equipoise.runs.observers import AVERAGE_BUFFERS
from equipoise.runs.places import as_before, naming_the_root
from equipoise.runs.train import Settings, recorded_threads
from equipoise.training.checkpoint import Checkpoint
from equipoise.training.state import check_same_tensors

Tell = Callable[[str], None]
"""What a sentence for the user is given to."""


@dataclass(frozen=True)
class Trained:
    """A generator from a checkpoint, ready for use: the moving average if there is one.

    Attributes:
        run: where it was trained.
        experiment: what was trained.
        generator: in evaluation mode, without gradients.
        iteration: of the checkpoint.
        checkpoint: where the other players are.
    """

    run: RunDirectory
    experiment: Experiment
    generator: nn.Module
    iteration: int
    checkpoint: Checkpoint

    def load_player(self, name: str) -> nn.Module:
        """Another player from the same checkpoint, in evaluation mode, on the generator's device.

        Raises:
            EquipoiseError: the checkpoint is damaged, or the run has replaced it since.
        """
        if not self.checkpoint.index.is_file():
            raise EquipoiseError(
                f"the run, which is still training, has replaced {self.checkpoint.index.name} since; "
                "evaluate it again, or with a larger watch.keep."
            )
        network = self.experiment.players[name].network
        player = build_player(name, self.experiment, torch.zeros(2, *network_shape(network)))
        device = next(self.generator.parameters()).device
        return _ready(player, self.checkpoint.read_tensors(f"players/{name}."), device)

    def maker(self) -> SampleMaker:
        """Makes samples of the generator."""
        experiment = self.experiment
        return SampleMaker(
            self.generator,
            experiment.latent,
            experiment.value_range,
            network_shape(experiment.players["generator"].network),
            kept_class_names(self.run, experiment),
            lambda: rating_of(experiment, self.load_player),
        )

    @property
    def makes_images(self) -> bool:
        """Whether the samples are images, not points."""
        return len(network_shape(self.experiment.players["generator"].network)) > 1

    def origin(self) -> dict[str, Any]:
        """Where the generator comes from, in JSON values."""
        return {"run": str(self.run.path), "experiment": self.experiment.name, "iteration": self.iteration}

    def data(self, data_root: Path | None = None, told: str = "samples are compared with the present data") -> Store:
        """The run's data as they are now; a warning says if they are no longer those that it was trained on.

        Args:
            data_root: where published files are; by default where they were when the run was trained.
            told: what that means, in the warning.

        Raises:
            EquipoiseError: they are not at hand.
        """
        root = as_before(self.run.path, Settings(data_root=data_root, quiet=True)).data_root
        with naming_the_root(self.run.path, root):
            store = self.experiment.data.load(root, self.experiment.seed)
        if data_changed(self.run.environment, store.content_hash):
            warn(f"{DATA_CHANGED}; {told}.")
        return store

    def neighbours(
        self, count: int, asked: Wanted, each: int, by: By | None = None, data_root: Path | None = None
    ) -> Neighbours:
        """Samples, and for each its nearest training pictures.

        Args:
            count: how many samples.
            asked: which ones.
            each: neighbours of a sample.
            by: as in `nearest_training`.
            data_root: where published files are; by default where they were when the run was trained.

        Raises:
            EquipoiseError: the training data are not at hand or are points, or as `nearest_training`.
        """
        experiment, store = self.experiment, self.data(data_root)
        if not store.holds_images:
            raise EquipoiseError(f"{experiment.data.name} holds points, and neighbours are shown for pictures only.")
        samples = to_bytes(self.maker().samples(count, asked), experiment.value_range)
        return nearest_training(samples, store, each, by, next(self.generator.parameters()).device)


def load_trained(path: Path, device: torch.device, checkpoint: str | None = None, tell: Tell | None = None) -> Trained:
    """The generator of a run, in evaluation mode; its training data are not needed.

    Args:
        path: the run's directory. The run may still be going on.
        device: where the generator is to be.
        checkpoint: "best", "newest" or the number of an iteration; by default the best where `watch.best` keeps one,
            else the newest.
        tell: is told which checkpoint was taken.

    Raises:
        EquipoiseError: there is no run, no such checkpoint in it, or a damaged one; or its configuration has been
            changed since.
    """
    run = open_run(path)
    experiment = run.experiment()
    averaged = has_average(experiment)
    prefix = "averages/generator." if averaged else "players/generator."

    def read() -> tuple[Chosen, dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        chosen = choose_checkpoint(run, experiment, checkpoint)
        return chosen, chosen.checkpoint.read_tensors(prefix), chosen.checkpoint.read_tensors(AVERAGE_BUFFERS)

    chosen, tensors, own = while_it_changes(run.checkpoints, read)
    trained = chosen.index["extra"].get("experiment")
    refuse_another_experiment(trained, experiment, chosen.checkpoint.index.name, str(run.config))
    generator = build_player("generator", experiment, experiment.latent.sample(2, torch.Generator()))
    ready = _ready(generator, tensors | own, device)
    if averaged and not own:  # an older checkpoint, which holds the live generator's statistics alone
        ready = settled(experiment, ready)
    if tell is not None:
        tell(f"Taken from {printable(path)}: {chosen}.")
    return Trained(run, experiment, ready, chosen.checkpoint.iteration, chosen.checkpoint)


def _ready(player: nn.Module, tensors: dict[str, torch.Tensor], device: torch.device) -> nn.Module:
    """The player with these tensors, ready for use."""
    check_same_tensors(player.state_dict(), tensors)
    player.load_state_dict(tensors)
    return player.requires_grad_(False).eval().to(device)


class PartlyMeasured(EquipoiseError):
    """Some metrics could not be computed; `scores` has the others, which are saved."""

    def __init__(self, message: str, scores: list[Score]):
        super().__init__(message)
        self.scores = scores


@threads_kept()
def evaluate(
    path: Path,
    metrics: tuple[str, ...],
    samples: int,
    settings: Settings,
    few_samples: bool = False,
    checkpoint: str | None = None,
    tell: Tell | None = None,
) -> list[Score]:
    """Score a run's generator, save the scores, and write its page if the settings ask for one.

    Scores of other metrics that were taken before stay there.

    Args:
        path: the run's directory.
        metrics: names of `equipoise.evaluation.catalogue.METRICS`; none of them for those that the data allow.
        samples: how many samples they see.
        settings: where and how loudly.
        few_samples: whether distances may be taken of fewer samples than features, which only tries the plumbing.
        checkpoint: as in `load_trained`, like `tell`.

    Raises:
        PartlyMeasured: some metrics could not be taken; the others are kept.
        EquipoiseError: as `load_trained`; a metric is unknown, none can be taken, or the generator has diverged (then
            the cause is a NotFiniteError).
    """
    settings = as_before(path, settings)
    METRICS.all_of(metrics)  # an unknown one is refused before anything is read
    trained = load_trained(path, choose_device(settings.device), checkpoint, tell)
    torch.set_num_threads(settings.threads or recorded_threads(trained.run))
    evidence = evidence_of(trained, samples, settings, few_samples)
    try:
        scores, impossible = take_possible(metrics or usual_metrics(evidence), evidence)
    except NotFiniteError as error:
        raise EquipoiseError(f"{printable(path)} has diverged: {error}") from error
    if not scores:
        raise EquipoiseError(reasons(impossible))
    keep_scores(trained, scores)
    settings.write_page(trained.run.path)
    if impossible:
        raise PartlyMeasured(reasons(impossible), scores)
    return scores


def evidence_of(trained: Trained, samples: int, settings: Settings, few_samples: bool = False) -> Evidence:
    """The evidence of a trained generator for metrics; the arguments are those of `evaluate`."""
    known = trained.data(settings.data_root)  # first, as its refusal says where the data were
    warn_of_held_out(trained.run.environment, trained.experiment, known, settings.data_root)
    return Evidence(
        trained.experiment,
        trained.generator,
        samples,
        settings.data_root,
        next(trained.generator.parameters()).device,
        None if settings.quiet else print,
        inception_weights=settings.inception_weights,
        few_samples=few_samples,
        load_player=trained.load_player,
        known_data=known,
    )


def keep_scores(trained: Trained, scores: list[Score]) -> None:
    """Save the scores in the run's directory; those of other metrics stay. The page must be written afterwards."""
    entries = {score.metric: score.as_dict() | {"iteration": trained.iteration} for score in scores}
    kept = [entry for entry in _read_scores(trained.run.scores) if entry["metric"] not in entries]
    text = json.dumps({"scores": [*kept, *entries.values()]}, indent=1)
    write_text_atomically(trained.run.scores, text)


def _read_scores(path: Path) -> list[dict[str, Any]]:
    """The entries of a scores file; none where it is missing or damaged."""
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))["scores"]
        return [entry for entry in listed if isinstance(entry.get("metric"), str)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []
