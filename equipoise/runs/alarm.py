"""Watches a run's variety and the balance of its players; logs, and warns or stops the run."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from typing import Any, Literal

from equipoise.common.errors import EquipoiseError
from equipoise.common.say import warn
from equipoise.evaluation.sampling import generate
from equipoise.experiments.averaged import GeneratorOf
from equipoise.experiments.build import sampling_generator
from equipoise.experiments.experiment import Experiment
from equipoise.monitor.alarm import Alarm, Report
from equipoise.monitor.balance import BalanceMonitor
from equipoise.monitor.collapse import Memory, VarietyMonitor, spread_indices
from equipoise.monitor.energies import EnergyMonitor
from equipoise.monitor.monitor import Monitor
from equipoise.training.log import Recorder
from equipoise.training.loop import Source, Turn
from equipoise.training.state import State

LOOKS, SHORTEST_PAUSE = 40, 100
"""Looks in a run, and the fewest iterations from one to the next."""
_GRADIENT = "the gradient of "

OnCollapse = Literal["warn", "stop", "log"]
"""What a run does when its samples lose their variety."""


class Stop(IntEnum):
    """Why the processes of a run agree to end it, in place of a signal's number."""

    COLLAPSED = 1_000
    NO_BETTER = 1_001


class Collapsed(EquipoiseError):
    """The samples have collapsed, and the run was set to stop then; it is saved."""


def pause(total: int) -> int:
    """Iterations from one look to the next, in a run of so many."""
    return max(SHORTEST_PAUSE, total // LOOKS)


def players_monitor() -> Monitor:
    """The monitor of the players' scores, energies, losses and gradients in every iteration."""
    return Monitor(BalanceMonitor(), EnergyMonitor())


@dataclass
class Watchdog:
    """An observer that measures the samples' variety at intervals, follows the players, and reports problems.

    It looks 40 times in a run, at most every 100 iterations, which costs less than a hundredth of them (more where an
    averaged generator needs its batch statistics first); only in iterations that trained the generator, on latents of
    its own; and it changes nothing about the run.

    Attributes:
        experiment: what is trained.
        recorder: of the log; every look and every alarm is a line.
        total: the run's length in iterations.
        variety: judges the samples, or None where the data are too few or too alike; a checkpoint must keep its memory.
        on_collapse: whether an alarm is only logged, or told, or ends the run.
        players: follows scores, energies, losses and gradients; a checkpoint must keep its state.
        rang: the sentence of an alarm that ends the run, or "".
        sampled: gives the generator to look at.
    """

    experiment: Experiment
    recorder: Recorder
    total: int
    variety: VarietyMonitor | None
    on_collapse: OnCollapse = "warn"
    players: Monitor = field(default_factory=players_monitor)
    rang: str = ""
    sampled: GeneratorOf = sampling_generator

    def __call__(self, state: State, turn: Turn) -> None:
        """Take note of the turn, and look when it is due."""
        self.players.update(step=turn.iteration, **_of_players(turn))
        if turn.iteration % pause(self.total) == 0 and "generator/loss" in turn.values:
            place = {"iteration": turn.iteration, "stage": turn.stage, "epoch": turn.epoch}
            if self.variety is not None:
                self.tell_of_variety(self._look(self.variety, state, turn), place)
            self.tell_of_players(self.players.report(), place)

    def _look(self, variety: VarietyMonitor, state: State, turn: Turn) -> Report:
        generator, count = self.sampled(self.experiment, state), len(variety.held_out)
        samples = generate(generator, self.experiment.latent, count, self.experiment.seed, "collapse")
        variety.update(samples, step=turn.iteration)
        return variety.report()

    def tell_of_variety(self, report: Report, place: Mapping[str, Any]) -> None:
        """Log a measurement, and report its problems."""
        if not report.values:
            return
        lines: list[dict[str, Any]] = [{"kind": "variety", **place, "values": dict(report.values)}]
        for alarm in report.alarms:
            told, collapsed = _told(alarm), not alarm.passed
            lines.append({"kind": "alarm", **place, "values": dict(report.values), **told, "collapsed": collapsed})
            if self.on_collapse == "stop" and collapsed:
                self.rang = told["told"]
        self._log(lines)

    def tell_of_players(self, report: Report, place: Mapping[str, Any]) -> None:
        """The same for scores, energies and gradients, which never stop a run."""
        values = dict(report.values)
        lines = [{"kind": "balance", **place, "values": values}] if report.values else []
        lines += [{"kind": "imbalance", **place, "values": values, **_told(alarm)} for alarm in report.alarms]
        self._log(lines)

    def _log(self, lines: list[dict[str, Any]]) -> None:
        for line in lines:
            if "told" in line and (self.on_collapse == "warn" or (self.on_collapse == "stop" and not self.rang)):
                warn(line["told"])
        self.recorder.flush()
        self.recorder.append(lines)

    def memory(self) -> dict[str, Any]:
        """What a checkpoint must keep: JSON values."""
        return {
            "alarm": None if self.variety is None else asdict(self.variety.memory),
            "players": self.players.state_dict(),
        }

    def remember(self, alarm: Mapping[str, Any] | None, players: Mapping[str, Any] | None) -> None:
        """Continue from what a checkpoint saved; None, as in older ones, means from the start.

        Raises:
            EquipoiseError: it is not what a run writes there.
        """
        if self.variety is not None:
            self.variety.memory = Memory() if alarm is None else Memory(**alarm)
        self.players = players_monitor()
        try:
            if players is not None:
                self.players.load_state_dict(players)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise EquipoiseError(
                "the newest checkpoint is damaged: its entry extra.players has the wrong type; delete it to use the "
                "one before it."
            ) from error


def _told(alarm: Alarm) -> dict[str, Any]:
    """An alarm in the log: which trouble, whether it has passed, and the words for a reader."""
    return {"trouble": alarm.name, "passed": alarm.passed, "told": alarm.words(with_settings=True)}


def _of_players(turn: Turn) -> dict[str, Any]:
    """What an iteration found about the players that a monitor can take; gradients by their largest entry."""
    values = turn.values
    named = {taken: values[name] for name, taken in _TAKEN.items() if name in values}
    gradients = {name.removeprefix(_GRADIENT): value for name, value in turn.vitals if name.startswith(_GRADIENT)}
    losses = {name.removesuffix("/loss"): value for name, value in values.items() if name.endswith("/loss")}
    return named | {"losses": losses, "gradients": gradients}


_TAKEN = {"real_score": "real_scores", "fake_score": "fake_scores"} | {
    name: name for name in ("right_decisions", "real_energy", "fake_energy")
}
"""What an iteration logs -> as a monitor takes it."""


def variety_monitor(source: Source, total: int) -> VarietyMonitor | None:
    """A monitor for this data; None for fewer than 64 real items, or mostly repeated ones."""
    if len(source) < 2:
        return None
    return VarietyMonitor.of(source.batch(spread_indices(len(source))).cpu(), total)
