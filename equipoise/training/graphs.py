"""Whole iterations as CUDA graphs: recorded once, then replayed with one launch, optimisers included.

A graph reads and writes the same memory each time. So everything that chance deals to an iteration is drawn as ever, by
address, and copied into buffers that stay where they are; the learning rates are tensors; and what the iteration found
is copied out before the next one overwrites it. The first iterations of a stage are played one by one from the same
buffers; then one is recorded, and from there on it is replayed. A new stage, or optimisers that were loaded from a
checkpoint, begin anew.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from equipoise.training.adamax import LeanAdamax
from equipoise.training.draw import Buffers, Draw
from equipoise.training.game import Move, Stage
from equipoise.training.state import State

_WARM_UPS = 3

Deal = tuple[Move, Draw]
"""One play of a move, and what chance deals to it."""


@dataclass
class Found:
    """The results of an iteration: 0-dimensional tensors for the log, and the vital signs in order of computation."""

    values: dict[str, Tensor] = field(default_factory=dict)
    vitals: list[tuple[str, Tensor]] = field(default_factory=list)


Play = Callable[[Sequence[Deal]], Found]
"""Plays moves with the given draws."""


class Recording(Protocol):
    """How a piece of work is recorded once and repeated."""

    def warm_up(self, work: Callable[[], None]) -> None:
        """Do the work once before it is recorded."""

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        """Record the work without doing it. Returns: what does it, each time on the same memory."""


@dataclass(frozen=True)
class CudaRecording:
    """torch.cuda.CUDAGraph, warmed up on a stream of its own, as torch requires.

    Attributes:
        device: the GPU that the work uses; None is the current one.
    """

    device: torch.device | None = None

    def warm_up(self, work: Callable[[], None]) -> None:
        """Do the work on a side stream, and let the main one wait for it."""
        with torch.cuda.device(self.device):
            side, main = torch.cuda.Stream(), torch.cuda.current_stream()
            side.wait_stream(main)
            with torch.cuda.stream(side):
                work()
            main.wait_stream(side)

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        """Capture the work's kernels, on a stream of this device: torch's own stream stays on the first one used."""
        with torch.cuda.device(self.device):
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, stream=torch.cuda.Stream()):
                work()
        return graph.replay


class Rehearsal:
    """Does the work itself each time: what a graph would do, where there is no GPU to record it."""

    def warm_up(self, work: Callable[[], None]) -> None:
        """Do the work."""
        work()

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        """The work itself."""
        return work


def refusal(state: State, draws_inside: bool, processes: int) -> str | None:
    """Why iterations cannot be recorded, in one sentence, or None if they can.

    Args:
        state: where the players live, and their optimisers.
        draws_inside: whether a layer draws random numbers by itself, as dropout does.
        processes: how many train together.
    """
    device = device_of(state)
    if device.type != "cuda":
        return f"CUDA graphs need a GPU with CUDA, and this run computes on {device}: it continues without them."
    if processes > 1:
        return "CUDA graphs are for one process: this run continues without them."
    if draws_inside:
        return (
            "CUDA graphs cannot hold layers that draw random numbers, as dropout does: this run continues without them."
        )
    unknown = [name for name, each in state.optimisers.items() if not isinstance(each, LeanAdamax | torch.optim.Adam)]
    if unknown:
        return (
            f"CUDA graphs take Adam and Adamax, and {unknown[0]} has another optimiser: this run continues without "
            "them."
        )
    return None


def device_of(state: State) -> torch.device:
    """The players' device."""
    return next(state.players.parameters()).device


def make_recordable(optimiser: torch.optim.Optimizer) -> None:
    """Let an optimiser keep its count of steps and its learning rate on the device, where a graph can read them."""
    optimiser._warned_capturable_if_run_uncaptured = True  # the warm-ups are not captured
    for group in optimiser.param_groups:
        device = group["params"][0].device
        group["capturable"] = True
        if not isinstance(group["lr"], Tensor):
            group["lr"] = torch.tensor(float(group["lr"]), device=device)
        for parameter in group["params"]:
            kept = optimiser.state.get(parameter, {})
            if "step" in kept:
                kept["step"] = kept["step"].to(device)


class RecordedIterations:
    """Plays a stage's iterations from buffers, and replays them once they are recorded."""

    def __init__(self, state: State, recording: Recording):
        """`state` is the run's; `recording` says how work is recorded."""
        self._state, self._recording = state, recording
        self._stages: dict[Hashable, _Stage] = {}

    @property
    def unrecorded(self) -> list[Hashable]:
        """The addresses that were played too seldom, so far, to be recorded."""
        return [address for address, stage in self._stages.items() if stage.repeat is None]

    def play(self, stage: Stage, deals: Sequence[Deal], play: Play) -> Found:
        """One iteration of this stage.

        Args:
            stage: its name, and the variants of its moves, tell the recordings apart.
            deals: the moves, and what chance deals to each.
            play: makes the moves, and returns what they found.
        """
        address = (stage.name, *(move.variant(draw.position) for move, draw in deals))
        known = self._stages.get(address)
        if known is None or not _are_same(known.memory, _memory(self._state)):
            known = self._stages[address] = _Stage(deals, play, self._recording)
        found = known.iterate(deals)
        known.memory = _memory(self._state) if known.repeat is None else known.memory
        return found


class _Stage:
    """The buffers of one stage, and its recording once there is one.

    Attributes:
        memory: what holds the optimisers' tensors, held: those that come after them cannot take their addresses.
        repeat: replays the recording, once there is one.
    """

    def __init__(self, deals: Sequence[Deal], play: Play, recording: Recording):
        self.memory: tuple[object, ...] = ()
        self.repeat: Callable[[], None] | None = None
        self._recording, self._play, self._warm_ups = recording, play, 0
        self._deals: list[Deal] = []
        for move, draw in deals:
            before = self._deals[-1][1] if self._deals else None
            self._deals.append((move, draw.with_buffers(Buffers(draw, before))))
        self._names: tuple[list[str], list[str]] = ([], [])
        self._numbers = torch.empty(0)

    def iterate(self, deals: Sequence[Deal]) -> Found:
        for (_, kept), (_, draw) in zip(self._deals, deals, strict=True):
            kept.refill(draw)
        if self._warm_ups < _WARM_UPS:
            self._warm_ups += 1
            self._recording.warm_up(self._work)
        else:
            if self.repeat is None:
                self.repeat = self._recording.record(self._work)
            self.repeat()
        return self._found()

    def _work(self) -> None:
        """The iteration; whatever it found goes into one tensor."""
        found = self._play(self._deals)
        self._names = list(found.values), [name for name, _ in found.vitals]
        numbers = [*found.values.values(), *(value for _, value in found.vitals)]
        self._numbers = torch.stack([value.detach().double() for value in numbers])

    def _found(self) -> Found:
        """Copies, as the next iteration writes over the numbers."""
        numbers = self._numbers.clone().unbind()
        values, vitals = self._names
        return Found(
            dict(zip(values, numbers[: len(values)], strict=True)),
            list(zip(vitals, numbers[len(values) :], strict=True)),
        )


def _memory(state: State) -> tuple[object, ...]:
    """What holds the optimisers' tensors: others, as after a checkpoint was loaded, are not the recording's."""
    return tuple(held for each in state.optimisers.values() for held in (each.state, each.param_groups))


def _are_same(these: Sequence[object], those: Sequence[object]) -> bool:
    """Whether they are the very same objects, not only equal ones."""
    return len(these) == len(those) and all(a is b for a, b in zip(these, those, strict=True))
