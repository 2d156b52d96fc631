"""Train a run from its start, or resume it from its newest good checkpoint."""

import json
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from equipoise.common.errors import EquipoiseError
from equipoise.data.store import Store
from equipoise.experiments.build import build_game, build_state
from equipoise.experiments.config import from_yaml, to_yaml
from equipoise.experiments.experiment import Experiment
from equipoise.runs.allocator import keep_freed_memory
from equipoise.runs.catalogue import check_metrics
from equipoise.runs.directory import RunDirectory, create_run, open_run, sweep
from equipoise.runs.environment import add_session, describe_environment, differences, read_sessions
from equipoise.runs.inception import check_weights_are_there
from equipoise.runs.lock import only_writer
from equipoise.runs.processes import Processes, joined
from equipoise.runs.rollback import restore
from equipoise.runs.session import Interrupted, Session, Settings, play_session
from equipoise.runs.threads import choose_threads
from equipoise.training.loop import Game, Loop
from equipoise.training.precision import known_precision, matrix_precision
from equipoise.training.state import State

__all__ = ["Interrupted", "Settings", "recorded_threads", "resume", "train"]


def train(experiment: Experiment, out: Path, settings: Settings | None = None) -> RunDirectory:
    """Train from the start into a new directory, to the end.

    Started by torchrun, the processes train together; when torchrun starts them again, they go on where they were.

    Raises:
        Interrupted: SIGINT or SIGTERM came; the run is saved and can be resumed.
        EquipoiseError: the directory is in use, data are missing, the disk is full, and so on.
    """
    settings = settings or Settings()
    _check_watched(experiment, settings)
    keep_freed_memory()
    with joined(settings.device) as processes:
        if processes.restarts and _holds(out, experiment, processes):
            return _resume(out, settings, processes)
        return _start(experiment, out, settings, processes)


def resume(path: Path, settings: Settings | None = None) -> RunDirectory:
    """Go on from the newest good checkpoint, to the end; the result is the one that an uninterrupted run has.

    Raises:
        Interrupted: SIGINT or SIGTERM came again.
        EquipoiseError: there is no run or no good checkpoint, or the data have changed.
    """
    settings = settings or Settings()
    keep_freed_memory()
    with joined(settings.device) as processes:
        return _resume(path, settings, processes)


def recorded_threads(run: RunDirectory) -> int:
    """How many threads the run was started with: a resume needs the same to be bit-identical. 1 where unknown."""
    sessions = read_sessions(run.environment)
    return int(sessions[0]["threads"]) if sessions else 1


def _start(experiment: Experiment, out: Path, settings: Settings, processes: Processes) -> RunDirectory:
    store = _load_data(experiment, settings, processes)
    device = processes.device
    game = replace(build_game(experiment, store), precision=settings.precision or "float32")
    alone = processes.size == 1
    threads = settings.threads or (
        choose_threads(lambda: Loop(game, build_state(experiment, game, device))) if alone else 1
    )
    torch.set_num_threads(threads)
    state = build_state(experiment, game, device)
    run = create_run(out, experiment) if processes.is_first else RunDirectory(Path(out))
    with _writing(run, processes), matrix_precision(game.precision, device):
        if processes.is_first:
            described = describe_environment(device, threads, experiment.seed, store.content_hash, processes.size)
            add_session(run.environment, described | _manner(game, settings))
        processes.wait_for_all()
        return play_session(Session(run, experiment, game, state, store.content_hash, settings, processes), {})


def _resume(path: Path, settings: Settings, processes: Processes) -> RunDirectory:
    read = json.loads(processes.share_text(lambda: _read(path)))
    experiment, threads = from_yaml(read["config"]), settings.threads or read["threads"]
    _check_watched(experiment, settings)
    torch.set_num_threads(threads)
    store = _load_data(experiment, settings, processes)
    game = replace(build_game(experiment, store), precision=settings.precision or known_precision(read["precision"]))
    state = build_state(experiment, game, processes.device)
    run = RunDirectory(Path(path))
    with _writing(run, processes), matrix_precision(game.precision, processes.device):
        manner = _manner(game, settings)
        extra = _pick_up(run, state, experiment, store, threads, processes, manner) if processes.is_first else {}
        processes.share_state(state)
        return play_session(Session(run, experiment, game, state, store.content_hash, settings, processes), extra)


def _writing(run: RunDirectory, processes: Processes) -> AbstractContextManager[None]:
    """Within, the first process is the only writer of the run."""
    return only_writer(run.config) if processes.is_first else nullcontext()


def _manner(game: Game, settings: Settings) -> dict[str, Any]:
    """How the arithmetic is done, for the record."""
    return {"precision": game.precision, "graphs": settings.graphs}


def _pick_up(
    run: RunDirectory,
    state: State,
    experiment: Experiment,
    store: Store,
    threads: int,
    processes: Processes,
    manner: dict[str, Any],
) -> dict[str, Any]:
    """Put everything back to the newest good checkpoint. Returns: what that remembers besides the state."""
    device = processes.device
    described = describe_environment(device, threads, experiment.seed, store.content_hash, processes.size) | manner
    sweep(run)
    extra = restore(run, state, experiment, store.content_hash)
    _warn_of_differences(run, described)
    add_session(run.environment, described)
    return extra


def _check_watched(experiment: Experiment, settings: Settings) -> None:
    """What is missing for the metrics is better told before the training than in its middle."""
    check_metrics(experiment.watch.metrics)
    if experiment.watch.evaluations:
        check_weights_are_there(experiment.watch.metrics, settings.inception_weights)


def _read(path: Path) -> str:
    run = open_run(path)
    sessions = read_sessions(run.environment)
    precision = sessions[0].get("precision", "float32") if sessions else "float32"
    read = {"config": to_yaml(run.experiment()), "threads": recorded_threads(run), "precision": precision}
    return json.dumps(read)


def _holds(out: Path, experiment: Experiment, processes: Processes) -> bool:
    """Whether the directory holds a run of this very experiment, begun before torchrun started the processes again."""
    run = RunDirectory(Path(out))
    found = processes.share_text(lambda: to_yaml(run.experiment()) if run.config.is_file() else "")
    return found == to_yaml(experiment)


def _load_data(experiment: Experiment, settings: Settings, processes: Processes) -> Store:
    """The data on the training device; the first process goes ahead, so that a download or a cache is made once."""
    if not processes.is_first:
        processes.wait_for_all()
    store = experiment.data.load(settings.data_root, experiment.seed)
    if processes.is_first:
        processes.wait_for_all()
    if processes.share_text(lambda: store.content_hash) != store.content_hash:
        raise EquipoiseError(f"process {processes.rank} has other data than process 0; give every host the same files.")
    return store.to(processes.device)


def _warn_of_differences(run: RunDirectory, described: dict[str, Any]) -> None:
    """Say what is no longer as in the run's first session and may change the last bits of the result."""
    for what, before, now in differences((read_sessions(run.environment) or [described])[0], described):
        print(  # noqa: T201
            f"warning: the run began with {what} {before} and goes on with {now}: it will be as good, "
            "but no longer bit for bit the run that it would have been.",
            file=sys.stderr,
        )
