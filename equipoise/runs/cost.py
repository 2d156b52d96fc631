"""What a run would cost on this machine: a few of its iterations are played on a copy, and timed."""

import resource
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from equipoise.data.store import Store
from equipoise.evaluation.backbones import make_extractor
from equipoise.evaluation.catalogue import METRICS
from equipoise.evaluation.features import extract
from equipoise.evaluation.sampling import generate
from equipoise.experiments.build import build_game, build_state, sampling_generator
from equipoise.experiments.experiment import Experiment, Watch
from equipoise.monitor.collapse import SAMPLES
from equipoise.runs.alarm import LOOKS, SHORTEST_PAUSE, pause
from equipoise.runs.observers import GRID_SAMPLES, interval
from equipoise.runs.pace import now
from equipoise.runs.threads import choose_threads
from equipoise.training.checkpoint import save_checkpoint
from equipoise.training.loop import Loop
from equipoise.training.precision import Precision, matrix_precision

_FEWEST, _MOST, _SECONDS = 8, 400, 3.0
"""Iterations at least and at most, and about how long they are timed."""
_DRAWN, _LOOKED_AT = 200, 64
"""Samples that are drawn, and pictures whose features are taken, to time them."""
_ENDS_SECONDS = 5.0
"""What a run takes at its start and for its page, on a usual core."""
_LATER_BYTES = 160 << 20
"""What scores and the page take besides."""


@dataclass(frozen=True)
class Cost:
    """What was measured.

    Attributes:
        seconds: of one iteration.
        ready_seconds: of making the averaged generator ready to be sampled from.
        sample_seconds: of drawing one sample.
        saving_seconds: of writing a checkpoint.
        memory_bytes: the most that this process, or the GPU, has taken so far, with what the page will take.
        feature_seconds: of looking at one picture with the network that scores are taken by; 0 where none are.
    """

    seconds: float
    ready_seconds: float
    sample_seconds: float
    saving_seconds: float
    memory_bytes: int
    feature_seconds: float = 0.0

    def total(self, experiment: Experiment, iterations: int) -> float:
        """Seconds of so many iterations, with all that the experiment watches: grids, looks, scores, checkpoints."""
        return iterations * self.seconds + self._beside(experiment.watch, iterations)

    def within(self, experiment: Experiment, seconds: float) -> int:
        """How many iterations take so long, with the same; at least 1.

        Of many a multiple of 40 is taken, so that grids, looks, scores and checkpoints fall together.
        """
        fitting, too_many = 1, int(seconds / self.seconds) + 2
        while too_many - fitting > 1:
            middle = (fitting + too_many) // 2
            fits = self.total(experiment, _even(middle)) <= seconds
            fitting, too_many = (middle, too_many) if fits else (fitting, middle)
        return _even(fitting)

    def _beside(self, watch: Watch, iterations: int) -> float:
        grids, saved, scored = (
            _moments(times, iterations) for times in (watch.sample_grids, watch.checkpoints, watch.evaluations)
        )
        looks = set(range(0, iterations + 1, pause(iterations))[1:])
        ready = len(grids | saved | scored | looks | {0, iterations})
        drawn = GRID_SAMPLES * (len(grids) + 2) + SAMPLES * len(looks) + watch.samples * len(scored)
        by_features = any(METRICS[name].backbone for name in watch.metrics)
        seen = (watch.samples * len(scored) + (watch.real or watch.samples)) if scored and by_features else 0
        return (
            _ENDS_SECONDS
            + ready * self.ready_seconds
            + drawn * self.sample_seconds
            + (len(saved) + 1) * self.saving_seconds
            + seen * self.feature_seconds
        )


def _even(iterations: int) -> int:
    return iterations if iterations < LOOKS * SHORTEST_PAUSE else iterations // LOOKS * LOOKS


def _moments(times: int, iterations: int) -> set[int]:
    """The iterations at which something that is done so many times is done."""
    return set(range(0, iterations + 1, interval(times, iterations))[1:]) if times else set()


def cost(
    experiment: Experiment,
    store: Store,
    device: torch.device,
    features_of: str = "",
    precision: Precision = "float32",
) -> Cost:
    """Play a few iterations, draw samples, write a checkpoint and look at pictures; nothing is kept.

    The mean over some seconds is taken, not the best: a machine that is busy now is expected to stay so.

    Args:
        experiment: what would be trained.
        store: its data, on the device.
        device: where.
        features_of: the name of the network that scores are taken by, or "" for none.
        precision: what the players compute in.
    """
    game = build_game(experiment, store, precision)
    with matrix_precision(precision, device):
        loop = Loop(game, build_state(experiment, game, device))
        loop.iterate()
        begun, done = now(device), 0
        while not loop.finished and done < _MOST and (done < _FEWEST or now(device) - begun < _SECONDS):
            loop.iterate()
            done += 1
        trained = now(device)
        generator = sampling_generator(experiment, loop.state)
        each, ready = (trained - begun) / max(1, done), now(device) - trained
        drawn = _seconds(lambda: generate(generator, experiment.latent, _DRAWN, experiment.seed), device) / _DRAWN
        with tempfile.TemporaryDirectory() as folder:
            saved = _seconds(lambda: save_checkpoint(Path(folder), loop.state, {}), device)
        looked = _feature_seconds(features_of, store, device) if features_of else 0.0
    return Cost(each, ready, drawn, saved, _most_memory(device), looked)


def _feature_seconds(backbone: str, store: Store, device: torch.device) -> float:
    """Of one picture, once the network is there."""
    extractor = make_extractor(backbone, None, device)
    some = store.items.gather(torch.arange(_LOOKED_AT) % len(store)).cpu()
    extract(some[:8], extractor, device=device)
    return _seconds(lambda: extract(some, extractor, device=device), device) / len(some)


def _seconds(what: Callable[[], object], device: torch.device) -> float:
    begun = now(device)
    what()
    return now(device) - begun


def threads_for(experiment: Experiment, store: Store, device: torch.device) -> int:
    """The fastest count of CPU threads, by a short trial; it is set."""
    game = build_game(experiment, store)
    return choose_threads(lambda: Loop(game, build_state(experiment, game, device)), lambda sentence: None)


def _most_memory(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit + _LATER_BYTES
