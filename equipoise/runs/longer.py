"""Go on beyond a run's end: its new length is written into its checkpoints, then into its configuration."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch

from equipoise.common.counted import counted
from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import write_text_atomically
from equipoise.data.store import Store
from equipoise.experiments.build import build_game, build_state
from equipoise.experiments.config import to_plain, to_yaml
from equipoise.experiments.difference import what_matters
from equipoise.experiments.experiment import Experiment, with_courses, with_length
from equipoise.runs.directory import RunDirectory
from equipoise.runs.pace import stage_seconds
from equipoise.training.checkpoint import Checkpoint, list_checkpoints
from equipoise.training.loop import Game
from equipoise.training.precision import Precision
from equipoise.training.schedules import Schedule, schedules
from equipoise.training.state import Clock

_WORDS = {"schedule": "learning rate", "beta2_schedule": "1 - beta2"}
"""What an optimiser's schedules are of."""
Good = tuple[Checkpoint, dict[str, Any]]
"""A checkpoint and its index."""


@dataclass(frozen=True)
class Longer:
    """How much longer a run is to be: one of the three.

    Attributes:
        iterations: of the adversarial training, those that were made counted.
        epochs: the same in epochs.
        seconds: so much longer than it was to be, on this machine.
    """

    iterations: int | None = None
    epochs: int | None = None
    seconds: float | None = None


def lengthen(
    run: RunDirectory, longer: Longer, store: Store, device: torch.device, precision: Precision = "float32"
) -> list[str]:
    """Give a run, finished or not, a larger length; a resume then plays it. To be called by its only writer.

    Nothing but the length changes, and the schedules that were to end with the run: those reach their last value at
    the new end. Without such, the result is that of a run that was as long from its start. When this or the longer
    run is interrupted, it can be called again.

    Returns: sentences about what happens.

    Raises:
        EquipoiseError: the run has played as much already or is to play more, or its checkpoints belong to another
            configuration.
    """
    before = run.experiment()
    game = build_game(before, store, precision)
    lengths = _lengths(game)
    after = _lengthened(before, longer, game, device)
    new_lengths = _lengths(build_game(after, store))
    good = [(each, index) for each in list_checkpoints(run.checkpoints) if (index := each.good_index()) is not None]
    played = max((each.iteration for each, _ in good), default=0)
    if new_lengths == lengths and played < sum(lengths):
        return []
    if new_lengths[-1] <= lengths[-1]:
        raise EquipoiseError(
            f"{printable(run.path)} is {counted(sum(lengths), 'iteration')} long already; ask for more."
        )
    old, new = sum(lengths), sum(new_lengths)
    after = with_courses(after, lambda each: each.stretched(new / old) if each.ends_by(old) else each)
    _relabel(good, before, after, lengths)
    write_text_atomically(run.config, to_yaml(after))
    return _sentences(before, after, lengths, new_lengths, played)


def _lengths(game: Game) -> list[int]:
    """Of each stage, in iterations."""
    return [game.stage_iterations(stage) for stage in game.algorithm.stages()]


def _lengthened(before: Experiment, longer: Longer, game: Game, device: torch.device) -> Experiment:
    iterations = longer.iterations
    if longer.seconds is not None:
        _, each = stage_seconds(game, lambda alone: build_state(before, alone, device))[-1]
        iterations = _lengths(game)[-1] + max(1, round(longer.seconds / each))
    try:
        return with_length(before, epochs=longer.epochs, iterations=iterations)
    except ValueError as error:
        raise EquipoiseError(str(error)) from error


def _courses(experiment: Experiment) -> dict[str, Schedule]:
    """Every schedule, by what follows it."""
    found = {
        f"{_WORDS[field]} of the {name}": course
        for name, player in experiment.players.items()
        for field, course in schedules(player.optimiser).items()
    }
    found |= {field.removesuffix("_schedule"): course for field, course in schedules(experiment.algorithm).items()}
    average = experiment.average
    return found if average is None else found | {"half-life of the average": average.schedule}


def _relabel(good: Sequence[Good], before: Experiment, after: Experiment, lengths: list[int]) -> None:
    """Every good checkpoint says that it belongs to the longer run."""
    known = [to_plain(before), to_plain(after)]
    for each, index in good:
        trained = index["extra"].get("experiment")
        if trained is not None and all(what_matters(trained, plain) for plain in known):
            raise EquipoiseError(f"{each.index.name} belongs to another configuration; resume the run as it is first.")
    for each, index in good:
        clock = Clock(**index["clock"])
        if clock.stage >= len(lengths):
            clock.stage, clock.stage_iteration = len(lengths) - 1, lengths[-1]
        each.rewrite_index(index | {"clock": asdict(clock), "extra": index["extra"] | {"experiment": known[1]}})


def _sentences(
    before: Experiment, after: Experiment, lengths: list[int], new_lengths: list[int], played: int
) -> list[str]:
    old, new = sum(lengths), sum(new_lengths)
    told = [f"The run goes on from iteration {played:,} to {new:,}; it was to end at {old:,}."]
    laid_out, now = _courses(before), _courses(after)
    followed = [name for name, course in laid_out.items() if course.ends_by(old)]
    told += [
        f"The {name} was to go to {laid_out[name].factor(old):.3g} of its configured value by iteration {old:,}. It is "
        f"{now[name].factor(played):.3g} of it from here on, and goes to {now[name].factor(new):.3g} by iteration "
        f"{new:,}."
        for name in followed
    ]
    cut = any(old != new for old, new in zip(lengths[:-1], new_lengths[:-1], strict=True))
    if followed or cut:
        why = "its schedules" if followed else "its first stages, which were cut short,"
        told.append(
            f"The result is not exactly that of a run of {counted(new, 'iteration')} from the start: {why} differ."
        )
    return told
