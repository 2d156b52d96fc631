"""Train a run from its start, or resume it from its newest good checkpoint."""

import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from equipoise.common.checks import NotFiniteError
from equipoise.common.errors import EquipoiseError, printable
from equipoise.experiments.build import build_game, build_state
from equipoise.experiments.experiment import Experiment
from equipoise.runs.catalogue import check_metrics
from equipoise.runs.directory import RunDirectory, create_run, open_run
from equipoise.runs.environment import add_session, choose_device, describe_environment, read_sessions
from equipoise.runs.events import EventWriter
from equipoise.runs.interrupts import catch_interrupts
from equipoise.runs.observers import Checkpointer, Evaluator, Sampler
from equipoise.runs.progress import Progress
from equipoise.runs.report import write_run_report
from equipoise.runs.threads import choose_threads
from equipoise.training.checkpoint import newest_good
from equipoise.training.log import Listener, Recorder, shorten_log
from equipoise.training.loop import Game, Loop
from equipoise.training.state import State


class Interrupted(EquipoiseError):
    """The run was asked to stop; it is saved. Carries the number of the signal."""

    def __init__(self, message: str, signal_number: int):
        super().__init__(message)
        self.signal_number = signal_number


@dataclass(frozen=True)
class Settings:
    """How a run is carried out, as against what it computes.

    Attributes:
        device: "auto", "cpu", "cuda", "cuda:1" and so on.
        data_root: where published data files lie, or None for the usual places.
        threads: CPU threads; None chooses by a short trial, and a resume keeps the count.
        quiet: whether to show no progress.
    """

    device: str = "auto"
    data_root: Path | None = None
    threads: int | None = None
    quiet: bool = False


@dataclass
class _Session:
    """One sitting of a run: everything that exists while it trains."""

    run: RunDirectory
    experiment: Experiment
    game: Game
    state: State
    data_hash: str
    settings: Settings


def train(experiment: Experiment, out: Path, settings: Settings | None = None) -> RunDirectory:
    """Train from the start into a new directory, to the end.

    Raises:
        Interrupted: SIGINT or SIGTERM came; the run is saved and can be resumed.
        EquipoiseError: the directory is in use, data are missing, the disk is full, and so on.
    """
    settings = settings or Settings()
    check_metrics(experiment.watch.metrics)
    device = choose_device(settings.device)
    store = experiment.data.load(settings.data_root, experiment.seed).to(device)
    game = build_game(experiment, store)
    threads = settings.threads or choose_threads(lambda: Loop(game, build_state(experiment, game, device)))
    torch.set_num_threads(threads)
    state = build_state(experiment, game, device)
    run = create_run(out, experiment)
    add_session(run.environment, describe_environment(device, threads, experiment.seed, store.content_hash))
    session = _Session(run, experiment, game, state, store.content_hash, settings)
    return _play(session, {})


def resume(path: Path, settings: Settings | None = None) -> RunDirectory:
    """Go on from the newest good checkpoint, to the end; the result is the one that an uninterrupted run has.

    Raises:
        Interrupted: SIGINT or SIGTERM came again.
        EquipoiseError: there is no run or no good checkpoint, or the data have changed.
    """
    settings = settings or Settings()
    run = open_run(path)
    experiment = run.experiment()
    device = choose_device(settings.device)
    threads = settings.threads or recorded_threads(run)
    torch.set_num_threads(threads)
    store = experiment.data.load(settings.data_root, experiment.seed).to(device)
    game = build_game(experiment, store)
    state = build_state(experiment, game, device)
    extra = _restore(run, state, store.content_hash)
    add_session(run.environment, describe_environment(device, threads, experiment.seed, store.content_hash))
    return _play(_Session(run, experiment, game, state, store.content_hash, settings), extra)


def recorded_threads(run: RunDirectory) -> int:
    """How many threads the run was started with: a resume needs the same to be bit-identical. 1 where unknown."""
    sessions = read_sessions(run.environment)
    return int(sessions[0]["threads"]) if sessions else 1


def _restore(run: RunDirectory, state: State, data_hash: str) -> dict[str, Any]:
    """Put the state and the log back to the newest good checkpoint, or to the very start."""
    checkpoint, complaints = newest_good(run.checkpoints)
    for complaint in complaints:
        print(f"warning: {complaint}", file=sys.stderr)  # noqa: T201
    if checkpoint is None:
        if complaints:
            raise EquipoiseError(f"{printable(run.path)} has no good checkpoint left; {complaints[0]}")
        shorten_log(run.log, 0)
        return {}
    extra = checkpoint.load(state)
    if extra["data_hash"] != data_hash:
        raise EquipoiseError("the data have changed since this run began; put the old data back, or train anew.")
    shorten_log(run.log, extra["log"]["bytes"])
    return extra


def _play(session: _Session, restored: dict[str, Any]) -> RunDirectory:
    """Play from where the state stands to the end, under the eyes of all observers.

    `restored` is what the checkpoint remembers besides the state; empty at the start.
    """
    run, experiment, state = session.run, session.experiment, session.state
    total = session.game.total_iterations
    progress = Progress(total, state.clock.iteration, session.settings.quiet)
    recorder = Recorder(run.log, listeners=_listeners(session, progress))
    if restored:
        recorder.remember(restored["log"]["epoch"])
    sampler = Sampler(run, experiment, total)
    evaluator = Evaluator(experiment, recorder, total, session.settings.data_root, restored.get("best"))
    checkpointer = Checkpointer(run, experiment, total, recorder, evaluator, session.data_hash)
    loop = Loop(session.game, state)
    try:
        if state.clock.iteration == 0:
            sampler.write(state)
        with catch_interrupts() as interrupt:
            loop.run((recorder, sampler, evaluator, checkpointer), until=interrupt)
            if not loop.finished:
                checkpointer.write(state)
    except (EquipoiseError, NotFiniteError) as error:
        raise EquipoiseError(f"{_stopped(error, state)} {_last_good(run)}") from error
    finally:
        progress.close()
    if not loop.finished:
        advice = f"Go on with: equipoise resume {printable(run.path)}"
        number = interrupt.signal_number or signal.SIGINT
        raise Interrupted(f"interrupted and saved at iteration {state.clock.iteration} of {total}. {advice}", number)
    write_run_report(run.path)
    return run


def _listeners(session: _Session, progress: Progress) -> Sequence[Listener]:
    if not session.experiment.watch.tensorboard:
        return (progress,)
    return (progress, EventWriter(session.run.events, session.state.clock.iteration))


def _stopped(error: Exception, state: State) -> str:
    if isinstance(error, NotFiniteError):
        return f"training diverged in iteration {state.clock.iteration + 1}: {error}"
    return str(error)


def _last_good(run: RunDirectory) -> str:
    checkpoint, _ = newest_good(run.checkpoints)
    if checkpoint is None:
        return "There is no checkpoint yet."
    return f"The last good checkpoint is {checkpoint.index.name}; go on with: equipoise resume {printable(run.path)}"
