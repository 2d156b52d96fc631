"""Where a run's data and weights are: recorded in the run, and read from there on a resume.

The configuration names no machine's folders, so that a run can be moved: what lies where is noted in environment.json,
and counts only as long as it is still there.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import local_path
from equipoise.common.say import say
from equipoise.data.root import find_root, own_path
from equipoise.experiments.experiment import Experiment
from equipoise.integrations.catalogue import TRACKERS
from equipoise.runs.directory import RunDirectory
from equipoise.runs.environment import read_sessions
from equipoise.runs.session import Settings


def places(experiment: Experiment, settings: Settings) -> dict[str, str]:
    """For environment.json: absolute paths of the data root and of Inception's weights, and the trackers' names."""
    found = {"data_root": str(_root_of(experiment, settings).absolute())}
    if settings.inception_weights is not None:
        found["inception_weights"] = str(Path(settings.inception_weights).absolute())
    if settings.track:
        found["track"] = ",".join(settings.track)
    return found


def as_before(path: Path, settings: Settings, with_device: bool = False) -> Settings:
    """The settings, with missing places taken from the run's record if they still exist; prints what was taken.

    Args:
        path: the run's directory.
        settings: of this session.
        with_device: whether a run that began on the CPU goes on there, and its trackers follow again.
    """
    sessions = read_sessions(RunDirectory(Path(path)).environment)
    known = _noted(sessions)
    root, weights = _path(known, "data_root"), _path(known, "inception_weights")
    taken: dict[str, Any] = {}
    if settings.data_root is None and root is not None and root.is_dir() and root != find_root().absolute():
        taken["data_root"] = root
    if settings.inception_weights is None and weights is not None and weights.is_file():
        taken["inception_weights"] = weights
    if with_device and settings.device == "auto" and _began_on_cpu(sessions):
        taken["device"] = "cpu"
    if with_device and settings.track is None and (track := _trackers(known)):
        taken["track"] = track
    if taken and not settings.quiet:
        say(f"As before: {', '.join(f'{_CALLED[name]} {_words(value)}' for name, value in taken.items())}")
    return replace(settings, **taken)


@contextmanager
def naming_the_root(path: Path, given: Path | None) -> Iterator[None]:
    """Inside this context, an error about data names the root that the run in `path` used, where that is gone."""
    try:
        yield
    except EquipoiseError as error:
        root = _path(_noted(read_sessions(RunDirectory(Path(path)).environment)), "data_root")
        if given is not None or root is None or root.is_dir():
            raise
        told = f"The run's data root, {printable(root)}, is gone; --data-root names another one."
        raise EquipoiseError(f"{error} {told}") from error


def _noted(sessions: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The places that the newest session with any noted."""
    noted = (each["places"] for each in reversed(sessions) if isinstance(each.get("places"), Mapping))
    return next(noted, {})


_CALLED = {
    "data_root": "data below",
    "inception_weights": "Inception's weights from",
    "device": "on the device",
    "track": "tracked by",
}


def _words(value: object) -> str:
    return printable(" and ".join(value) if isinstance(value, tuple) else value)


def _trackers(known: Mapping[str, Any]) -> tuple[str, ...]:
    """Those that are still known by name."""
    noted = known.get("track")
    return tuple(name for name in noted.split(",") if name in TRACKERS) if isinstance(noted, str) else ()


def _root_of(experiment: Experiment, settings: Settings) -> Path:
    """Where the data were looked for. What has a path of its own lies in the working folder, or below the root."""
    own: str | None = getattr(experiment.data, "path", None)
    if own is None or own_path(own, settings.data_root) != local_path(own):
        return find_root(settings.data_root)
    return Path.cwd()


def _path(known: Mapping[str, Any], name: str) -> Path | None:
    found = known.get(name)
    return Path(found) if isinstance(found, str) and found and "\0" not in found else None


def _began_on_cpu(sessions: list[dict[str, Any]]) -> bool:
    """Whether a GPU here would be another device than the run began on. Processes of torchrun are told theirs."""
    alone = int(os.environ.get("WORLD_SIZE", 1)) == 1
    return alone and torch.cuda.is_available() and bool(sessions) and sessions[0].get("device") == "cpu"
