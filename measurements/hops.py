"""How many files of the package a reader passes: those with a function that runs on the way from cause to effect.

    python -m measurements.hops [--files]

Three ways: `--set algorithm.margin=5` from its words to the new experiment; all words that describe an experiment; and
a batch from the data set to its line in the log, as `ebgan-digits` trains. Each way is walked once before, so that
imports do not count.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from equipoise.cli.experiment import add_experiment, experiment_of
from equipoise.experiments.build import build_game, build_state
from equipoise.experiments.config import changed
from equipoise.recipes.catalogue import recipe
from equipoise.training.log import Recorder
from equipoise.training.loop import Loop
from measurements import ROOT

PACKAGE = ROOT / "equipoise"
RECIPE, ASSIGNMENT = "ebgan-digits", "algorithm.margin=5"


def files_passed(way: Callable[[], object]) -> list[str]:
    """The files below `equipoise/` whose functions run, in the order of their first call."""
    way()
    passed: dict[str, None] = {}

    def note(frame: FrameType, event: str, argument: Any) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and frame.f_code.co_flags & CO_OPTIMIZED and path.is_relative_to(PACKAGE):
            passed.setdefault(str(path.relative_to(PACKAGE)))

    sys.setprofile(note)
    try:
        way()
    finally:
        sys.setprofile(None)
    return list(passed)


def setting() -> list[str]:
    """From one `--set` to the experiment with it."""
    experiment = recipe(RECIPE)
    return files_passed(lambda: changed(experiment, [ASSIGNMENT]))


def words() -> list[str]:
    """From a recipe's name and one `--set` on the command line to the experiment."""
    parser = argparse.ArgumentParser()
    add_experiment(parser)
    chosen = parser.parse_args([RECIPE, "--set", ASSIGNMENT])
    return files_passed(lambda: experiment_of(chosen))


def batch(folder: Path) -> list[str]:
    """From the first batch that is drawn to its line in the log."""
    torch.set_num_threads(1)
    experiment = recipe(RECIPE)
    store = experiment.data.load()
    game = build_game(experiment, store)
    loop = Loop(game, build_state(experiment, game, torch.device("cpu")))
    recorder = Recorder(folder / "log.jsonl")

    def one_iteration() -> None:
        recorder(loop.state, loop.iterate())
        recorder.flush()

    return files_passed(one_iteration)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--files", action="store_true", help="name them too")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ways = {"a setting": setting(), "an experiment": words(), "a batch": batch(Path(folder))}
    for way, files in ways.items():
        print(f"{way}: {len(files)} files" + (f": {', '.join(files)}" if chosen.files else ""))


if __name__ == "__main__":
    main()
