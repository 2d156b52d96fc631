"""The short ways in from Python: load what was made, and train."""

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import check_is_no_program, local_path
from equipoise.common.registry import thing_at

if TYPE_CHECKING:
    from equipoise.experiments.experiment import Experiment
    from equipoise.runs.run import Run

Opener = Callable[[Path], object | None]
"""Given a path, what it holds as an object; None where that is not of the opener's kind."""
OPENERS: tuple[str, ...] = (
    "equipoise.runs.run:open_run_directory",
    "equipoise.reports.study_view:open_study",
    "equipoise.runs.shipped:open_shipped",
    "equipoise.runs.shipped:open_from_hub",
)
"""What `load` asks in turn, as "module:function"; each is an `Opener`."""


def load(what: str | Path) -> Any:
    """What lies at a path, as an object to work with.

    Args:
        what: a run's directory gives an `equipoise.runs.run.Run`: samples, curves, plots and scores. A study's
            directory gives an `equipoise.reports.study_view.StudyView`: its scores, conclusions, table and runs. What
            `equipoise export` wrote, a .safetensors file or a folder with model.json, gives an
            `equipoise.runs.shipped.Shipped`: its samples and its network; so does "hub:USER/NAME", what `equipoise
            push` put on the hub.

    Raises:
        EquipoiseError: there is none of these, or it is damaged.
    """
    path = local_path(str(what))
    check_is_no_program(path)
    for place in OPENERS:
        opener: Opener = thing_at(place)
        found = opener(path)
        if found is not None:
            return found
    there = "has neither a run's config.yaml nor a study's results.json in it" if path.exists() else "does not exist"
    raise EquipoiseError(
        f"{printable(path)} cannot be loaded: it {there}; give the directory of a run or a study, or an exported "
        "generator."
    )


def train(
    experiment: "Experiment | str | Path",
    directory: str | Path | None = None,
    *,
    budget: str | None = None,
    data: str | None = None,
    seed: int | None = None,
    epochs: int | None = None,
    iterations: int | None = None,
    changes: Mapping[str, Any] | None = None,
    **settings: Any,
) -> "Run":
    """Train from the start into a new directory, to the end, and write the run's page there.

    Args:
        experiment: a recipe's name, the path of a YAML file, or an `Experiment`.
        directory: for the run; by default `runs/NAME-seedN`.
        budget: of a recipe, as "cpu": how much to train.
        data: other data, in the recipe's resolution: a data set's name, a folder or a .npz file.
        seed: of all random numbers.
        epochs: length of the adversarial training. Give this or `iterations`.
        iterations: the same, in iterations.
        changes: other values of the experiment's fields by their paths, as `{"algorithm.margin": 5}`.
        settings: fields of `equipoise.runs.train.Settings`, as `device="cpu"`, `threads=1` or `quiet=True`.

    Returns: the run.

    Raises:
        Interrupted: SIGINT came, as from a notebook's stop button; the run is saved, and `load(...).resume()` goes on.
        EquipoiseError: as `equipoise train` says it.
    """
    from equipoise.reports.pages import write_run_report
    from equipoise.runs import train as training
    from equipoise.runs.directory import usual_directory
    from equipoise.runs.run import Run, settings_from

    chosen = settings_from({"page": write_run_report} | settings, ("directory", *(train.__kwdefaults__ or ())))
    described = _described(experiment, budget, data, seed, epochs, iterations, changes or {})
    out = usual_directory(described) if directory is None else local_path(str(directory))
    return Run(training.train(described, out, chosen).path)


def _described(
    source: "Experiment | str | Path",
    budget: str | None,
    data: str | None,
    seed: int | None,
    epochs: int | None,
    iterations: int | None,
    changes: Mapping[str, Any],
) -> "Experiment":
    """The experiment that the same words describe on the command line."""
    from equipoise.cli.experiment import experiment_of
    from equipoise.experiments.config import adjusted
    from equipoise.experiments.experiment import Experiment

    if not isinstance(changes, Mapping):
        raise EquipoiseError("changes must be a mapping of fields to values, as in {'algorithm.margin': 5}.")
    lines = [f"{path}={json.dumps(value)}" for path, value in changes.items()]
    if isinstance(source, str | Path):
        words = {"recipe": str(source), "budget": budget, "data": data, "seed": seed, "set": lines}
        return experiment_of(argparse.Namespace(**words, epochs=epochs, iterations=iterations))
    if not isinstance(source, Experiment):
        raise EquipoiseError(
            f"train takes a recipe's name, a YAML file or an Experiment, got {printable(repr(source))}."
        )
    if budget is not None or data is not None:
        raise EquipoiseError("budget and data go with a recipe's name; an Experiment already says both.")
    return adjusted(source, lines, seed, epochs, iterations)
