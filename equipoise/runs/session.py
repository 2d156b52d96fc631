"""One session of a run: train from the current state to the end, with all observers."""

import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from equipoise.common.checks import NotFiniteError
from equipoise.common.counted import counted
from equipoise.common.errors import EquipoiseError, Interrupted
from equipoise.common.say import say, warn
from equipoise.data.store import StoreSource
from equipoise.experiments.averaged import Sampled
from equipoise.experiments.build import Layout
from equipoise.experiments.experiment import Experiment
from equipoise.integrations.tracker import Tracking
from equipoise.runs.alarm import Collapsed, OnCollapse, Stop, Watchdog, variety_monitor
from equipoise.runs.directory import RunDirectory, resume_command
from equipoise.runs.environment import note_in_last_session
from equipoise.runs.interrupts import Interrupt, catch_interrupts
from equipoise.runs.lock import Claim, Replaced
from equipoise.runs.observers import Checkpointer, Evaluator, Sampler, is_due, write_real
from equipoise.runs.processes import Agreement, Processes
from equipoise.runs.progress import Progress
from equipoise.runs.remembered import Remembered
from equipoise.runs.rollback import roll_back
from equipoise.runs.taken_over import From
from equipoise.runs.tracked import trackings
from equipoise.runs.vitals import Diverged, Vitals
from equipoise.training.checkpoint import newest_good
from equipoise.training.graphs import CudaRecording, make_recordable
from equipoise.training.log import Recorder
from equipoise.training.loop import Game, Loop, Observer
from equipoise.training.precision import Precision
from equipoise.training.stack import Stack
from equipoise.training.state import State

Page = Callable[[Path], object] | None
"""Writes a run's page, given its directory. At the top level of a module, so that worker processes find it."""


@dataclass(frozen=True)
class Settings:
    """How a run is carried out, not what it computes.

    Attributes:
        device: "auto", "cpu", "cuda", "cuda:1" and so on.
        data_root: where published data files lie, or None for the usual places.
        threads: CPU threads; None chooses by a short trial, and a resume keeps the count.
        quiet: whether to hide progress.
        on_nan: what to do when a loss, gradient or parameter is no longer finite: "stop", or "rollback" to the newest
            good checkpoint with halved learning rates.
        most_rollbacks: how many times at most; then the run stops.
        on_collapse: what to do when the samples lose their variety: "warn", "stop" (the run is saved), or only "log".
        precision: what the players compute in; None is float32 at the start, and as recorded for a resume.
        graphs: whether whole iterations are played as CUDA graphs; where they cannot, a sentence says why.
        deterministic: whether a GPU takes only algorithms that repeat their bits; None is no, or as the run began.
        cudnn_trials: whether cuDNN times its algorithms for each shape; None is no, or as the run began.
        layout: how kernels and maps lie in memory; None is "channels-last", or as the run began.
        inception_weights: the file with the weights of Inception-v3, for metrics that are defined by it, or None.
        begin_from: the run whose weights a new run begins with, or None.
        introduced: whether the data, and how long it takes, were told already.
        shorter: what else could be asked for where a run takes long, in words that end in "; ".
        track: the trackers that get every value too, by name; None is none, or as the run was last trained.
        stack: the runs that this one is trained together with, as `equipoise.training.stack` describes; or None.
        page: writes the run's page, when the run ends or collapses and when it is scored; None for no page, as where
            it is written later, once.
    """

    device: str = "auto"
    data_root: Path | None = None
    threads: int | None = None
    quiet: bool = False
    on_nan: Literal["stop", "rollback"] = "stop"
    most_rollbacks: int = 3
    on_collapse: OnCollapse = "warn"
    inception_weights: Path | None = None
    precision: Precision | None = None
    graphs: bool = False
    deterministic: bool | None = None
    cudnn_trials: bool | None = None
    layout: Layout | None = None
    begin_from: From | None = None
    introduced: bool = False
    shorter: str = ""
    track: tuple[str, ...] | None = None
    stack: Stack | None = None
    page: Page = None

    def write_page(self, run: Path) -> None:
        """Write the run's page, if one is wanted."""
        if self.page is not None:
            self.page(run)


@dataclass
class Session:
    """Everything that exists while a run trains."""

    run: RunDirectory
    experiment: Experiment
    game: Game
    state: State
    data_hash: str
    settings: Settings
    processes: Processes
    claim: Claim
    layout: Layout = "channels-last"


