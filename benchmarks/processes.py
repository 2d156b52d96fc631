"""What several processes cost, a model of it, and how far the model is from what was measured.

    taskset -c 2,3 python benchmarks/processes.py --out results/trust/processes.json

Over gloo on this machine, one process for each core that it may use: the time of an all-reduce by its size, from which
latency and bandwidth follow; and, for some recipes, the time of a step at one process with the whole batch, at one
process with a part of it, and at all processes, with the messages and bytes counted. The model's step is the part's
time plus the messages' time. Ends with what the model says of ImageNet at 64x64 on 64 GPUs, under assumptions.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from equipoise.common.files import write_text_atomically
from equipoise.data.noise import Noise
from equipoise.experiments.build import build_game, build_state
from equipoise.experiments.experiment import Experiment, with_length
from equipoise.recipes.catalogue import recipe
from equipoise.runs.environment import git_commit
from equipoise.training.loop import Loop

RECIPES: dict[str, dict[str, Any]] = {
    "gan-digits": {},
    "magan-digits": {},
    "dcgan-stacked-mnist": {"budget": "cpu", "shape": (3, 28, 28)},
    "sngan-cifar10": {"budget": "cpu", "shape": (3, 32, 32)},
}
BATCH = 64
SIZES_BYTES = (4, 1 << 12, 1 << 16, 1 << 20, 1 << 22, 1 << 24)
GPUS: dict[str, float] = {
    "gpus": 64,
    "batch": 4096,
    "parameters_stepped": 30e6,
    "bandwidth_bytes_per_second": 25e9,
    "latency_seconds": 50e-6,
    "batch_normalisations": 20,
    "messages_of_one_batch_normalisation_and_pass": 4,
    "passes": 3,
    "compute_seconds_of_64_images": 0.1,
}
"""Assumed, not measured."""


def count(totals: dict[str, int]) -> None:
    """From now on every collective adds one message and the bytes that this process puts in."""
    for name in ("all_reduce", "all_gather"):
        original = getattr(dist, name)

        def counted(*words: Any, name: str = name, original: Any = original, **names: Any) -> Any:
            value = words[1] if name == "all_gather" else words[0]
            totals[f"{name} bytes"] += value.numel() * value.element_size()
            totals["messages"] += 1
            return original(*words, **names)

        setattr(dist, name, counted)


def experiment_of(name: str, batch: int) -> Experiment:
    experiment = recipe(name, RECIPES[name].get("budget", "paper"))
    if "shape" in RECIPES[name]:
        experiment = replace(experiment, data=Noise(RECIPES[name]["shape"], count=4 * BATCH))
    return replace(with_length(experiment, iterations=10**6), batch_size=batch)


def steps(name: str, batch: int, rounds: int) -> dict[str, Any]:
    """Play the recipe on this process and count."""
    experiment = experiment_of(name, batch)
    game = build_game(experiment, experiment.data.load())
    loop = Loop(game, build_state(experiment, game, torch.device("cpu")))
    loop.iterate()
    totals = {"all_reduce bytes": 0, "all_gather bytes": 0, "messages": 0}
    if dist.is_initialized():
        count(totals)
    seconds = [timed(loop.iterate) for _ in range(rounds)]
    stepped = sum(vector.values.numel() for vector in loop.state.parameters.values())
    return {
        "recipe": name,
        "batch_of_a_process": game.batch_size // game.shard.size,
        "parameters": stepped,
        "seconds_per_step_fastest": min(seconds),
        "seconds_per_step_median": sorted(seconds)[rounds // 2],
        "messages_per_step": totals["messages"] // rounds,
        "bytes_reduced_per_step": totals["all_reduce bytes"] // rounds,
        "bytes_gathered_per_step": totals["all_gather bytes"] // rounds,
    }


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def messages(rounds: int = 60) -> list[dict[str, float]]:
    """The fastest and the median time of an all-reduce, by its bytes."""
    found = []
    for size in SIZES_BYTES:
        value = torch.ones(size // 4)
        dist.all_reduce(value)
        seconds = sorted(timed(partial(dist.all_reduce, value)) for _ in range(rounds))
        found.append({"bytes": size, "seconds_fastest": seconds[0], "seconds_median": seconds[rounds // 2]})
    return found


def together(size: int, work: Callable[[], Any], folder: Path) -> Any:
    """Fork so many ranks, each on a core of its own; what the first one finds."""
    cores, children = sorted(os.sched_getaffinity(0)), []
    result, meeting = folder / "found.json", tempfile.mktemp(dir=folder)
    for rank in range(size):
        child = os.fork()
        if child == 0:
            try:
                _be_rank(rank, size, cores[rank % len(cores)], meeting, work, result)
                os._exit(0)
            finally:
                os._exit(1)  # a child that failed must not go on as its parent
        children.append(child)
    assert all(os.waitpid(child, 0)[1] == 0 for child in children)
    return json.loads(result.read_text())


def _be_rank(rank: int, size: int, core: int, meeting: str, work: Callable[[], Any], result: Path) -> None:
    os.sched_setaffinity(0, {core})
    torch.set_num_threads(1)
    if size > 1:
        dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=size)
    found = work()
    if rank == 0:
        result.write_text(json.dumps(found))


def fitted(points: list[dict[str, float]], size: int) -> dict[str, float]:
    """Latency: the smallest message's time. Bandwidth: of the largest, of whose bytes 2 (n - 1) / n travel."""
    latency, largest = points[0]["seconds_fastest"], points[-1]
    travelled = largest["bytes"] * 2 * (size - 1) / size
    bandwidth = travelled / (largest["seconds_fastest"] - latency)
    return {"latency_seconds": latency, "bandwidth_bytes_per_second": bandwidth}


