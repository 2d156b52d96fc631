"""Which trackers follow a run, and how they know it again."""

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from equipoise.experiments.config import to_plain
from equipoise.experiments.experiment import Experiment
from equipoise.integrations.catalogue import TRACKERS
from equipoise.integrations.tracker import Tracked, Tracker, Tracking
from equipoise.runs.directory import RunDirectory
from equipoise.runs.environment import read_sessions

if TYPE_CHECKING:
    from equipoise.runs.session import Settings

_TENSORBOARD = "tensorboard"
_LETTERS = 16


def tracker_names(experiment: Experiment, settings: "Settings") -> tuple[str, ...]:
    """The trackers of the settings, and TensorBoard where the experiment asks for it."""
    watched = (_TENSORBOARD,) if experiment.watch.tensorboard else ()
    return tuple(dict.fromkeys((*watched, *(settings.track or ()))))


def check_trackers(settings: "Settings") -> None:
    """The names must be those of trackers; whether one works is seen when it is made.

    Raises:
        UnknownName: one is not.
    """
    TRACKERS.all_of(settings.track or ())


def trackings(run: RunDirectory, experiment: Experiment, settings: "Settings", start: int) -> Sequence[Tracking]:
    """A listener of the log for each tracker; each is made in a thread of its own, and may fail there."""
    names = tracker_names(experiment, settings)
    if not names:
        return ()
    name = f"{experiment.name}-seed{experiment.seed}"
    told = Tracked(run.path, name, _identity(run), to_plain(experiment), start)
    return tuple(Tracking(each, partial(_made, each, told)) for each in names)


def _made(name: str, told: Tracked) -> Tracker:
    make: Callable[[Tracked], Tracker] = TRACKERS.load(name)
    return make(told)


def _identity(run: RunDirectory) -> str:
    """The same for every session of a run, and another for every other run."""
    started = [str(session.get("started")) for session in read_sessions(run.environment)[:1]]
    words = run.config.read_bytes() + "".join([*started, str(run.path.absolute())]).encode()
    return hashlib.sha256(words).hexdigest()[:_LETTERS]
