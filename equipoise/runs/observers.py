"""The observers of a run: samples, evaluations and checkpoints, each at its iterations."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from equipoise.common.counted import counted
from equipoise.common.say import warn
from equipoise.data.store import Store
from equipoise.evaluation.catalogue import is_better
from equipoise.evaluation.floor import FLOOR, with_floor
from equipoise.evaluation.sampling import generate, sample_picture, write_picture
from equipoise.evaluation.scoring import Evidence, Score, reasons, take_possible
from equipoise.evaluation.scoring_images import NEIGHBOURS, SHARE_NEARER
from equipoise.experiments.averaged import GeneratorOf, has_average
from equipoise.experiments.build import sampling_generator
from equipoise.experiments.config import to_plain
from equipoise.experiments.experiment import Experiment
from equipoise.monitor.memorisation import neighbours_in_words
from equipoise.runs.alarm import Watchdog
from equipoise.runs.directory import RunDirectory
from equipoise.runs.remembered import Best, LogPlace, Remembered
from equipoise.training.checkpoint import DERIVED, Checkpoint, keep_newest, save_checkpoint
from equipoise.training.log import Recorder
from equipoise.training.loop import Source, Turn
from equipoise.training.state import State

AVERAGE_BUFFERS = f"{DERIVED}generator."
"""The names of a checkpoint's tensors that belong to the averaged generator begin so."""
GRID_SAMPLES = 100
"""In a picture."""
_POINT_SAMPLES = 1000


def is_due(iteration: int, times: int, total: int) -> bool:
    """Whether something that happens `times` times, evenly over `total` iterations, happens now."""
    return times > 0 and iteration % interval(times, total) == 0


