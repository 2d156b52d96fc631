"""Peak memory of the recipes, and how time and memory grow: each point in a process of its own.

    python -m measurements.benchmarks.growth memory     writes results/benchmarks/memory.json: a quarter of an hour
    python -m measurements.benchmarks.growth POINT      measures one point, given as JSON, and prints JSON

CPU time and the process's largest resident size, on random images; the size before the game was built is subtracted
where growth is meant, as torch alone takes some hundred megabytes.
"""

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from equipoise.algorithms.gan import GAN
from equipoise.common.files import write_text_atomically
from equipoise.data.items import Mapped
from equipoise.data.noise import Noise
from equipoise.data.store import Store
from equipoise.experiments.build import build_game, build_state
from equipoise.experiments.experiment import Experiment, network, two_players
from equipoise.recipes.catalogue import RECIPES, recipe
from equipoise.runs.allocator import keep_freed_memory
from equipoise.training.draw import Latent
from equipoise.training.loop import Loop
from equipoise.training.optimisers import Adam
from measurements import RESULTS_FOLDER
from measurements.benchmarks import processes
from measurements.benchmarks.measure import machine
from measurements.benchmarks.memory_estimate import estimated_bytes
from measurements.benchmarks.timers import process_seconds
from measurements.figures.recipe_costs import fingerprint

_MIB = 1 << 20


@dataclass(frozen=True)
class Point:
    """One measurement.

    Attributes:
        recipe: by name; or "dcgan", a narrow DCGAN of any size.
        batch: 0 for the paper's.
        image_size: of the narrow DCGAN.
        images: how many images the data set has; 0 for one batch.
        iterations: how many are timed, after a first one.
        mapped: whether the images are in a mapped file; it has no content and takes no room on the disk.
    """

    recipe: str
    batch: int = 0
    image_size: int = 32
    images: int = 0
    iterations: int = 1
    mapped: bool = False


LARGER = (
    Point("dcgan", batch=16, image_size=128, iterations=3),
    Point("dcgan", batch=16, image_size=256, iterations=3),
    Point("dcgan", batch=16, images=100_000, iterations=41),
    Point("dcgan", batch=16, images=1_000_000, iterations=41, mapped=True),
)
"""Further points of the last two axes, each axis with one that it had before."""


def computations() -> list[list[str]]:
    """All recipes, those together that are one computation at the paper's batch."""
    found: dict[str, list[str]] = {}
    for name in RECIPES:
        found.setdefault(fingerprint(recipe(name)), []).append(name)
    return list(found.values())


def growth_points() -> dict[str, list[Point]]:
    """What grows: the points along each axis."""
    return {
        "batch": [Point("mmd-rep-b-cifar10", batch=size, iterations=3) for size in (4, 8, 16, 32)],
        "resolution": [Point("dcgan", batch=16, image_size=side, iterations=9) for side in (32, 64, 128)],
        "images": [Point("dcgan", batch=16, images=count, iterations=41) for count in (2_000, 20_000, 100_000)],
    }


def grown() -> dict[str, Any]:
    """All points, for the results file."""
    found: dict[str, Any] = {
        axis: [in_own_process(point) for point in points] for axis, points in growth_points().items()
    }
    found["ranks"] = ranks()
    return found


def memory() -> dict[str, Any]:
    """The memory of each recipe, estimated from shapes alone and measured, and the larger points."""
    found = [memory_of(names) for names in computations()]
    return {"machine": machine(), "recipes": found, "larger": [in_own_process(point) for point in LARGER]}


def memory_of(names: list[str]) -> dict[str, Any]:
    """Of recipes that are one computation: the estimate, and the measurement if half of the machine holds it."""
    point = Point(names[0])
    experiment = _experiment(point)
    estimate = estimated_bytes(experiment)
    found = {"recipes": names, "batch": experiment.batch_size, "estimated_mib": estimate / _MIB}
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return found | (in_own_process(point) if estimate < whole / 2 else {})


def in_own_process(point: Point) -> dict[str, Any]:
    """The point and what a fresh process found."""
    command = [sys.executable, "-m", "measurements.benchmarks.growth", json.dumps(asdict(point))]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    return cast(dict[str, Any], asdict(point) | json.loads(done.stdout))


