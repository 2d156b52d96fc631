"""What a run would cost on this machine: a few of its iterations are played on a copy, and timed."""

import resource
import sys
import time
from dataclasses import dataclass

import torch

from equipoise.data.store import Store
from equipoise.evaluation.sampling import generate
from equipoise.experiments.build import build_game, build_state, sampling_generator
from equipoise.experiments.experiment import Experiment
from equipoise.runs.threads import choose_threads
from equipoise.training.loop import Loop

_FEWEST, _MOST, _SECONDS = 8, 400, 3.0
"""Iterations at least and at most, and about how long they are timed."""
_GRID = 500
"""Samples that a run draws at once."""


@dataclass(frozen=True)
class Cost:
    """What was measured.

    Attributes:
        seconds: of one iteration.
        sampling_seconds: of making the averaged generator ready and drawing samples, as for a grid or a checkpoint.
        memory_bytes: the most that this process, or the GPU, has taken so far.
    """

    seconds: float
    sampling_seconds: float
    memory_bytes: int

    def total(self, experiment: Experiment, iterations: int) -> float:
        """Seconds of so many iterations, with the grids and checkpoints that the experiment asks for."""
        return iterations * self.seconds + self._beside(experiment)

    def within(self, experiment: Experiment, seconds: float) -> int:
        """How many iterations take so long, with the same; at least 1."""
        return max(1, round((seconds - self._beside(experiment)) / self.seconds))

    def _beside(self, experiment: Experiment) -> float:
        return self.sampling_seconds * (experiment.watch.sample_grids + experiment.watch.checkpoints + 2)


def cost(experiment: Experiment, store: Store, device: torch.device) -> Cost:
    """Play a few iterations and draw samples; nothing is kept.

    The mean over some seconds is taken, not the best: a machine that is busy now is expected to stay so.

    Args:
        experiment: what would be trained.
        store: its data, on the device.
        device: where.
    """
    game = build_game(experiment, store)
    loop = Loop(game, build_state(experiment, game, device))
    loop.iterate()
    begun, done = _now(device), 0
    while not loop.finished and done < _MOST and (done < _FEWEST or _now(device) - begun < _SECONDS):
        loop.iterate()
        done += 1
    trained = _now(device)
    generate(sampling_generator(experiment, loop.state), experiment.latent, _GRID, experiment.seed)
    return Cost((trained - begun) / max(1, done), _now(device) - trained, _most_memory(device))


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def threads_for(experiment: Experiment, store: Store, device: torch.device) -> int:
    """The fastest count of CPU threads, by a short trial; it is set."""
    game = build_game(experiment, store)
    return choose_threads(lambda: Loop(game, build_state(experiment, game, device)), lambda sentence: None)


def _most_memory(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