def interval(times: int, total: int) -> int:
    """From one such iteration to the next."""
    return max(1, total // times)


@dataclass
class Sampler:
    """Writes a grid of samples, always from the same latents."""

    run: RunDirectory
    experiment: Experiment
    total: int
    sampled: GeneratorOf = sampling_generator

    def __call__(self, state: State, turn: Turn) -> None:
        """Write one when it is due, and after the last iteration."""
        if is_due(turn.iteration, self.experiment.watch.sample_grids, self.total) or turn.iteration == self.total:
            self.write(state)

    def write(self, state: State) -> None:
        """Write the grid of the current state."""
        experiment = self.experiment
        generator = self.sampled(experiment, state)
        samples = generate(generator, experiment.latent, GRID_SAMPLES, experiment.seed)
        if samples.ndim == 2:
            samples = generate(generator, experiment.latent, _POINT_SAMPLES, experiment.seed)
        path = self.run.samples / f"iteration-{state.clock.iteration:09d}.png"
        write_picture(sample_picture(samples, experiment.value_range), path)


def write_real(run: RunDirectory, experiment: Experiment, source: Source) -> None:
    """Write a picture of real items, evenly chosen, as the samples' pictures are."""
    first = source.batch(torch.arange(1))
    count = min(len(source), _POINT_SAMPLES if first.ndim == 2 else GRID_SAMPLES)
    real = source.batch(torch.linspace(0, len(source) - 1, count).round().long()).float().cpu()
    write_picture(sample_picture(real, experiment.value_range), run.real)


@dataclass
class Evaluator:
    """Computes the experiment's metrics, with random numbers of their own, and logs them with their passports.

    `sampled` gives the generator to score, and `data` are the real data where they are loaded already.

    `best` is the best value of the experiment's chosen metric so far, the iteration where it was found, and the name of
    the metric. One of another metric, which `watch.best` named in an earlier sitting, counts as none.
    """

    experiment: Experiment
    recorder: Recorder
    total: int
    data_root: Path | None
    inception_weights: Path | None = None
    best: Best | None = None
    sampled: GeneratorOf = sampling_generator
    data: Store | None = None
    _shared: dict[str, Any] = field(default_factory=dict)
    _newest: Mapping[str, Score] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.best = best_by(self.experiment, self.best)

    def __call__(self, state: State, turn: Turn) -> None:
        """Evaluate when it is due."""
        if is_due(turn.iteration, self.experiment.watch.evaluations, self.total):
            self._log(turn, self._scores(state))

    def waits_in_vain(self, iteration: int) -> bool:
        """Whether so many evaluations in a row found nothing better that the run ends by `watch.patience`.

        It follows from the best value and the iteration alone, so that a resumed run ends where the other would have.
        """
        watch = self.experiment.watch
        if watch.patience is None or self.best is None:
            return False
        step = interval(watch.evaluations, self.total)
        return iteration // step * step - self.best.iteration >= watch.patience * step

    def why_it_ends(self) -> str:
        """In a sentence, where `waits_in_vain`."""
        assert self.best is not None
        assert self.experiment.watch.patience is not None
        waited, best = counted(self.experiment.watch.patience, "evaluation"), self.best
        return (
            f"stopped early: {best.metric} has not improved in {waited}; its best value, {best.value:.4g}, is that of "
            f"iteration {best.iteration:,}, whose checkpoint is kept."
        )

    def closing_words(self) -> list[str]:
        """What the scores of this sitting say in the end: the best checkpoint, and whether samples are copies."""
        told, best = [], self.best
        if best is not None and best.metric is not None and best.metric in self._newest:
            floor = self._newest[best.metric].passport.get(FLOOR)
            real = "" if floor is None else f", where real pictures against other real ones get {floor:.4g}"
            told.append(
                f"The best checkpoint by {best.metric} is that of iteration {best.iteration:,} "
                f"({best.value:.4g}{real}); sample, export and score take it unless --checkpoint says otherwise."
            )
        compared = next((self._newest[name] for name in NEIGHBOURS if name in self._newest), None)
        if compared is not None and isinstance(compared.value, float):
            told.append(neighbours_in_words(compared.value, compared.passport[SHARE_NEARER]))
        return told

    def _scores(self, state: State) -> list[Score]:
        generator, watch = self.sampled(self.experiment, state), self.experiment.watch
        device = next(generator.parameters()).device
        evidence = Evidence(
            self.experiment,
            generator,
            watch.samples,
            self.data_root,
            device,
            inception_weights=self.inception_weights,
            load_player=lambda name: state.players[name],
            known_data=self.data,
            shared=self._shared,
        )
        scores, impossible = take_possible(watch.metrics, evidence)
        if impossible:
            warn(f"{reasons(impossible)} The training goes on.")
        return [with_floor(score, evidence) for score in scores]

    def _log(self, turn: Turn, scores: list[Score]) -> None:
        self._newest = {score.metric: score for score in scores}
        numbers = {score.metric: score.value for score in scores if isinstance(score.value, float)}
        passports = {score.metric: dict(score.passport) for score in scores if score.metric in numbers}
        place = {"iteration": turn.iteration, "stage": turn.stage, "epoch": turn.epoch}
        self.recorder.flush()
        self.recorder.append([{"kind": "score"} | place | {"values": numbers, "passports": passports}])
        metric = self.experiment.watch.best
        if metric not in numbers:
            return
        if self.best is None or is_better(metric, numbers[metric], self.best.value):
            self.best = Best(turn.iteration, numbers[metric], metric)


def best_by(experiment: Experiment, remembered: Best | None) -> Best | None:
    """The best value in a checkpoint, if it belongs to the metric that `watch.best` names now."""
    metric = experiment.watch.best
    if remembered is None or metric is None or remembered.metric not in (None, metric):
        return None
    return remembered


@dataclass
class Checkpointer:
    """Writes a checkpoint when it is due, when a new best was found, and after the last iteration."""

    run: RunDirectory
    experiment: Experiment
    total: int
    recorder: Recorder
    evaluator: Evaluator
    data_hash: str
    watchdog: Watchdog
    sampled: GeneratorOf
    layout: str

    def __call__(self, state: State, turn: Turn) -> None:
        """Write one when it is due."""
        due = is_due(turn.iteration, self.experiment.watch.checkpoints, self.total)
        best = self.evaluator.best is not None and self.evaluator.best.iteration == turn.iteration
        if due or best or turn.iteration == self.total:
            self.write(state)

    def write(self, state: State) -> Checkpoint:
        """Write one now, then drop the old ones."""
        best = self.evaluator.best
        log = LogPlace(self.recorder.length_bytes(), self.recorder.memory())
        memory, plain = self.watchdog.memory(), to_plain(self.experiment)
        remembered = Remembered(log, best, self.data_hash, memory["alarm"], plain, self.layout, memory["players"])
        checkpoint = save_checkpoint(self.run.checkpoints, state, asdict(remembered), self._average_buffers(state))
        keep_newest(self.run.checkpoints, self.experiment.watch.keep, (best.iteration,) if best else ())
        return checkpoint

    def _average_buffers(self, state: State) -> dict[str, Tensor]:
        """The averaged generator's own statistics, which whoever loads it would otherwise need data for."""
        if not has_average(self.experiment):
            return {}
        generator = self.sampled(self.experiment, state)
        return {f"{AVERAGE_BUFFERS}{name}": value for name, value in generator.named_buffers()}