def point(name: str, size: int, wire: dict[str, float], rounds: int, folder: Path) -> dict[str, Any]:
    """One recipe: measured at one and at all processes, and what the model says of the latter."""
    whole = together(1, lambda: steps(name, BATCH, rounds), folder)
    part = together(1, lambda: steps(name, BATCH // size, rounds), folder)
    shared = together(size, lambda: steps(name, BATCH, rounds), folder)
    travelled = shared["bytes_reduced_per_step"] * 2 * (size - 1) / size
    sending = shared["messages_per_step"] * wire["latency_seconds"] + travelled / wire["bandwidth_bytes_per_second"]
    predicted = part["seconds_per_step_fastest"] + sending
    return {
        "one_process": whole,
        "one_process_with_its_part": part,
        "all_processes": shared,
        "predicted_seconds_per_step": predicted,
        "predicted_over_measured": predicted / shared["seconds_per_step_fastest"],
        "speed_up_measured": whole["seconds_per_step_fastest"] / shared["seconds_per_step_fastest"],
        "speed_up_predicted": whole["seconds_per_step_fastest"] / predicted,
    }


def prediction(gpus: dict[str, float]) -> dict[str, float]:
    """The model's word about ImageNet at 64x64."""
    size, reduced = gpus["gpus"], 4 * gpus["parameters_stepped"]
    travelling = reduced * 2 * (size - 1) / size / gpus["bandwidth_bytes_per_second"]
    norms = gpus["batch_normalisations"] * gpus["messages_of_one_batch_normalisation_and_pass"] * gpus["passes"]
    latency = norms * gpus["latency_seconds"]
    compute = gpus["compute_seconds_of_64_images"]
    step = compute + travelling + latency
    return {
        "bytes_reduced_per_step": reduced,
        "seconds_of_travelling": travelling,
        "seconds_of_latency": latency,
        "seconds_per_step": step,
        "images_per_second": gpus["batch"] / step,
        "share_of_ideal_speed": compute / step,
        "share_without_batch_normalisation": compute / (compute + travelling),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("results/trust/processes.json"))
    parser.add_argument("--rounds", type=int, default=40)
    chosen = parser.parse_args()
    size = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reduced = together(size, messages, folder)
        wire = fitted(reduced, size)
        points = []
        for each in RECIPES:
            points.append(point(each, size, wire, chosen.rounds, folder))
            print(each, points[-1]["speed_up_measured"], points[-1]["predicted_over_measured"], flush=True)
    passport = {
        "torch": torch.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processes": size,
        "batch": BATCH,
        "load_average": os.getloadavg()[0],
        "commit": git_commit(),
    }
    result = {
        "passport": passport,
        "all_reduce": reduced,
        "wire": wire,
        "points": points,
        "gpus": {"assumed": GPUS, "predicted": prediction(GPUS)},
    }
    write_text_atomically(chosen.out, json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
