"""The environment of a run: versions, device, threads."""

import json
import platform
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, cast

import torch

from equipoise import __version__
from equipoise.common.errors import printable
from equipoise.common.files import read_text_bounded, write_text_atomically
from equipoise.common.machine import git_commit
from equipoise.common.plugins import loaded_plugins
from equipoise.common.say import warn
from equipoise.data.data_set import DataSet, division_of
from equipoise.data.store import Store
from equipoise.experiments.experiment import Experiment

DATA_CHANGED = "the data have changed since this run started"
"""How every command that reads a run's data begins to say so."""
HELD_OUT_CHANGED = "the held-out data have changed since this run started"
"""The same of those that no training sees."""
_PACKAGES = ("torch", "numpy", "safetensors", "pillow")


def describe_environment(
    device: torch.device, threads: int, seed: int, data_hash: str, processes: int = 1
) -> dict[str, Any]:
    """Versions, device, threads, processes, seed, the data's content hash and the commit, as JSON values."""
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "equipoise": __version__,
        "python": platform.python_version(),
        "plugins": [plugin.record for plugin in loaded_plugins()],
        "packages": {name: _version(name) for name in _PACKAGES},
        "device": str(device),
        "device_name": torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine(),
        "threads": threads,
        "processes": processes,
        "seed": seed,
        "data_hash": data_hash,
        "commit": git_commit(),
    }


def differences(before: dict[str, Any], now: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What differs between two sessions and may change the last bits of a result: (what, before, now), printable."""
    compared: dict[str, Callable[[dict[str, Any]], object]] = {
        "the device": lambda session: f"{torch.device(session['device']).type} ({session['device_name']})",
        "torch": lambda session: session["packages"]["torch"],
        "threads:": lambda session: session["threads"],
        "processes:": lambda session: session.get("processes", 1),
        "the precision": lambda session: session.get("precision", "float32"),
        "a choice of algorithms that is": _choice_of_algorithms,
    }
    found = []
    for what, of in compared.items():
        try:
            pair = printable(of(before)), printable(of(now))
        except (KeyError, TypeError, RuntimeError):
            continue
        if pair[0] != pair[1]:
            found.append((what, *pair))
    return found


def _choice_of_algorithms(session: dict[str, Any]) -> str:
    """A CPU's repeat their bits; a GPU's do so where that was asked for."""
    if session.get("deterministic") or torch.device(session["device"]).type != "cuda":
        return "deterministic"
    return "by cuDNN's trials" if session.get("cudnn_trials") else "free"


def add_session(path: Path, session: dict[str, Any]) -> None:
    """Append a session to the environment file: the first is the start, the others are resumes."""
    sessions = [*read_sessions(path), session]
    write_text_atomically(path, json.dumps({"sessions": sessions}, indent=1))


def note_in_last_session(path: Path, noted: dict[str, Any]) -> None:
    """Add to what the environment file says of the session under way; nothing where it says nothing of it."""
    sessions = read_sessions(path)
    if sessions:
        sessions[-1] |= noted
        write_text_atomically(path, json.dumps({"sessions": sessions}, indent=1))


def read_sessions(path: Path) -> list[dict[str, Any]]:
    """The sessions so far, oldest first; none when the file is missing or unreadable. Fields may be missing in each."""
    try:
        found = json.loads(read_text_bounded(path))["sessions"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []
    return [session for session in found if isinstance(session, dict)] if isinstance(found, list) else []


def first_session(path: Path) -> dict[str, Any]:
    """The record of the session that began the run; empty when the file is missing or unreadable."""
    return next(iter(read_sessions(path)), {})


def data_changed(path: Path, now: str) -> bool:
    """Whether a run's data have another content hash than its environment file notes; not where it notes none."""
    noted = first_session(path).get("data_hash")
    return isinstance(noted, str) and noted not in ("", now)


def held_out_hash(experiment: Experiment, store: Store, root: Path | None) -> str:
    """Of the items that the data's own field `part` holds out of the training; "" where it holds out none."""
    if division_of(experiment.data) != ("part", "train"):
        return ""
    if store.held_out is not None:
        return store.held_out.content_hash
    held_out: DataSet = replace(cast(Any, experiment.data), part=experiment.data.held_out)
    return held_out.load(root, experiment.seed).content_hash


def warn_of_held_out(path: Path, experiment: Experiment, store: Store, root: Path | None) -> None:
    """Say where the held-out items have another hash than a run's environment file notes."""
    noted = first_session(path).get("held_out_hash")
    if noted and noted != held_out_hash(experiment, store, root):
        warn(f"{HELD_OUT_CHANGED}; copies are told by the present ones.")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
