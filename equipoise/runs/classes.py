"""The names of the classes that a run's generator can be asked for, kept with the run: its data may be gone later."""

import json
from pathlib import Path

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import read_text_bounded, write_text_atomically
from equipoise.data.store import Store
from equipoise.experiments.experiment import Experiment
from equipoise.runs.directory import RunDirectory
from equipoise.runs.environment import DATA_CHANGED, data_changed


def keep_class_names(run: RunDirectory, experiment: Experiment, root: Path | None) -> None:
    """Write the names into the run's directory, where the generator is told classes and they have names."""
    if experiment.latent.classes and (names := experiment.data.class_names(root)):
        write_text_atomically(run.classes, json.dumps(names, indent=1))


def check_classes(run: RunDirectory, experiment: Experiment, store: Store, root: Path | None) -> None:
    """Where the generator is told classes, the data must still have those that the run began with.

    Raises:
        EquipoiseError: classes came or went; they are named where they have names.
    """
    told = experiment.latent.classes
    before, now = set(kept_class_names(run, experiment)), set(experiment.data.class_names(root) if told else ())
    changed = data_changed(run.environment, store.content_hash) and before and before != now
    if not told or (told == store.classes and not changed):
        return
    numbers = f"there were {told}, and there {'is' if store.classes == 1 else 'are'} {store.classes or 'none'}"
    changes = {"gone": before - now, "new": now - before} if before and now else {}
    named = [f"{how}: {printable(', '.join(sorted(names)))}" for how, names in changes.items() if names]
    why = f", as {store.unlabelled}" if store.unlabelled else ""
    raise EquipoiseError(
        f"{DATA_CHANGED}, and the generator knows other classes ({'; '.join(named) or numbers}{why}): restore the old "
        "data, or start a new run."
    )


def kept_class_names(run: RunDirectory, experiment: Experiment) -> tuple[str, ...]:
    """The names by number; none where the file is missing or not of these classes."""
    try:
        found = json.loads(read_text_bounded(run.classes))
    except (OSError, ValueError, RecursionError):
        return ()
    fits = isinstance(found, list) and len(found) == experiment.latent.classes
    return tuple(map(str, found)) if fits else ()
