"""The host's share of an iteration: everything that Python does beside the networks' arithmetic.

A whole session of MAGAN on MNIST is played on the CPU with all its observers, from a recording whose replays do
nothing: what is left is drawing, copying into the recording's buffers, logging, vital signs and alarms. CPU time of the
loop's thread, which is what a device waits for, and of the whole process, whose other thread draws noise ahead.

Run: python -m measurements.benchmarks.host      writes results/benchmarks/host.json
"""

import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch

from equipoise.common.files import write_text_atomically
from equipoise.common.machine import git_commit
from equipoise.data.noise import Noise
from equipoise.experiments.build import build_game, build_state
from equipoise.recipes.catalogue import recipe
from equipoise.runs.directory import create_run
from equipoise.runs.lock import Claim
from equipoise.runs.processes import Agreement, joined
from equipoise.runs.remembered import NOTHING_YET
from equipoise.runs.session import Session, Settings, _observers, _open_writers
from equipoise.runs.vitals import Vitals
from equipoise.training.ahead import Ahead
from equipoise.training.game import nothing_to_close
from equipoise.training.loop import Loop, Observer
from measurements import RESULTS_FOLDER, take_no_words
from measurements.benchmarks.measure import summary

DATA = RESULTS_FOLDER / "benchmarks" / "host.json"
RECIPE, IMAGES = "magan-mnist", 60_000
ROUNDS, ITERATIONS, WARM_UP = 9, 400, 10


class EmptyReplays:
    """Does the work while it warms up, and nothing when it is replayed."""

    def warm_up(self, work: Callable[[], None]) -> None:
        """Do the work."""
        work()

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        """What does nothing."""
        return lambda: None


@dataclass(frozen=True)
class Share:
    """CPU microseconds of an iteration."""

    loop_thread: float
    process: float


def measured(folder: Path) -> dict[str, list[Share]]:
    """Of each round: the share of a session with all its observers, and of the loop alone."""
    experiment = recipe(RECIPE)
    store = Noise((1, 28, 28), IMAGES).load(None, 0)
    game = build_game(experiment, store)
    state = build_state(experiment, game, torch.device("cpu"))
    run = create_run(folder / "run", experiment)
    with joined("cpu") as processes:
        settings, claim = Settings(quiet=True), Claim(run.config, None)
        session = Session(run, experiment, game, state, store.content_hash, settings, processes, claim)
        writers = _open_writers(session, NOTHING_YET)
        loop = Loop(game, state, EmptyReplays())
        loop._ahead = Ahead()  # as on a GPU
        loop._stages = tuple(replace(stage, close_epoch=nothing_to_close) for stage in loop._stages)
        state.clock.stage = len(game.algorithm.stages()) - 1
        observers = (lambda state, turn: session.claim.check(), *_observers(Vitals(lambda iteration: False), writers))
        until = Agreement(processes, lambda: 0)
        _iterate(loop, observers, until, WARM_UP)
        found: dict[str, list[Share]] = {"session": [], "loop": []}
        for _ in range(ROUNDS):
            found["session"].append(_iterate(loop, observers, until, ITERATIONS))
            found["loop"].append(_iterate(loop, (), until, ITERATIONS))
    return found


def _iterate(loop: Loop, observers: tuple[Observer, ...], until: Callable[[], bool], count: int) -> Share:
    thread, process, end = time.thread_time(), time.process_time(), loop.state.clock.iteration + count
    loop.run(observers, lambda: until() or loop.state.clock.iteration >= end)
    return Share((time.thread_time() - thread) / count * 1e6, (time.process_time() - process) / count * 1e6)


def main() -> None:
    """Measure, write, print."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        found = measured(Path(folder))
    document: dict[str, Any] = {
        "recipe": RECIPE,
        "batch": recipe(RECIPE).batch_size,
        "iterations": ITERATIONS,
        "rounds": ROUNDS,
        "microseconds": {
            part: {each.name: _spread([getattr(share, each.name) for share in shares]) for each in fields(Share)}
            for part, shares in found.items()
        },
        "passport": {
            "commit": git_commit(),
            "torch": torch.__version__,
            "python": platform.python_version(),
            "machine": platform.machine(),
            "threads": 1,
            "measured": "CPU time",
            "load": round(os.getloadavg()[0], 1),
        },
    }
    write_text_atomically(DATA, json.dumps(document, indent=1) + "\n")
    print(json.dumps(document, indent=1))


def _spread(values: list[float]) -> dict[str, float]:
    return {name: round(value, 1) for name, value in summary(values).items()}


if __name__ == "__main__":
    take_no_words(__doc__)
    main()
