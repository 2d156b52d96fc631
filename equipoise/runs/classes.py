"""The names of the classes that a run's generator can be asked for, kept with the run: its data may be gone later."""

import json
from pathlib import Path

from equipoise.common.files import read_text_bounded, write_text_atomically
from equipoise.experiments.experiment import Experiment
from equipoise.runs.directory import RunDirectory


def keep_class_names(run: RunDirectory, experiment: Experiment, root: Path | None) -> None:
    """Write the names into the run's directory, where the generator is told classes and they have names."""
    if experiment.latent.classes and (names := experiment.data.class_names(root)):
        write_text_atomically(run.classes, json.dumps(names, indent=1))


def kept_class_names(run: RunDirectory, experiment: Experiment) -> tuple[str, ...]:
    """The names by number; none where the file is missing or not of these classes."""
    try:
        found = json.loads(read_text_bounded(run.classes))
    except (OSError, ValueError, RecursionError):
        return ()
    fits = isinstance(found, list) and len(found) == experiment.latent.classes
    return tuple(map(str, found)) if fits else ()
