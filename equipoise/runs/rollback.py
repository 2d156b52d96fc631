"""Going back to the newest good checkpoint: the state, the log and everything else."""

from equipoise.common.errors import EquipoiseError
from equipoise.common.say import warn
from equipoise.experiments.build import build_state
from equipoise.experiments.difference import refuse_another_experiment
from equipoise.experiments.experiment import Experiment
from equipoise.runs.directory import RunDirectory
from equipoise.runs.environment import DATA_CHANGED
from equipoise.runs.processes import Processes
from equipoise.runs.remembered import NOTHING_YET, Remembered, remembered_by
from equipoise.runs.vitals import Diverged
from equipoise.training.checkpoint import newest_or_none
from equipoise.training.log import append_lines, shorten_log
from equipoise.training.loop import Game
from equipoise.training.state import Clock, State, load_state_tensors, state_tensors


def restore(
    run: RunDirectory,
    state: State,
    experiment: Experiment | None = None,
    data_hash: str | None = None,
    layout: str | None = None,
) -> Remembered:
    """Restore the state and the log from the newest good checkpoint; damaged newer ones are named on stderr.

    Args:
        run: the run.
        state: of the same experiment.
        experiment: what the checkpoint must have been trained by, where that is to be checked.
        data_hash: the content hash that its data must have had, where that is to be checked.
        layout: in which its tensors must lie, where that is to be checked.

    Returns: what the checkpoint remembers besides the state; `NOTHING_YET` when the run is still at its very start.

    Raises:
        EquipoiseError: there are checkpoints, and none is good; or the newest belongs to another experiment or other
            data.
    """
    checkpoint = newest_or_none(run.checkpoints, run.path)
    if checkpoint is None:
        shorten_log(run.log, 0)
        return NOTHING_YET
    remembered = remembered_by(checkpoint, checkpoint.read_index())
    if experiment is not None:
        refuse_another_experiment(remembered.experiment, experiment, checkpoint.index.name, str(run.config))
    checkpoint.load(state)
    if data_hash not in (None, remembered.data_hash):
        raise EquipoiseError(f"{DATA_CHANGED}; restore the old data, or start a new run.")
    if layout not in (None, remembered.layout):
        raise EquipoiseError(
            f"this run's checkpoints have the layout {remembered.layout}: resume with --layout {remembered.layout}."
        )
    shorten_log(run.log, remembered.log.bytes)
    return remembered


def roll_back(
    run: RunDirectory, experiment: Experiment, game: Game, state: State, diverged: Diverged, processes: Processes
) -> Remembered:
    """Go back to the newest good checkpoint, or to the start, with halved learning rates.

    All processes call it together; the first one reads, and adds a line to the log.

    Returns: what the checkpoint remembers besides the state.
    """
    rollbacks = state.clock.rollbacks + 1
    remembered = NOTHING_YET
    if processes.is_first:
        remembered = restore(run, state)
        if remembered is NOTHING_YET:
            _start_anew(experiment, game, state)
        state.clock.rollbacks = rollbacks
        _tell(run, state.clock, diverged)
    processes.share_state(state)
    return remembered


def _start_anew(experiment: Experiment, game: Game, state: State) -> None:
    device = next(state.players.parameters()).device
    load_state_tensors(state, state_tensors(build_state(experiment, game, device)))
    state.clock = Clock()


def _tell(run: RunDirectory, clock: Clock, diverged: Diverged) -> None:
    """One line for the log and one for the person who watches."""
    factor = 0.5**clock.rollbacks
    values = {"diverged_in_iteration": diverged.iteration, "learning_rate_factor": factor}
    line = {"kind": "rollback", "iteration": clock.iteration, "quantity": diverged.quantity, "values": values}
    append_lines(run.log, [line])
    warn(
        f"training diverged in iteration {diverged.iteration}: {diverged} Continuing from iteration "
        f"{clock.iteration} with {factor:g} of the learning rates (rollback {clock.rollbacks})."
    )
