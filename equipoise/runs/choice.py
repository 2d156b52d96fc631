"""Which checkpoint of a run is read: the best, the newest or that of an iteration, even while the run goes on."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from equipoise.common.errors import EquipoiseError, printable
from equipoise.experiments.experiment import Experiment
from equipoise.runs.directory import RunDirectory
from equipoise.runs.observers import best_by
from equipoise.runs.remembered import remembered_by
from equipoise.training.checkpoint import Checkpoint, list_checkpoints, newest_good

Found = TypeVar("Found")

_BEST, _NEWEST = "best", "newest"


@dataclass(frozen=True)
class Chosen:
    """A checkpoint that passed its checks.

    Attributes:
        checkpoint: the files.
        index: what its index holds.
        why: it was taken, as in "the newest checkpoint".
    """

    checkpoint: Checkpoint
    index: dict[str, Any]
    why: str

    def __str__(self) -> str:
        return f"iteration {self.checkpoint.iteration}, {self.why}"


def choose_checkpoint(run: RunDirectory, experiment: Experiment, wish: str | None = None) -> Chosen:
    """The checkpoint that was asked for.

    Args:
        run: where it lies.
        experiment: of the run; `watch.best` says whether a best one is kept.
        wish: "best", "newest" or the number of an iteration. None is the best where the run keeps one and has found
            it, otherwise the newest.

    Raises:
        EquipoiseError: there is no such checkpoint, or it is damaged.
    """
    if wish not in (None, _BEST, _NEWEST):
        return _of_iteration(run, str(wish))
    newest, complaints = newest_good(run.checkpoints)
    if newest is None:
        reason = complaints[0] if complaints else "it was stopped before its first one; resume it first."
        raise EquipoiseError(f"{printable(run.path)} has no good checkpoint: {reason}")
    index = newest.read_index()
    best = best_by(experiment, remembered_by(newest, index).best)
    if wish == _NEWEST or (wish is None and best is None):
        return Chosen(newest, index, "the newest checkpoint")
    if best is None:
        metric = experiment.watch.best
        reason = "its watch.best names no metric" if metric is None else f"{metric} was not evaluated yet"
        raise EquipoiseError(f"{printable(run.path)} has no best checkpoint: {reason}; take the newest.")
    found = _at(run, best.iteration)
    why = f"the best checkpoint by {experiment.watch.best} ({best.value:.4g})"
    return Chosen(found, found.read_index(), why)


def while_it_changes(directory: Path, read: Callable[[], Found]) -> Found:
    """The result of `read` on a run's checkpoints; read again if the run has replaced them meanwhile.

    Raises:
        EquipoiseError: `read` fails, and the checkpoints are still the same.
    """
    while True:
        before = list_checkpoints(directory)
        try:
            return read()
        except EquipoiseError:
            if list_checkpoints(directory) == before:
                raise


def _of_iteration(run: RunDirectory, wish: str) -> Chosen:
    if not wish.isdecimal():
        raise EquipoiseError(
            f"a checkpoint is chosen by {_BEST}, {_NEWEST} or an iteration, not by '{printable(wish)}'."
        )
    found = _at(run, int(wish))
    try:
        return Chosen(found, found.read_index(), "as asked for")
    except EquipoiseError as error:
        others = [str(each.iteration) for each in list_checkpoints(run.checkpoints) if each.tensors.is_file()]
        kept = [other for other in others if other != str(found.iteration)]
        if not kept:
            raise
        offer = f"{str(error).rstrip('.')}; take another one with --checkpoint: {_NEWEST}, or {', '.join(kept)}."
        raise EquipoiseError(offer) from error


def _at(run: RunDirectory, iteration: int) -> Checkpoint:
    listed = list_checkpoints(run.checkpoints)
    for each in listed:
        if each.iteration == iteration:
            return each
    kept = ", ".join(str(each.iteration) for each in listed) or "none"
    raise EquipoiseError(f"{printable(run.path)} keeps no checkpoint of iteration {iteration}; there are: {kept}.")
