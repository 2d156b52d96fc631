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


def trackings(run: RunDirectory, experiment: Experiment, settings: "Settings", start: int) -> Sequence[Tracking]:
    """A listener of the log for each tracker of the settings, and for TensorBoard where the experiment asks for it.

    Each tracker is made in a thread of its own, and may fail there.
    """
    watched = (_TENSORBOARD,) if experiment.watch.tensorboard else ()
    names = dict.fromkeys((*watched, *(settings.track or ())))
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
