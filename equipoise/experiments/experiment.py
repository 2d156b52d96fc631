"""Experiment: a complete, frozen description of a run. A recipe returns one; a variant edits a copy of its base."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

import torch
from torch import Tensor, nn

from equipoise.data.data_set import DataSet
from equipoise.networks.catalogue import NETWORKS
from equipoise.networks.network import Network
from equipoise.training.average import Average
from equipoise.training.draw import Latent
from equipoise.training.game import Algorithm
from equipoise.training.optimisers import Optimiser
from equipoise.training.schedules import Schedule, schedules


@dataclass(frozen=True)
class NetworkConfig:
    """A network by its kind in `equipoise.networks.catalogue`, and the constructor's options.

    Attributes:
        kind: as in "magan-mnist-generator".
        options: keyword arguments of the network's constructor; what is left out keeps its default.
    """

    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def cls(self) -> type[Network]:
        """The network's class."""
        found: type[Network] = NETWORKS.load(self.kind)
        return found

    def all_options(self) -> dict[str, Any]:
        """Every option of the constructor, those at their default included."""
        parameters = inspect.signature(self.cls).parameters
        defaults = {name: p.default for name, p in parameters.items() if p.default is not inspect.Parameter.empty}
        return defaults | dict(self.options)

    def narrowed(self, divisor: int, least: int, dense: bool = False) -> "NetworkConfig":
        """A copy with every width of its convolutions divided, those at their default included.

        Args:
            divisor: of the widths.
            least: where the division stops.
            dense: whether the widths of dense layers are divided too.
        """
        names = self.cls.convolution_widths + (self.cls.dense_widths if dense else ())

        def narrow(width: int) -> int:
            return max(min(width, least), width // divisor)

        widths = {
            name: narrow(value) if isinstance(value, int) else tuple(map(narrow, value))
            for name, given in self.all_options().items()
            if name in names
            for value in (self.cls.named_widths[given] if isinstance(given, str) else given,)
        }
        return NetworkConfig(self.kind, {**self.options, **widths})


def network(kind: str, **options: Any) -> NetworkConfig:
    """A network by kind, with options as keywords."""
    return NetworkConfig(kind, options)


class PlayerConstraint(Protocol):
    """What limits a player's weights, such as `SpectralNorm` and `WeightClip` of `equipoise.constraints`."""

    def attach(self, module: nn.Module, example: Tensor, generator: torch.Generator) -> None:
        """Called once, after the weights are initialised."""

    def after_step(self, module: nn.Module) -> None:
        """Called after each of the player's optimiser steps."""


@dataclass(frozen=True, kw_only=True)
class Player:
    """One player of the game.

    Attributes:
        network: what it is.
        optimiser: how it learns.
        constraint: what keeps it within bounds, or None.
    """

    network: NetworkConfig
    optimiser: Optimiser
    constraint: PlayerConstraint | None = None


def two_players(
    generator: NetworkConfig,
    discriminator: NetworkConfig,
    optimiser: Optimiser,
    second: Optimiser | None = None,
    **fields: Any,
) -> dict[str, Player]:
    """Generator and discriminator.

    Args:
        generator: its network.
        discriminator: its network.
        optimiser: of the generator, and of the discriminator unless it has one of its own.
        second: the discriminator's own.
        fields: further fields of the discriminator, as its constraint.
    """
    return {
        "generator": Player(network=generator, optimiser=optimiser),
        "discriminator": Player(network=discriminator, optimiser=second or optimiser, **fields),
    }


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What is measured during training. Nothing here changes what the run computes, but `patience` may end it.

    Attributes:
        sample_grids: how many sample grids are written, evenly over the run, besides the first and the last.
        checkpoints: how many checkpoints are written, evenly over the run; the last iteration always has one.
        keep: how many of the newest checkpoints stay.
        evaluations: how many times the metrics are taken, evenly over the run; 0 for never.
        metrics: which metrics are taken then, by name.
        samples: how many samples the metrics see.
        real: how many real items they are compared with, then and in `evaluate`; None for as many as samples.
        best: the metric by which the best checkpoint is kept, or None.
        patience: the run ends after so many evaluations in a row without a better value of `best`; None for never.
        tensorboard: whether TensorBoard events are written too (needs the extra).
    """

    sample_grids: int = 10
    checkpoints: int = 10
    keep: int = 2
    evaluations: int = 0
    metrics: tuple[str, ...] = ()
    samples: int = 10_000
    real: int | None = None
    best: str | None = None
    tensorboard: bool = False
    patience: int | None = None

    def __post_init__(self) -> None:
        for name in ("sample_grids", "checkpoints", "evaluations"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be at least 0, got {getattr(self, name)}.")
        for name in ("keep", "samples", "real", "patience"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}.")
        if self.best is not None and (self.best not in self.metrics or not self.evaluations):
            raise ValueError(f"best '{self.best}' must be one of the metrics that are evaluated during training.")
        if self.patience is not None and self.best is None:
            raise ValueError("patience waits for a better value of best; set best, metrics and evaluations too.")


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A complete run, as data.

    Attributes:
        name: the recipe's name, or the user's own.
        data: the real data.
        value_range: "unit" for images in [0, 1] (sigmoid outputs), "symmetric" for [-1, 1] (tanh outputs).
        batch_size: of the whole batch, over all processes.
        latent: the generator's prior.
        players: by the names that the algorithm expects.
        algorithm: the method.
        average: a moving average of the generator, sampled instead of it, or None.
        watch: what is looked at during training.
        seed: the seed of all random numbers.
    """

    name: str
    data: DataSet
    value_range: Literal["unit", "symmetric"]
    batch_size: int
    latent: Latent
    players: Mapping[str, Player]
    algorithm: Algorithm
    average: Average | None = None
    watch: Watch = field(default_factory=Watch)
    seed: int = 0

    def __post_init__(self) -> None:
        expected, found = sorted(self.algorithm.players), sorted(self.players)
        if expected != found:
            raise ValueError(f"the algorithm needs the players {expected}, got {found}.")
        if self.batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {self.batch_size}.")
        if self.average is not None and self.average.player not in self.players:
            raise ValueError(f"the average's player '{self.average.player}' is none of {found}.")


def with_courses(experiment: Experiment, change: Callable[[Schedule], Schedule]) -> Experiment:
    """A copy with other schedules: of the optimisers, the algorithm and the average."""

    def changed(settings: Any) -> Any:
        return replace(settings, **{name: change(each) for name, each in schedules(settings).items()})

    players = {name: replace(each, optimiser=changed(each.optimiser)) for name, each in experiment.players.items()}
    average = experiment.average and changed(experiment.average)
    return replace(experiment, players=players, algorithm=changed(experiment.algorithm), average=average)


def with_length(experiment: Experiment, *, epochs: int | None = None, iterations: int | None = None) -> Experiment:
    """A copy with another length of the adversarial training; no other stage is longer. Give one of the two."""
    algorithm = replace(experiment.algorithm, epochs=epochs, iterations=iterations)
    return replace(experiment, algorithm=algorithm)
