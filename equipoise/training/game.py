"""Training described as data: stages of moves, a memory between moves, and a draw with all random numbers.

The loop (`equipoise.training.loop`) plays any game and knows no algorithm.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, cast

from torch import Tensor, nn
from typing_extensions import TypeVar

from equipoise.common.checks import check_fields
from equipoise.training.draw import Draw

Players = Mapping[str, nn.Module]
"""The named networks, as in `players["generator"]`."""

M = TypeVar("M", bound=nn.Module, default=Any)
"""The module that an algorithm remembers in; its moves and stages are handed that and no other."""

NOISE = "noise"
"""The kind of batch that the prior's latents are to a generator."""


@dataclass(frozen=True)
class Outcome:
    """The result of one execution of a move.

    Attributes:
        losses: a 0-dimensional loss for each player that the move trains; empty when it only measures.
        measures: 0-dimensional tensors worth a line in the log, as in {"real_energy": ...}. Never read on the hot path.
    """

    losses: dict[str, Tensor]
    measures: dict[str, Tensor] = field(default_factory=dict)


def always_the_same(position: int) -> Hashable:
    """The `variant` of a move that does the same work at every position."""
    return None


@dataclass(frozen=True)
class Move(Generic[M]):
    """One move: every player in `trains` takes one optimiser step down its own loss, all from the same parameters.

    Attributes:
        name: unique within its stage; it is part of the address of the move's random numbers.
        play: finds the losses from the players, the memory and the draw.
        trains: the players whose losses `play` returns; all others are frozen meanwhile.
        repeats: how often an iteration makes this move (n_dis of the literature).
        fresh: whether each play takes the next real batch, or sees the one that the iteration drew last.
        variant: what sort of play the one at a position is, for a move that does not always do the same work: each
            sort is recorded apart.
    """

    name: str
    play: Callable[[Players, M, Draw], Outcome]
    trains: tuple[str, ...]
    repeats: int = 1
    fresh: bool = True
    variant: Callable[[int], Hashable] = always_the_same


def nothing_to_close(memory: nn.Module) -> dict[str, Tensor]:
    """The `close_epoch` of a stage that remembers nothing from epoch to epoch."""
    return {}


@dataclass(frozen=True)
class Stage(Generic[M]):
    """A stretch of training: the same moves over and over, for a number of epochs or of iterations.

    Attributes:
        name: unique within the algorithm.
        moves: played in this order; together they are one iteration.
        epochs: the length in passes over the real data (of the batches that the moves draw), or None.
        iterations: the length in iterations, or None. Exactly one of the two is given.
        close_epoch: called with the memory after each epoch; returns 0-dimensional tensors for the log.
    """

    name: str
    moves: tuple[Move[M], ...]
    epochs: int | None = None
    iterations: int | None = None
    close_epoch: Callable[[M], dict[str, Tensor]] = nothing_to_close

    def __post_init__(self) -> None:
        if (self.epochs is None) == (self.iterations is None):
            raise ValueError(f"stage {self.name}: give its length in either epochs or iterations.")
        length = self.epochs if self.epochs is not None else self.iterations
        if length is None or length < 0:
            raise ValueError(f"stage {self.name}: its length must be at least 0, got {length}.")

    @property
    def batches_per_iteration(self) -> int:
        """How many real batches one iteration draws."""
        return sum(move.repeats for move in self.moves if move.fresh)


@dataclass(frozen=True, kw_only=True)
class Algorithm(ABC, Generic[M]):
    """A method from a paper: frozen hyper-parameters that describe how to train. Everything mutable is in `State`.

    Attributes:
        epochs: the length of the adversarial training in passes over the data, or None. No other stage is longer.
        iterations: the same, in iterations, or None. Exactly one of the two is given.
        tells_classes: whether the moves use the classes of the real batch, which `Draw.labels` holds where the latent
            vectors name classes.
    """

    epochs: int | None = None
    iterations: int | None = None
    tells_classes: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_fields(self)
        if (self.epochs is None) == (self.iterations is None):
            raise ValueError("give the algorithm's length in epochs or in iterations, and not in both.")
        length = self.iterations if self.epochs is None else self.epochs
        if length is None or length < 1:
            raise ValueError(f"the algorithm's epochs or iterations must be at least 1, got {length}.")

    @property
    @abstractmethod
    def players(self) -> tuple[str, ...]:
        """The names of the players that the moves expect."""

    @abstractmethod
    def stages(self) -> tuple[Stage[M], ...]:
        """The stages, in order."""

    def shared(self) -> "Algorithm":
        """What runs must have in common to be played together: this, but for numbers that their memories hold."""
        return self

    def generator_inputs(self, players: Players, draw: Draw) -> dict[str, Tensor]:
        """The generator's inputs in training, by the kind of batch: latents [batch, latent size] of the prior."""
        return {NOISE: draw.latent()}

    def create_memory(self) -> M:
        """A module of 0-dimensional buffers: what the algorithm must remember between moves. Empty by default."""
        return cast(M, nn.Module())
