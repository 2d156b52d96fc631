"""Everything that a training loop must remember, in one sealed checkpoint: for loops that Equipoise did not write."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from torch import nn

from equipoise.common.errors import EquipoiseError, printable, shortened
from equipoise.common.files import sweep_abandoned
from equipoise.training.checkpoint import (
    Checkpoint,
    keep_newest,
    list_checkpoints,
    newest_or_none,
    write_checkpoint,
)
from equipoise.training.packing import Packing, unpack
from equipoise.training.parts import GlobalStreams, check_part, difference, kind_of, put_back, state_of
from equipoise.training.state import Clock

_STREAMS = "random streams"
_MOST_STEPS = 999_999_999
_UNFIT = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RuntimeError)
"""What unpacking, and a part's own load_state_dict, raise."""


@dataclass(frozen=True)
class BestScore:
    """The best score so far, and the step that it was saved at."""

    step: int
    score: float


class Bundle:
    """The parts of a training loop, saved together and put back together, bit for bit.

    A checkpoint is two files, sealed with checksums and written whole or not at all: a process may be killed at any
    moment, while it writes too, and what was saved before is still there. No pickle is read or written.

    Args:
        folder: where the checkpoints live. One process writes there; with several, each has a folder of its own.
        parts: by name, whatever has `state_dict` and `load_state_dict`: modules, optimisers, schedulers, grad scalers,
            monitors, `DataOrder`; and random streams of your own: `torch.Generator`, `random.Random` and numpy's.
        values: numbers, strings, lists, dictionaries, tensors and arrays by name. They are kept as
            `bundle.values`, a dictionary to read and to change.
        keep: how many of the newest checkpoints stay.
        best: which of two scores is better, "lower" or "higher": the best checkpoint then stays beside the newest.
        streams: whether the global random streams of Python, numpy and torch are kept too.

    Raises:
        EquipoiseError: a part has no state that could be kept.

    Example:
        >>> import tempfile, torch
        >>> folder, layer = tempfile.mkdtemp(), torch.nn.Linear(2, 1)
        >>> bundle = Bundle(folder, {"layer": layer}, values={"seen": 0})
        >>> bundle.values["seen"] = 64
        >>> saved = bundle.save(step=1)
        >>> again = Bundle(folder, {"layer": torch.nn.Linear(2, 1)}, values={"seen": 0})
        >>> again.restore(), again.values
        (1, {'seen': 64})
    """

    def __init__(
        self,
        folder: Path | str,
        parts: Mapping[str, object],
        *,
        values: Mapping[str, Any] | None = None,
        keep: int = 3,
        best: Literal["lower", "higher"] | None = None,
        streams: bool = True,
    ):
        if not isinstance(keep, int) or isinstance(keep, bool) or keep < 1:
            raise EquipoiseError(f"keep must be a whole number of at least 1, got {printable(keep)}.")
        if best not in (None, "lower", "higher"):
            raise EquipoiseError(f"best must be 'lower' or 'higher', got '{printable(best)}'.")
        for what, given in (("parts", parts), ("values", values or {})):
            if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
                raise EquipoiseError(f"{what} must be a dictionary with strings as its keys.")
        if streams and _STREAMS in parts:
            raise EquipoiseError(f"the part {_STREAMS} is the bundle's own; choose another name, or streams=False.")
        for name, part in parts.items():
            check_part(name, part)
        self.folder = Path(folder)
        self.values: dict[str, Any] = dict(values or {})
        self.best: BestScore | None = None
        self._parts = dict(parts) | ({_STREAMS: GlobalStreams()} if streams else {})
        self._keep, self._best_is = keep, best

    def steps(self) -> tuple[int, ...]:
        """The steps whose checkpoints are there, oldest first; nothing is checked."""
        return tuple(each.iteration for each in list_checkpoints(self.folder))

    def save(self, step: int, score: float | None = None) -> Path:
        """Write a checkpoint, then remove those that are neither among the newest nor the best.

        Args:
            step: counts what the loop has done so far; a checkpoint of the same step is replaced.
            score: how good this one is, where `best` was given. NaN and infinity are never the best.

        Returns: the checkpoint's index, a JSON file.

        Raises:
            EquipoiseError: the disk is full or cannot be written, a state holds something that cannot be kept, or the
                folder holds a later checkpoint. What was saved before stands.
        """
        self._check_step(step)
        best = self._better(step, score)
        packing = Packing()
        kept = {
            "parts": {name: self._packed(packing, name, state_of(part)) for name, part in self._parts.items()},
            "kinds": {name: kind_of(part) for name, part in self._parts.items()},
            "values": {name: self._packed(packing, f"values.{name}", value) for name, value in self.values.items()},
            "best": None if best is None else asdict(best),
        }
        sweep_abandoned(self.folder)
        written = write_checkpoint(self.folder, Clock(iteration=step), packing.tensors, {"bundle": kept})
        self.best = best
        keep_newest(self.folder, self._keep, () if best is None else (best.step,))
        return written.index

    def restore(self, which: Literal["newest", "best"] | int = "newest") -> int | None:
        """Put every part back as it was.

        Args:
            which: the newest good checkpoint; damaged newer ones are passed over, with a warning that names them. Or
                the best one, or that of a step.

        Returns: the checkpoint's step; None where the folder holds no checkpoint yet, and nothing has changed.

        Raises:
            EquipoiseError: no checkpoint is good, or it belongs to other parts. No module has changed then; where the
                message names a part that did not take its state back, others may have.
        """
        checkpoint = newest_or_none(self.folder, self.folder) if which == "newest" else self._at(self._step_of(which))
        if checkpoint is None:
            return None
        kept = self._read(checkpoint)
        tensors = checkpoint.read_tensors("")
        try:
            states = {name: unpack(state, tensors) for name, state in kept["parts"].items()}
            values = {name: unpack(value, tensors) for name, value in kept["values"].items()}
            best = None if kept["best"] is None else BestScore(**kept["best"])
            self._check_fit(checkpoint, kept, states)
        except _UNFIT as error:
            raise EquipoiseError(f"checkpoint {printable(checkpoint.index)} is damaged: {shortened(error)}.") from error
        for name in sorted(states, key=self._turn):
            self._put_back(name, states[name])
        self.values.clear()
        self.values.update(values)
        self.best = best
        return checkpoint.iteration

    def drop_after(self, step: int) -> None:
        """Delete every checkpoint after this step, to go on from there on another path."""
        for checkpoint in list_checkpoints(self.folder):
            if checkpoint.iteration > step:
                checkpoint.delete()

    def _step_of(self, which: str | int) -> int:
        if isinstance(which, int):
            return which
        if which != "best":
            raise EquipoiseError(f"a checkpoint is chosen by 'newest', 'best' or a step, not by '{printable(which)}'.")
        newest = newest_or_none(self.folder, self.folder)
        best = None if newest is None else self._read(newest)["best"]
        if best is None:
            raise EquipoiseError(f"{printable(self.folder)} has no best checkpoint: none was saved with a score.")
        return int(best["step"])

    def _at(self, step: int) -> Checkpoint:
        for checkpoint in list_checkpoints(self.folder):
            if checkpoint.iteration == step:
                return checkpoint
        kept = ", ".join(map(str, self.steps())) or "none"
        raise EquipoiseError(f"{printable(self.folder)} keeps no checkpoint of step {step}; there are: {kept}.")

    def _read(self, checkpoint: Checkpoint) -> dict[str, Any]:
        kept = checkpoint.read_index()["extra"].get("bundle")
        if not isinstance(kept, dict):
            raise EquipoiseError(f"checkpoint {printable(checkpoint.index)} was not written by a Bundle.")
        return kept

    def _check_fit(self, checkpoint: Checkpoint, kept: Mapping[str, Any], states: Mapping[str, Any]) -> None:
        """Whatever can be told before anything is changed."""
        what = self._misfit(kept, states)
        if what:
            name = printable(checkpoint.index.name)
            raise EquipoiseError(f"checkpoint {name} belongs to another loop: {printable(what)}.")

    def _misfit(self, kept: Mapping[str, Any], states: Mapping[str, Any]) -> str:
        here = {"part": set(self._parts), "value": set(self.values)}
        there = {"part": set(states), "value": set(kept["values"])}
        for word, names in here.items():
            for name in sorted(names - there[word]):
                return f"it has no {word} '{name}'"
            for name in sorted(there[word] - names):
                return f"it has the {word} '{name}', which was not given here"
        for name, part in self._parts.items():
            if kept["kinds"][name] != kind_of(part):
                return f"its part '{name}' is a {kept['kinds'][name]}, and here it is a {kind_of(part)}"
            what = difference(part, states[name])
            if what:
                return f"its part '{name}' {what}"
        return ""

    def _turn(self, name: str) -> int:
        """First what may still refuse its state, then modules; the streams last, for loading may draw from them."""
        return 2 if name == _STREAMS else int(isinstance(self._parts[name], nn.Module))

    def _put_back(self, name: str, state: Any) -> None:
        try:
            put_back(self._parts[name], state)
        except EquipoiseError:
            raise
        except _UNFIT as error:
            raise EquipoiseError(
                f"the part '{printable(name)}' could not restore its state: {shortened(str(error).rstrip('.'))}."
            ) from error

    def _packed(self, packing: Packing, place: str, value: Any) -> Any:
        try:
            return packing.pack(value, place)
        except RecursionError as error:
            raise EquipoiseError(f"{printable(place)} is nested too deeply to be saved.") from error

    def _check_step(self, step: int) -> None:
        if not isinstance(step, int) or isinstance(step, bool) or not 0 <= step <= _MOST_STEPS:
            raise EquipoiseError(f"step must be a whole number from 0 to {_MOST_STEPS:,}, got {printable(step)}.")
        for later in list_checkpoints(self.folder):
            if later.iteration > step and later.good_index() is not None:
                raise EquipoiseError(
                    f"{printable(self.folder)} holds a checkpoint of step {later.iteration}, later than {step}: "
                    f"restore it first, choose another folder, or delete what is later with drop_after({step})."
                )
            if later.iteration > step:  # damaged, and passed over by restore
                later.delete()

    def _better(self, step: int, score: float | None) -> BestScore | None:
        if score is not None:
            try:
                score = float(score)
            except (TypeError, ValueError) as error:
                raise EquipoiseError(f"a score must be a number, got {printable(score)}.") from error
        if score is None or not math.isfinite(score):
            return self.best
        if self._best_is is None:
            raise EquipoiseError("a score was given, but not which is better: Bundle(..., best='lower') or 'higher'.")
        sign = 1 if self._best_is == "lower" else -1
        is_better = self.best is None or sign * score < sign * self.best.score
        return BestScore(step, score) if is_better else self.best