@dataclass
class Writers:
    """The observers that write files: the first process has them."""

    recorder: Recorder
    sampler: Sampler
    evaluator: Evaluator
    watchdog: Watchdog
    checkpointer: Checkpointer
    progress: Progress
    trackings: Sequence[Tracking] = ()

    def end_early(self, session: Session, begun: int) -> None:
        """Say why, draw the last grid, and note that the run ends here; a run that had ended so is only told again."""
        told, iteration = self.evaluator.why_it_ends(), session.state.clock.iteration
        if not session.settings.quiet:
            say(told)
        if iteration > begun:
            self.recorder.flush()
            self.recorder.append([{"kind": "end", "iteration": iteration, "values": {}, "told": told}])
            self.sampler.write(session.state)
        note_in_last_session(session.run.environment, {"to_iteration": iteration})

    def close(self) -> None:
        """Leave the bar as it stands, and let the trackers take what is left."""
        self.progress.close()
        for tracking in self.trackings:
            tracking.close()


def play_session(session: Session, restored: Remembered) -> RunDirectory:
    """Train to the end. `restored` is what the checkpoint contains besides the state; `NOTHING_YET` at the start.

    Raises:
        Interrupted: a signal came; the run is saved.
        Collapsed: the samples collapsed and that was to stop the run; it is saved.
        EquipoiseError: the run diverged, the disk is full and so on; the message names the last good checkpoint.
    """
    writers = _open_writers(session, restored) if session.processes.is_first else None
    loop, started = _loop(session), time.monotonic()
    begun, total = session.state.clock.iteration, session.game.total_iterations
    if writers is not None:
        stacked = {} if session.settings.stack is None else {"stacked": True}
        note = {"from_iteration": begun, "to_iteration": total} | stacked
        note_in_last_session(session.run.environment, note)
        if not session.run.real.is_file():
            write_real(session.run, session.experiment, session.game.source)
    try:
        if writers is not None and session.state.clock.iteration == 0:
            writers.sampler.write(session.state)
            if session.settings.begin_from is not None:
                writers.checkpointer.write(session.state)
        with catch_interrupts() as interrupt:
            agreed = _play(session, loop, interrupt, writers)
            session.claim.check()
            if writers is not None and not loop.finished:
                if agreed == Stop.NO_BETTER:
                    writers.end_early(session, begun)
                writers.checkpointer.write(session.state)
    except Replaced:
        raise
    except (EquipoiseError, NotFiniteError) as error:
        raise EquipoiseError(f"{error} {_last_good(session)}") from error
    finally:
        if writers is not None:
            writers.close()
    if writers is not None:
        note_in_last_session(session.run.environment, {"seconds": round(time.monotonic() - started, 1)})
    if not loop.finished and agreed != Stop.NO_BETTER:
        raise _collapsed(session, writers) if agreed == Stop.COLLAPSED else _interrupted(session, agreed)
    if writers is not None:
        for sentence in () if session.settings.quiet else writers.evaluator.closing_words():
            say(sentence)
        session.settings.write_page(session.run.path)
    return session.run


def _loop(session: Session) -> Loop:
    """The loop, from CUDA graphs where that is wanted and possible."""
    plain = Loop(session.game, session.state)
    if not session.settings.graphs:
        return plain
    reason = plain.why_not_record()
    if reason is not None:
        warn(reason)
        return plain
    for optimiser in session.state.optimisers.values():
        make_recordable(optimiser)
    return Loop(session.game, session.state, CudaRecording(session.processes.device))


def _play(session: Session, loop: Loop, interrupt: Interrupt, writers: Writers | None) -> int:
    """Play until the end or a signal, and go back after a divergence where wanted. Returns: the signal, or 0."""
    vitals = Vitals(_is_due(session), every_seconds=2.0 if session.processes.size == 1 else None)
    agreement = Agreement(session.processes, lambda: interrupt.signal_number or _wish_to_stop(session, writers))
    observers = (lambda state, turn: session.claim.check(), *_observers(vitals, writers))
    stack = session.settings.stack
    run = loop.run if stack is None else partial(stack.play, loop)
    while True:
        try:
            run(observers, until=agreement)
            vitals.check()
        except NotFiniteError as error:
            agreement.close()
            diverged = first_offender(error, vitals, loop)
            session.claim.check()
            if writers is not None:
                writers.recorder.flush()
            _go_back(session, diverged, writers)
            vitals.forget()
        else:
            agreement.close()
            return agreement.agreed


def _is_due(session: Session) -> Callable[[int], bool]:
    """Vital signs are read before anything of the state is kept."""
    watch, total = session.experiment.watch, session.game.total_iterations

    def due(iteration: int) -> bool:
        times = (watch.checkpoints, watch.evaluations)
        return iteration == total or any(is_due(iteration, each, total) for each in times)

    return due


