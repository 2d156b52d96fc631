"""The same experiment at three sizes: one rule for all recipes."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from equipoise.data.catalogue import DataSet
from equipoise.data.celeba import CelebA
from equipoise.data.cifar10 import Cifar10
from equipoise.data.compositional_mnist import SIDE, CompositionalMnist
from equipoise.data.digits import Digits
from equipoise.data.folder import Folder
from equipoise.data.grid import Grid
from equipoise.data.lsun import LsunBedroom
from equipoise.data.mnist import Mnist
from equipoise.data.noise import Noise
from equipoise.data.ring import Ring
from equipoise.data.stacked_mnist import StackedMnist
from equipoise.data.stl10 import Stl10
from equipoise.experiments.catalogue import resolve
from equipoise.experiments.experiment import Experiment, Network, Player, Watch, with_length
from equipoise.training.optimisers import Constant, Halving, LinearDecay, Schedule


@dataclass(frozen=True)
class Shrinkage:
    """How much narrower networks become.

    Attributes:
        options: the constructors' options that are widths, alone or in a tuple.
        divisor: of the widths.
        least: where the division stops.
    """

    options: frozenset[str]
    divisor: int
    least: int

    def of(self, width: int) -> int:
        """The narrower width."""
        return max(min(width, self.least), width // self.divisor)


_CONVOLUTIONS = frozenset({"width", "widths", "largest_width"})
_DENSE = frozenset({"hidden", "encoder_sizes", "decoder_sizes", "dense_size", "joint_width", "code_size"})
SMOKE_WIDTHS = Shrinkage(_CONVOLUTIONS | _DENSE, divisor=16, least=2)
CPU_WIDTHS = Shrinkage(_CONVOLUTIONS, divisor=4, least=16)

SMOKE_ITERATIONS, SMOKE_BATCH, SMOKE_IMAGES = 3, 8, 16
CPU_DISCRIMINATOR_STEPS = 2000

_SHAPES: Mapping[type, Callable[[Any], tuple[int, int, int]]] = {
    Digits: lambda data: (1, 8, 8),
    Mnist: lambda data: (1, data.resolution, data.resolution),
    StackedMnist: lambda data: (3, data.resolution, data.resolution),
    CompositionalMnist: lambda data: (1, SIDE, SIDE),
    Cifar10: lambda data: (3, data.resolution, data.resolution),
    Stl10: lambda data: (3, data.resolution, data.resolution),
    CelebA: lambda data: (3, data.resolution, data.resolution),
    LsunBedroom: lambda data: (3, data.resolution, data.resolution),
    Folder: lambda data: (data.channels, data.resolution, data.resolution),
}
_SMALL_DATA = (Digits, Ring, Grid)


def at_budget(experiment: Experiment, budget: str) -> Experiment:
    """The experiment at one of the budgets of `equipoise.recipes.catalogue.BUDGETS`."""
    return _SIZES[budget](experiment)


def smoke(experiment: Experiment) -> Experiment:
    """Seconds: a few random images in place of the data, networks that keep only their shape, a few iterations."""
    tiny = replace(
        _with_widths(experiment, SMOKE_WIDTHS),
        name=f"{experiment.name}-smoke",
        data=_stand_in(experiment.data),
        batch_size=SMOKE_BATCH,
        watch=Watch(sample_grids=1, checkpoints=1),
    )
    return _with_iterations(tiny, SMOKE_ITERATIONS)


def cpu(experiment: Experiment) -> Experiment:
    """Minutes on a CPU: the real data, convolutions with a quarter of the channels, 2,000 discriminator steps.

    What is small already (digits, points in the plane) stays as it is, but for the name. Of CelebA the validation
    images are taken, so that MAGAN's passes over the data stay short.
    """
    named = replace(experiment, name=f"{experiment.name}-cpu")
    if isinstance(experiment.data, _SMALL_DATA):
        return named
    narrow = _with_widths(replace(named, data=_fewer(experiment.data)), CPU_WIDTHS)
    steps = getattr(experiment.algorithm, "discriminator_steps", 1)
    planned = experiment.algorithm.iterations
    iterations = CPU_DISCRIMINATOR_STEPS // steps
    return _with_iterations(narrow, iterations if planned is None else min(planned, iterations))


def _stand_in(data: DataSet) -> DataSet:
    """Data of the same shape that need no files."""
    if isinstance(data, Ring | Grid):
        return replace(data, count=SMOKE_IMAGES)
    return Noise(_SHAPES[type(data)](data), SMOKE_IMAGES)


def _fewer(data: DataSet) -> DataSet:
    return replace(data, split="valid") if isinstance(data, CelebA) else data


def _with_iterations(experiment: Experiment, iterations: int) -> Experiment:
    """Another length; the learning rates' courses are drawn out or in by the same factor."""
    before = experiment.algorithm.iterations
    shorter = with_length(experiment, iterations=iterations)
    if before is None:
        return shorter
    players = {name: _with_pace(player, iterations / before) for name, player in experiment.players.items()}
    return replace(shorter, players=players)


def _with_pace(player: Player, factor: float) -> Player:
    schedule = _PACES[type(player.optimiser.schedule)](player.optimiser.schedule, factor)
    return replace(player, optimiser=replace(player.optimiser, schedule=schedule))


def _paced(iterations: int, factor: float) -> int:
    return max(1, round(iterations * factor))


_PACES: Mapping[type[Schedule], Callable[[Any, float], Schedule]] = {
    Constant: lambda schedule, factor: schedule,
    Halving: lambda schedule, factor: Halving(_paced(schedule.every, factor)),
    LinearDecay: lambda schedule, factor: LinearDecay(
        end=_paced(schedule.end, factor), start=min(round(schedule.start * factor), _paced(schedule.end, factor) - 1)
    ),
}


def _with_widths(experiment: Experiment, shrinkage: Shrinkage) -> Experiment:
    players = {
        name: replace(player, network=narrower(player.network, shrinkage))
        for name, player in experiment.players.items()
    }
    return replace(experiment, players=players)


def narrower(network: Network, shrinkage: Shrinkage) -> Network:
    """The same network with every width in `shrinkage.options` reduced, those at their default included."""
    parameters = inspect.signature(resolve("network", network.kind)).parameters
    whole = {name: parameter.default for name, parameter in parameters.items()} | dict(network.options)
    widths = {name: _reduced(whole[name], shrinkage) for name in parameters if name in shrinkage.options}
    return Network(network.kind, dict(network.options) | widths)


def _reduced(value: int | tuple[int, ...], shrinkage: Shrinkage) -> int | tuple[int, ...]:
    return shrinkage.of(value) if isinstance(value, int) else tuple(shrinkage.of(width) for width in value)


_SIZES: Mapping[str, Callable[[Experiment], Experiment]] = {
    "smoke": smoke,
    "cpu": cpu,
    "paper": lambda whole: whole,
}
