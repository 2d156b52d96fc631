"""Seeds in one process: runs of small networks played together, beside the same runs one after the other."""

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from equipoise.experiments.build import build_game, build_state
from equipoise.experiments.experiment import Experiment
from equipoise.recipes.catalogue import recipe
from equipoise.runs.allocator import keep_freed_memory
from equipoise.training.loop import Loop
from equipoise.training.stack import Stack
from measurements.benchmarks.measure import summary

RECIPES = ("magan-digits", "ebgan-digits", "reg-gan-ring", "mdgan-ring", "r3gan-ring")
SEEDS, ROUNDS, ITERATIONS = (1, 2, 4, 8), 7, 30


def loop_of(experiment: Experiment) -> Loop:
    """In its last stage, which is nearly the whole run."""
    game = build_game(experiment, experiment.data.load(None, experiment.seed))
    loop = Loop(game, build_state(experiment, game, torch.device("cpu")))
    loop.state.clock.stage = len(experiment.algorithm.stages()) - 1
    return loop


def measured(name: str, seeds: int) -> dict[str, Any]:
    """CPU milliseconds of an iteration of all seeds, in turns; memory is kept as in a run; the first round warms up."""
    keep_freed_memory()
    experiments = [replace(recipe(name), seed=seed) for seed in range(seeds)]
    alone, together, stack = [loop_of(e) for e in experiments], [loop_of(e) for e in experiments], Stack()

    def one_by_one() -> None:
        for loop in alone:
            for _ in range(ITERATIONS):
                loop.iterate()

    def at_once() -> None:
        end = together[0].state.clock.iteration + ITERATIONS
        works = [partial(stack.play, loop, (), partial(_is_at, loop, end)) for loop in together]
        stack.run(works)

    times = [(_cpu(one_by_one), _cpu(at_once)) for _ in range(ROUNDS + 1)][1:]
    return {
        "alone_ms": statistics.median(a for a, _ in times),
        "together_ms": statistics.median(b for _, b in times),
        "ratio": summary([a / b for a, b in times]),
    }


def _is_at(loop: Loop, iteration: int) -> bool:
    return loop.state.clock.iteration >= iteration


def _cpu(work: Callable[[], None]) -> float:
    start = time.process_time()
    work()
    return (time.process_time() - start) / ITERATIONS * 1e3


def measured_all() -> dict[str, Any]:
    """By recipe and number of seeds."""
    return {name: {str(seeds): measured(name, seeds) for seeds in SEEDS} for name in RECIPES}
