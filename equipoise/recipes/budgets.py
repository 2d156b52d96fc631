"""The same experiment at three sizes: one rule for all recipes."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
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
SMOKE_WIDTHS = Shrinkage(_CONVOLUTIONS | _DENSE, divisor=32, least=2)
"""How the budget `smoke` narrows networks."""
CPU_WIDTHS = Shrinkage(_CONVOLUTIONS, divisor=4, least=16)
"""How the budget `cpu` narrows networks."""
_CPU_WIDTHS_OF_HEAVY = Shrinkage(_CONVOLUTIONS, divisor=16, least=4)
_HEAVY = ("wgan-gp-resnet", "sngan", "began", "magan-autoencoder", "magan-cifar")
"""How the kinds of those networks begin that take seconds for an iteration at a quarter of their width."""

_SMOKE_ITERATIONS, _SMOKE_BATCH, _SMOKE_IMAGES = 2, 4, 8
_CPU_DISCRIMINATOR_STEPS, _CPU_IMAGES = 2000, 20_000
_CPU_STEPS_OF_SLOW: Mapping[tuple[str, int], int] = {
    ("began-generator", 64): 1400,
    ("dcgan-generator", 64): 280,
    ("magan-generator", 64): 1000,
    ("mmd-generator", 32): 900,
    ("mmd-generator", 48): 500,
    ("mmd-generator", 64): 200,
    ("stacked-mnist-generator", 28): 1700,
    ("wgan-gp-resnet64-generator", 64): 500,
}
"""(the generator's kind, the side of its images) -> discriminator steps in ten minutes of one core, as measured."""

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
    """Seconds: a few small random images in place of the data, networks as narrow as they can be, two iterations."""
    tiny = replace(
        _with_networks(_with_networks(experiment, partial(narrower, shrinkage=SMOKE_WIDTHS)), smaller),
        name=f"{experiment.name}-smoke",
        data=_stand_in(experiment.data),
        batch_size=_SMOKE_BATCH,
        watch=Watch(sample_grids=1, checkpoints=1),
    )
    return _with_iterations(tiny, _SMOKE_ITERATIONS)


def cpu(experiment: Experiment) -> Experiment:
    """Ten minutes of one core at most: the real data, narrow convolutions, 2,000 discriminator steps, or fewer.

    Convolutions have a quarter of their channels, those of the heaviest networks a sixteenth. What each recipe then
    takes is measured: see docs/recipes.md.
    What is small already (digits, points in the plane) stays as it is, but for the name. Of CelebA the validation
    images are taken, so that MAGAN's passes over the data stay short, and of LSUN the first 20,000.
    """
    named = replace(experiment, name=f"{experiment.name}-cpu")
    if isinstance(experiment.data, _SMALL_DATA):
        return named
    narrow = _with_networks(replace(named, data=_fewer(experiment.data)), _narrow_for_a_cpu)
    steps = getattr(experiment.algorithm, "discriminator_steps", 1)
    planned = experiment.algorithm.iterations
    iterations = _cpu_steps(experiment.players["generator"].network) // steps
    return _with_iterations(narrow, iterations if planned is None else min(planned, iterations))


def _stand_in(data: DataSet) -> DataSet:
    """Data of the same shape that need no files."""
    if isinstance(data, Ring | Grid):
        return replace(data, count=_SMOKE_IMAGES)
    channels, height, width = image_shape(data)
    return Noise((channels, small_side(height), small_side(width)), _SMOKE_IMAGES)


def image_shape(data: DataSet) -> tuple[int, int, int]:
    """(channels, height, width) of a set of images."""
    return _SHAPES[type(data)](data)


def _fewer(data: DataSet) -> DataSet:
    """What a CPU can read and pass over in minutes."""
    few = _FEWER.get(type(data))
    return few(data) if few else data


_FEWER: Mapping[type, Callable[[Any], DataSet]] = {
    CelebA: lambda data: replace(data, split="valid"),
    LsunBedroom: lambda data: replace(data, count=_CPU_IMAGES),
}


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
    Halving: lambda schedule, factor: replace(schedule, every=_paced(schedule.every, factor)),
    LinearDecay: lambda schedule, factor: LinearDecay(
        end=_paced(schedule.end, factor), start=min(round(schedule.start * factor), _paced(schedule.end, factor) - 1)
    ),
}


def _with_networks(experiment: Experiment, change: Callable[[Network], Network]) -> Experiment:
    players = {name: replace(player, network=change(player.network)) for name, player in experiment.players.items()}
    return replace(experiment, players=players)


def narrower(network: Network, shrinkage: Shrinkage) -> Network:
    """The same network with every width in `shrinkage.options` reduced, those at their default included."""
    widths = {
        name: _reduced(value, shrinkage) for name, value in _all_options(network).items() if name in shrinkage.options
    }
    return Network(network.kind, {**network.options, **widths})


def _cpu_steps(generator: Network) -> int:
    side = _all_options(generator).get("image_size", 28)  # all others make points or MNIST
    return _CPU_STEPS_OF_SLOW.get((generator.kind, side), _CPU_DISCRIMINATOR_STEPS)


def _narrow_for_a_cpu(network: Network) -> Network:
    return narrower(network, _CPU_WIDTHS_OF_HEAVY if network.kind.startswith(_HEAVY) else CPU_WIDTHS)


def smaller(network: Network) -> Network:
    """The same network for images of less than 32 pixels a side."""
    options = _all_options(network)
    size = {"image_size": small_side(options["image_size"])} if "image_size" in options else {}
    return Network(network.kind, {**network.options, **size})


def small_side(side: int) -> int:
    """The side, halved until it is below 32.

    Examples:
        >>> [small_side(side) for side in (8, 28, 32, 48, 64)]
        [8, 28, 16, 24, 16]
    """
    return side if side < 32 else small_side(side // 2)


def _all_options(network: Network) -> dict[str, Any]:
    """Every option of the network's constructor, those at their default included."""
    parameters = inspect.signature(resolve("network", network.kind)).parameters
    return {name: parameter.default for name, parameter in parameters.items()} | dict(network.options)


def _reduced(value: int | tuple[int, ...], shrinkage: Shrinkage) -> int | tuple[int, ...]:
    return shrinkage.of(value) if isinstance(value, int) else tuple(shrinkage.of(width) for width in value)


_SIZES: Mapping[str, Callable[[Experiment], Experiment]] = {
    "smoke": smoke,
    "cpu": cpu,
    "paper": lambda whole: whole,
}