def _observers(vitals: Vitals, writers: Writers | None) -> Sequence[Observer]:
    if writers is None:
        return (vitals,)
    return (writers.recorder, vitals, writers.sampler, writers.evaluator, writers.watchdog, writers.checkpointer)


def first_offender(error: NotFiniteError, vitals: Vitals, loop: Loop) -> Diverged:
    """The first value that was not finite, which may be in an earlier move than the loss that failed."""
    if isinstance(error, Diverged):
        return error
    vitals.keep(loop.state.clock.iteration + 1, loop.under_way)
    try:
        vitals.check()
    except Diverged as earlier:
        return earlier
    return Diverged(loop.state.clock.iteration + 1, error.quantity or "a loss")


def _go_back(session: Session, diverged: Diverged, writers: Writers | None) -> None:
    """Go back where that is wanted and allowed.

    Raises:
        EquipoiseError: it is not; the iteration and the quantity are named.
    """
    settings, done = session.settings, session.state.clock.rollbacks
    sentence = f"training diverged in iteration {diverged.iteration}: {diverged}"
    if settings.on_nan != "rollback":
        raise EquipoiseError(f"{sentence} (--on-nan rollback would go back and halve the learning rates.)")
    if done >= settings.most_rollbacks:
        raise EquipoiseError(
            f"{sentence} It has gone back {counted(done, 'time')}, which is the limit (--most-rollbacks)."
        )
    session.processes.wait_for_all()
    remembered = roll_back(session.run, session.experiment, session.game, session.state, diverged, session.processes)
    if writers is not None:
        writers.recorder.remember(remembered.log.epoch)
        writers.evaluator.best = remembered.best
        writers.watchdog.remember(remembered.alarm, remembered.players)


def _open_writers(session: Session, restored: Remembered) -> Writers:
    run, experiment, total = session.run, session.experiment, session.game.total_iterations
    progress = Progress(total, session.state.clock.iteration, session.settings.quiet)
    following = trackings(run, experiment, session.settings, session.state.clock.iteration)
    recorder = Recorder(run.log, listeners=(progress, *following))
    recorder.remember(restored.log.epoch)
    settings = session.settings
    source = session.game.source
    sampled, data = Sampled(source), source.store if isinstance(source, StoreSource) else None
    weights, best = settings.inception_weights, restored.best
    evaluator = Evaluator(experiment, recorder, total, settings.data_root, weights, best, sampled, data)
    variety, on_collapse = variety_monitor(source, total), settings.on_collapse
    watchdog = Watchdog(experiment, recorder, total, variety, on_collapse, sampled=sampled)
    if watchdog.variety is None and settings.on_collapse == "stop":
        warn("--on-collapse stop has no effect: there are too few data, or they are too similar, to detect a collapse.")
    watchdog.remember(restored.alarm, restored.players)
    checkpointer = Checkpointer(
        run, experiment, total, recorder, evaluator, session.data_hash, watchdog, sampled, session.layout
    )
    return Writers(
        recorder, Sampler(run, experiment, total, sampled), evaluator, watchdog, checkpointer, progress, following
    )


def _wish_to_stop(session: Session, writers: Writers | None) -> int:
    if writers is None:
        return 0
    if writers.watchdog.rang:
        return Stop.COLLAPSED
    return Stop.NO_BETTER if writers.evaluator.waits_in_vain(session.state.clock.iteration) else 0


def _interrupted(session: Session, signal_number: int) -> Interrupted:
    iteration, total = session.state.clock.iteration, session.game.total_iterations
    advice = f"Resume with: {resume_command(session.run.path)}"
    return Interrupted(
        f"interrupted and saved at iteration {iteration} of {total}. {advice}", signal_number or signal.SIGINT
    )


def _collapsed(session: Session, writers: Writers | None) -> Collapsed:
    if writers is not None:
        session.settings.write_page(session.run.path)
    told = writers.watchdog.rang if writers is not None else "the samples have collapsed."
    advice = f"resume with: {resume_command(session.run.path)}"
    written = " and its page is written" if session.settings.page else ""
    return Collapsed(f"{told} The run is saved{written}; {advice}")


def _last_good(session: Session) -> str:
    checkpoint, _ = newest_good(session.run.checkpoints)
    if checkpoint is None:
        return "There is no checkpoint yet."
    advice = f"resume with: {resume_command(session.run.path)}"
    return f"The last good checkpoint is {checkpoint.index.name}; {advice}"
