"""What is printed before a run starts: what the data are, how long it takes, and which options have no effect."""

import json
from typing import Any

import torch

from equipoise.common.counted import counted
from equipoise.common.durations import duration
from equipoise.common.files import write_text_atomically
from equipoise.common.say import say, warn
from equipoise.data.catalogue import DATA
from equipoise.data.store import Store
from equipoise.evaluation.catalogue import by_inception
from equipoise.experiments.build import Layout, build_state, has_kernels
from equipoise.experiments.experiment import Experiment
from equipoise.runs.directory import RunDirectory
from equipoise.runs.pace import stage_seconds
from equipoise.runs.session import Settings
from equipoise.training.loop import Game

_FEW_ITERATIONS = 1000
"""Shorter runs are over, or interrupted, sooner than a forecast is read."""
_LONG_SECONDS = 3600.0
_AMPERE = 8


def introduce(experiment: Experiment, store: Store, game: Game) -> None:
    """The first lines of a run: how many images of how many files, what happens to them, and its stages."""
    name, shape = experiment.data.name, store.shape
    if store.account is not None:
        say(store.account.sentence(name, shape))
    elif store.holds_images:
        size = f"{shape[2]}x{shape[1]} in {'grey' if shape[0] == 1 else 'colour'}"
        say(f"{name}: {counted(len(store), 'image')} of {size}.")
    else:
        say(f"{name}: {counted(len(store), 'point')}.")
    lengths = [(stage.name, game.stage_iterations(stage)) for stage in game.algorithm.stages()]
    if len(lengths) > 1:
        parts = ", ".join(f"{counted(length, 'iteration')} of {stage}" for stage, length in lengths)
        say(f"{parts}: {counted(game.total_iterations, 'iteration')} in all. The length asked for is the last one's.")


def keep_account(run: RunDirectory, store: Store, tells: bool) -> None:
    """Write every file that was left out, with the reason, into the run's directory; `tells` prints a line about it."""
    if store.account is not None:
        write_text_atomically(run.data, json.dumps(store.account.as_dict(), indent=1))
        if store.account.missing and tells:
            say(f"{run.data.name} and the run's report list every unused file.")


def forecast(
    experiment: Experiment, game: Game, device: torch.device, layout: Layout = "channels-last", shorter: str = ""
) -> None:
    """Before a long run, print how long it takes on this machine, and what would be shorter.

    Args:
        experiment: what is trained.
        game: the same, on its data.
        device: where.
        layout: of the kernels and maps.
        shorter: what else could be asked for, in words.
    """
    if game.total_iterations < _FEW_ITERATIONS:
        return
    stages = stage_seconds(game, lambda alone: build_state(experiment, alone, device, layout))
    seconds = sum(iterations * each for iterations, each in stages)
    say(f"{game.total_iterations:,} iterations: about {duration(seconds)} on this machine ({device}).")
    if seconds > _LONG_SECONDS:
        within = max(1, int(_LONG_SECONDS / max(stages[-1][1], 1e-9)))
        rounded = int(float(f"{within:.1g}"))
        say(f"Shorter: {shorter}--iterations {rounded} takes about {duration(rounded * stages[-1][1])}.")


def idle_options(experiment: Experiment, settings: Settings, device: torch.device) -> list[str]:
    """A sentence for each given option that has no effect."""
    kind = DATA.name_of(type(experiment.data))
    reads_files = kind is None or DATA[kind].origin != "synthetic"
    watch = experiment.watch
    scored_by_inception = watch.evaluations and by_inception(watch.metrics)
    idle = {
        f"--precision tf32 has no effect on {_called(device)}; it is for NVIDIA GPUs since Ampere": (
            settings.precision == "tf32" and not _has_tf32(device)
        ),
        f"--data-root has no effect: {experiment.data.name} reads no files": (
            settings.data_root is not None and not reads_files
        ),
        "--inception-weights has no effect: no metric computed during this training needs them": (
            settings.inception_weights is not None and not scored_by_inception
        ),
        f"--deterministic has no effect on {_called(device)}, which is deterministic anyway": (
            settings.deterministic is True and device.type != "cuda"
        ),
        f"--cudnn-trials has no effect on {_called(device)}; cuDNN is for NVIDIA GPUs": (
            settings.cudnn_trials is True and device.type != "cuda"
        ),
        "--layout has no effect: no network here has convolutions": (
            settings.layout is not None and not has_kernels(experiment)
        ),
        "--most-rollbacks has no effect without --on-nan rollback": (
            settings.most_rollbacks != Settings.most_rollbacks and settings.on_nan != "rollback"
        ),
    }
    return [sentence for sentence, is_idle in idle.items() if is_idle]


def warn_of_idle_options(experiment: Experiment, settings: Settings, device: torch.device) -> None:
    """Print each of `idle_options`."""
    for sentence in idle_options(experiment, settings, device):
        warn(f"{sentence}.")


def _has_tf32(device: torch.device) -> bool:
    return device.type == "cuda" and torch.cuda.get_device_capability(device)[0] >= _AMPERE


def _called(device: torch.device) -> Any:
    return "a CPU" if device.type == "cpu" else device
