"""How long a run will take: each stage's length times the time of a few iterations on a copy."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from equipoise.training.game import Algorithm, M, Stage
from equipoise.training.graphs import device_of
from equipoise.training.loop import Game, Loop
from equipoise.training.precision import matrix_precision
from equipoise.training.state import State

_ITERATIONS = 3
_LONG_SECONDS = 2.0
"""An iteration that takes this long is timed once."""


@dataclass(frozen=True, kw_only=True)
class OneStage(Algorithm[M]):
    """One stage of an algorithm, to be timed alone."""

    whole: Algorithm[M]
    stage: Stage[M]

    @property
    def players(self) -> tuple[str, ...]:
        """Those of the whole algorithm."""
        return self.whole.players

    def stages(self) -> tuple[Stage[M], ...]:
        """The one stage."""
        return (self.stage,)

    def create_memory(self) -> M:
        """That of the whole algorithm."""
        return self.whole.create_memory()


def stage_seconds(game: Game, fresh_state: Callable[[Game], State]) -> list[tuple[int, float]]:
    """(iterations, seconds of each) of every stage; `fresh_state` makes a state that may be played with."""
    found = []
    for stage in game.algorithm.stages():
        timed = replace(stage, epochs=None, iterations=_ITERATIONS)  # the stage itself may be shorter
        alone = replace(game, algorithm=OneStage(iterations=_ITERATIONS, whole=game.algorithm, stage=timed))
        found.append((game.stage_iterations(stage), _seconds(Loop(alone, fresh_state(alone)))))
    return found


def now(device: torch.device) -> float:
    """The time in seconds, from any moment on, once the device has done its work."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def _seconds(loop: Loop) -> float:
    times: list[float] = []
    device = device_of(loop.state)
    with matrix_precision(loop.game.precision, device):
        for _ in range(_ITERATIONS):
            start = time.perf_counter()
            loop.iterate()
            times.append(now(device) - start)
            if times[-1] > _LONG_SECONDS:
                break
    return min(times)