def measure(point: Point) -> dict[str, Any]:
    """In this process: the median of CPU seconds of the last stage's iterations, and the largest resident size."""
    torch.set_num_threads(1)
    keep_freed_memory()
    before = _largest_bytes()
    experiment = _experiment(point)
    game = build_game(experiment, _mapped(point) if point.mapped else experiment.data.load())
    state = build_state(experiment, game, torch.device("cpu"))
    for optimiser in state.optimisers.values():
        optimiser.step()  # gradients of zero: the moments are there before the first iteration, as in any later one
    loop, last = Loop(game, state), len(game.algorithm.stages()) - 1
    while state.clock.stage < last or (point.iterations > 1 and state.clock.stage_iteration == 0):
        loop.iterate()
    seconds = statistics.median(process_seconds(loop.iterate, 1) for _ in range(point.iterations))
    return {
        "batch": experiment.batch_size,
        "seconds": seconds,
        "seconds_per_image": seconds / experiment.batch_size,
        "peak_mib": _largest_bytes() / _MIB,
        "peak_above_start_mib": (_largest_bytes() - before) / _MIB,
        "parameters": sum(p.numel() for player in state.players.values() for p in player.parameters()),
    }


def ranks() -> list[dict[str, Any]]:
    """Bytes that one process sends in a step, with 1, 2 and 4 of them; seconds on shared cores would mislead."""
    found = []
    for size in (1, 2, 4):
        with tempfile.TemporaryDirectory() as folder:
            sent = processes.together(size, partial(_sent, "gan-digits"), Path(folder))
        found.append({"processes": size, "batch": processes.BATCH} | sent)
    return found


def _sent(name: str) -> dict[str, Any]:
    loop = processes.loop_of(name)
    sent = processes.collectives_of(loop)
    return {
        "recipe": name,
        "parameters": sum(vector.values.numel() for vector in loop.state.parameters.values()),
        "bytes_reduced_per_step": sent["all_reduce"]["bytes"],
        "bytes_gathered_per_step": sent["all_gather"]["bytes"],
    }


def _experiment(point: Point) -> Experiment:
    """The recipe on random images, without pre-training and with one discriminator step: neither changes its peak."""
    chosen = _narrow_dcgan(point.image_size) if point.recipe == "dcgan" else recipe(point.recipe)
    batch = point.batch or chosen.batch_size
    count = batch if point.mapped else point.images or batch
    names = {field.name for field in fields(chosen.algorithm)}
    shorter = {"pretrain_epochs": 0, "discriminator_steps": 1}
    algorithm = replace(chosen.algorithm, **{name: value for name, value in shorter.items() if name in names})
    data = chosen.data.stand_in(count) or Noise(chosen.data.item_shape, count)
    return replace(chosen, algorithm=algorithm, batch_size=batch, data=data)


def _mapped(point: Point) -> Store:
    """Black images in a file that is gone from the disk as soon as it is mapped."""
    with tempfile.TemporaryFile() as file:
        shape = (point.images, 3, point.image_size, point.image_size)
        file.truncate(math.prod(shape))
        array = np.memmap(file, dtype=np.uint8, mode="r", shape=shape)
    return Store(Mapped(array, torch.device("cpu")), known_hash="black")


def _narrow_dcgan(image_size: int) -> Experiment:
    generator = network("dcgan-generator", image_size=image_size, width=16)
    discriminator = network("dcgan-discriminator", image_size=image_size, width=16)
    players = two_players(generator, discriminator, Adam(lr=2e-4))
    return Experiment(
        name="dcgan",
        data=Noise((3, image_size, image_size)),
        players=players,
        algorithm=GAN(iterations=100),
        batch_size=16,
        latent=Latent(100),
        value_range="symmetric",
    )


def _largest_bytes() -> int:
    """Of this process alone: `ru_maxrss` would begin with what the process that started it had."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (kilobytes,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kilobytes) * 1024


if __name__ == "__main__":
    if sys.argv[1] == "memory":
        torch.set_num_threads(1)
        write_text_atomically(RESULTS_FOLDER / "benchmarks" / "memory.json", json.dumps(memory(), indent=1) + "\n")
    else:
        print(json.dumps(measure(Point(**json.loads(sys.argv[1])))))
