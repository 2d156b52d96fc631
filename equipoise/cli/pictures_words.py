"""What was found of pictures, what was chosen for them and how long it takes, in words."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from equipoise.common.counted import counted
from equipoise.common.durations import duration
from equipoise.common.errors import printable

if TYPE_CHECKING:
    import torch

    from equipoise.data.data_set import DataSet
    from equipoise.data.inspection import Look
    from equipoise.data.store import Store
    from equipoise.experiments.experiment import Experiment
    from equipoise.runs.cost import Cost

QUALITIES = {"draft": (600.0, 300.0), "good": (3600.0, 1800.0), "best": (28_800.0, 10_800.0)}
"""Quality -> seconds on a CPU, and on a GPU."""
SIZES = (32, 64, 128, 256)
"""Sides of the pictures in pixels."""


def found(data: "DataSet", store: "Store", seen: "Look") -> Iterator[str]:
    """What the data are; what is not among them was said when they were read."""
    if store.account is not None:
        yield store.account.sentence(data.name, store.shape)
        if 0 < store.account.grey < store.account.images:
            yield f"  {counted(store.account.grey, 'picture')} without colours."
    else:
        size = f"{store.shape[2]}x{store.shape[1]} in {'grey' if store.shape[0] == 1 else 'colour'}"
        yield f"{printable(data.name)}: {counted(len(store), 'picture')} of {size}."
    if seen.twins:
        of = "" if seen.compared == len(store) else f" of {seen.compared:,} compared"
        yield f"  {seen.twins:,}{of} look almost the same as another one."
    if seen.labels:
        fewest, most = min(seen.labels), max(seen.labels)
        range_ = counted(most, "picture") if most == fewest else f"{fewest:,} to {counted(most, 'picture')}"
        yield f"  {counted(len(seen.labels), 'class')} of {range_}."
    if len(store) < _ADVISED:
        yield (
            f"  {len(store):,} pictures are few: expect samples that look like these very pictures. Some hundreds give "
            "something new, some thousands are good."
        )


_ADVISED = 100


def what_is_trained(experiment: "Experiment", why: str, augmentation: str) -> Iterator[str]:
    """What is trained, and why."""
    from equipoise.experiments.build import parameter_count
    from equipoise.experiments.config import to_plain

    size = experiment.data.item_shape[1]
    sizes = " and ".join(f"{parameter_count(each.network) / 1e6:.2f}" for each in experiment.players.values())
    yield f"Chosen: {size}x{size} pixels{why and f' ({why})'}; networks of {sizes} million parameters;"
    algorithm: Any = experiment.algorithm
    if to_plain(experiment)["algorithm"]["kind"] != "relativistic-gan":
        yield f"  another algorithm, as set; steps of {experiment.batch_size} pictures{_told(experiment)}."
        return
    steps = f"steps of {experiment.batch_size} pictures, the penalties in one of {algorithm.penalty_every}"
    yield f"  relativistic loss with R1 and R2; {steps};"
    augment = algorithm.augment
    names = "none" if augment is None else f"{', '.join((*augment.always, *augment.operations))} ({augmentation})"
    yield f"  augmentation: {names}{_told(experiment)}."


def _told(experiment: "Experiment") -> str:
    return f"; the networks are told {experiment.latent.classes} classes" if experiment.latent.classes else ""


def takes(experiment: "Experiment", cost: "Cost", device: "torch.device", threads: int) -> Iterator[str]:
    """Time and memory, and what else could be asked for."""
    iterations = experiment.algorithm.iterations or 0
    pictures = iterations * experiment.batch_size
    rate = experiment.batch_size / cost.seconds
    place = "this GPU" if device.type == "cuda" else f"{counted(threads, 'thread')} of this CPU"
    time, memory = duration(cost.total(experiment, iterations)), cost.memory_bytes / 2**30
    yield f"On {place}: about {time} and {memory:.1f} GiB of memory;"
    yield f"  {counted(iterations, 'iteration')}, {counted(pictures, 'picture')}, {rate:,.0f} a second."
    qualities = ", ".join(f"{name} {duration(times[device.type == 'cuda'])}" for name, times in QUALITIES.items())
    sizes = "|".join(map(str, SIZES))
    yield f"Others: --quality ({qualities}), --time 30m, --size {sizes} (twice the side, a quarter of the rate)."


def too_short(time: float | None, experiment: "Experiment", cost: "Cost") -> Iterator[str]:
    """What to do where the time is over before anything can be learnt."""
    iterations = experiment.algorithm.iterations or 0
    if time is None or iterations >= _FEWEST_ITERATIONS:
        return
    beside = cost.total(experiment, iterations) - iterations * cost.seconds
    enough = math.ceil(cost.total(experiment, _FEWEST_ITERATIONS) / 60)
    yield (
        f"{duration(time)} is too short to learn anything: start, samples, checkpoints and the page take about "
        f"{duration(beside)}, and {counted(iterations, 'iteration')} about {duration(iterations * cost.seconds)}; "
        f"give more, as in --time {enough}m for {_FEWEST_ITERATIONS} iterations."
    )


_FEWEST_ITERATIONS = 500
