"""The same experiment at three sizes: one rule for all recipes."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from equipoise.data.data_set import DataSet
from equipoise.data.noise import Noise
from equipoise.experiments.experiment import Experiment, NetworkConfig, Watch, with_courses, with_length
from equipoise.training.schedules import courses

SMOKE_WIDTHS: Mapping[str, Any] = {"divisor": 32, "least": 2, "dense": True}
"""How the budget `smoke` narrows networks."""
CPU_WIDTHS: Mapping[str, Any] = {"divisor": 4, "least": 16}
"""How the budget `cpu` narrows networks; a heavy one more than that."""
_CPU_WIDTHS_OF_HEAVY: Mapping[str, Any] = {"divisor": 16, "least": 4}

_SMOKE_ITERATIONS, _SMOKE_BATCH, _SMOKE_IMAGES = 2, 4, 8
_CPU_DISCRIMINATOR_STEPS = 2000


def smoke(experiment: Experiment) -> Experiment:
    """Seconds: a few small random images instead of the data, the narrowest networks, two iterations."""
    tiny = replace(
        _with_networks(experiment, lambda network: smaller(network.narrowed(**SMOKE_WIDTHS))),
        name=f"{experiment.name}-smoke",
        data=_stand_in(experiment.data),
        watch=Watch(sample_grids=1, checkpoints=1),
    )
    return _with_iterations(tiny, _SMOKE_ITERATIONS, _SMOKE_BATCH)


def cpu(experiment: Experiment) -> Experiment:
    """Ten minutes of one core at most: the real data, narrow convolutions, 2,000 discriminator steps, or fewer.

    Convolutions have a quarter of their channels, those of the heaviest networks a sixteenth. What each recipe then
    takes is measured: see docs/recipes.md.
    What is small already (digits, points in the plane) stays as it is, but for the name. Of CelebA the validation
    images are taken, so that MAGAN's passes over the data stay short, and of LSUN the first 20,000.
    """
    named = replace(experiment, name=f"{experiment.name}-cpu")
    if experiment.data.is_small:
        return named
    narrow = _with_networks(replace(named, data=experiment.data.reduced()), _narrow_for_a_cpu)
    steps = getattr(experiment.algorithm, "discriminator_steps", 1)
    planned = experiment.algorithm.iterations
    generator = experiment.players["generator"].network
    iterations, batch = _cpu_steps(generator) // steps, generator.cls.cpu_batch or experiment.batch_size
    return _with_iterations(narrow, min(planned or iterations, iterations), min(batch, experiment.batch_size))


def _stand_in(data: DataSet) -> DataSet:
    """Data of the same shape that need no files, images of less than 32 pixels a side."""
    first, *sides = data.item_shape
    return data.stand_in(_SMOKE_IMAGES) or Noise((first, *map(small_side, sides)), _SMOKE_IMAGES)


def _with_iterations(experiment: Experiment, iterations: int, batch_size: int) -> Experiment:
    """Another length; all schedules, and a half-life that follows one, are drawn out or in by the same factor."""
    before, average = experiment.algorithm.iterations, experiment.average
    shorter = replace(with_length(experiment, iterations=iterations), batch_size=batch_size)
    if before is None:
        return shorter
    if average is not None and courses(average):
        share = iterations * batch_size / (before * experiment.batch_size)
        shorter = replace(shorter, average=replace(average, half_life_images=average.half_life_images * share))
    return with_courses(shorter, lambda each: each.stretched(iterations / before))


def _with_networks(experiment: Experiment, change: Callable[[NetworkConfig], NetworkConfig]) -> Experiment:
    players = {name: replace(player, network=change(player.network)) for name, player in experiment.players.items()}
    return replace(experiment, players=players)


def _cpu_steps(generator: NetworkConfig) -> int:
    side = generator.all_options().get("image_size", 28)  # all others make points or MNIST
    return generator.cls.cpu_steps.get(side, _CPU_DISCRIMINATOR_STEPS)


def _narrow_for_a_cpu(network: NetworkConfig) -> NetworkConfig:
    return network.narrowed(**_CPU_WIDTHS_OF_HEAVY if network.cls.is_heavy else CPU_WIDTHS)


def smaller(network: NetworkConfig) -> NetworkConfig:
    """The same network for images of less than 32 pixels a side."""
    options = network.all_options()
    size = {"image_size": small_side(options["image_size"])} if "image_size" in options else {}
    return NetworkConfig(network.kind, {**network.options, **size})


def small_side(side: int) -> int:
    """The side, halved until it is below 32.

    Examples:
        >>> [small_side(side) for side in (8, 28, 32, 48, 64)]
        [8, 28, 16, 24, 16]
    """
    return side if side < 32 else small_side(side // 2)
