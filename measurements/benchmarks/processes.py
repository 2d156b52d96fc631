"""What several processes cost, a model of it, and how far the model is from what was measured.

    taskset -c 2,3 python -m measurements.benchmarks.processes --out results/trust/processes.json

Over gloo on this machine, one process for each core that it may use. First the time of a message by its size, each
begun after some computing as in training: latency and bandwidth follow. Then some recipes: the processes play them with
their messages and in silence, in turns, so that both meet the same machine. In silence a message is replaced by a local
stand-in of the same shapes, and the time between two messages is kept; the model's step is the sum, over these
stretches, of the slowest process's time, and of the messages' time. So nothing of the model is fitted to the steps that
it is held against. Ends with what the model says of ImageNet at 64x64 on 64 GPUs, under assumptions.

With the right to it, the processes run before all others (SCHED_FIFO): a process that waits for a core of its own makes
every other one wait.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist

from equipoise.common.files import write_text_atomically
from equipoise.common.machine import git_commit
from equipoise.data.noise import Noise
from equipoise.experiments.build import build_game, build_state
from equipoise.experiments.experiment import Experiment, with_length
from equipoise.recipes.catalogue import recipe
from equipoise.training.loop import Loop

RECIPES: dict[str, dict[str, Any]] = {
    "gan-digits": {"turns": 40, "steps": 5},
    "magan-digits": {"turns": 40, "steps": 5},
    "dcgan-stacked-mnist": {"budget": "cpu", "shape": (3, 28, 28), "turns": 16, "steps": 3},
    "sngan-cifar10": {"budget": "cpu", "shape": (3, 32, 32), "turns": 8, "steps": 2},
}
BATCH = 64
SMALL_BYTES, LARGE_BYTES = 128, 1 << 22
SIZES_BYTES = (SMALL_BYTES, 1 << 12, 1 << 16, 1 << 20, LARGE_BYTES)
COLLECTIVES = ("all_gather", "all_reduce")
GPUS: dict[str, float] = {
    "gpus": 64,
    "batch": 4096,
    "parameters_stepped": 30e6,
    "bandwidth_bytes_per_second": 25e9,
    "latency_seconds": 50e-6,
    "batch_normalisations": 20,
    "messages_of_one_batch_normalisation_and_pass": 2,
    "passes": 3,
    "other_messages": 4,
    "compute_seconds_of_64_images": 0.1,
    "waiting_share_of_compute": 0.05,
}
"""Assumed, not measured."""


@contextmanager
def replaced(**functions: Callable[..., None]) -> Iterator[None]:
    """Within, these functions stand for torch.distributed's of the same names."""
    before = {name: getattr(dist, name) for name in functions}
    for name, function in functions.items():
        setattr(dist, name, function)
    try:
        yield
    finally:
        for name, function in before.items():
            setattr(dist, name, function)


def silent(moments: list[float]) -> dict[str, Callable[..., None]]:
    """Collectives that send nothing and tell when they were called."""

    def all_reduce(value: torch.Tensor) -> None:
        moments.append(time.perf_counter())

    def all_gather(parts: list[torch.Tensor], value: torch.Tensor) -> None:
        moments.append(time.perf_counter())
        for part in parts:
            part.copy_(value)

    return {"all_reduce": all_reduce, "all_gather": all_gather}


def counting(totals: dict[str, dict[str, int]]) -> dict[str, Callable[..., None]]:
    """Collectives that count their messages and the bytes that this process puts in."""

    def counted(name: str, original: Callable[..., None], *words: Any) -> None:
        value = words[-1]
        totals[name]["messages"] += 1
        totals[name]["bytes"] += value.numel() * value.element_size()
        original(*words)

    return {name: partial(counted, name, getattr(dist, name)) for name in COLLECTIVES}


def experiment_of(name: str, batch: int = BATCH) -> Experiment:
    experiment = recipe(name, RECIPES[name].get("budget", "paper"))
    if "shape" in RECIPES[name]:
        experiment = replace(experiment, data=Noise(RECIPES[name]["shape"], count=4 * BATCH))
    return replace(with_length(experiment, iterations=10**6), batch_size=batch)


def loop_of(name: str, batch: int = BATCH) -> Loop:
    """The recipe on this process, at the beginning of its last stage and past the first step there."""
    experiment = experiment_of(name, batch)
    game = build_game(experiment, experiment.data.load())
    loop = Loop(game, build_state(experiment, game, torch.device("cpu")))
    while loop.state.clock.stage < len(game.algorithm.stages()) - 1:
        loop.iterate()
    loop.iterate()
    return loop


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def alone(name: str, batch: int) -> dict[str, float]:
    """Seconds of a step of one process, with no other beside it."""
    loop, chosen = loop_of(name, batch), RECIPES[name]
    return spread([timed(loop.iterate) for _ in range(chosen["turns"] * chosen["steps"])])


def shared(name: str) -> dict[str, Any]:
    """This process's part of the recipe, with messages and in silence in turns."""
    loop, chosen = loop_of(name), RECIPES[name]
    collectives = collectives_of(loop)
    steps, stretches = [], []
    for _ in range(chosen["turns"]):
        dist.barrier()
        steps += [timed(loop.iterate) for _ in range(chosen["steps"])]
        dist.barrier()
        stretches += [in_silence(loop) for _ in range(chosen["steps"])]
    every = of_all_ranks(stretches)  # [processes, steps, stretches]
    return {
        "parameters": sum(vector.values.numel() for vector in loop.state.parameters.values()),
        "collectives": collectives,
        "step": spread(steps),
        "work": spread(every.sum(2).mean(0).tolist()),
        "work_and_waiting": spread(every.max(0).sum(1).tolist()),
    }


def collectives_of(loop: Loop) -> dict[str, dict[str, int]]:
    """The messages of one step and the bytes that this process puts in."""
    totals = {each: {"messages": 0, "bytes": 0} for each in COLLECTIVES}
    with replaced(**counting(totals)):
        loop.iterate()
    return totals


def in_silence(loop: Loop) -> list[float]:
    """Seconds of the stretches of one step: before, between and after the places of its messages."""
    moments = [time.perf_counter()]
    with replaced(**silent(moments)):
        loop.iterate()
    ends = [*moments[1:], time.perf_counter()]
    return [end - begin for begin, end in zip(moments, ends, strict=True)]


def of_all_ranks(values: list[Any]) -> Any:
    mine = torch.tensor(values, dtype=torch.float64)
    parts = [torch.empty_like(mine) for _ in range(dist.get_world_size())]
    dist.all_gather(parts, mine)
    return torch.stack(parts).numpy()


def spread(seconds: list[float]) -> dict[str, float]:
    lower, median, upper = np.quantile(seconds, (0.25, 0.5, 0.75)).tolist()
    return {"seconds": median, "lower_quartile": lower, "upper_quartile": upper}


def messages(rounds: int = 100) -> list[dict[str, Any]]:
    """The time of a message by its kind and bytes, from when the last process calls to when the last one returns."""
    found = []
    for size in SIZES_BYTES:
        value = torch.ones(size // 4)
        parts = [torch.empty_like(value) for _ in range(dist.get_world_size())]
        calls = {"all_gather": partial(dist.all_gather, parts, value), "all_reduce": partial(dist.all_reduce, value)}
        for kind, call in calls.items():
            found.append({"kind": kind, "bytes": size} | spread(costs(call, rounds)))
    return found


def costs(call: Callable[[], object], rounds: int) -> list[float]:
    """Each after some milliseconds of computing, in which the processes' other threads fell asleep."""
    matrix, memory, moments = torch.ones(64, 64), torch.ones(500_000), []
    for _ in range(rounds):
        dist.barrier()
        for _ in range(10):
            matrix @ matrix
            memory.mul_(1.0)
        moments.append([began := time.perf_counter(), began + timed(call)])
    last = of_all_ranks(moments).max(0)
    seconds: list[float] = (last[:, 1] - last[:, 0]).tolist()
    return seconds


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
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    torch.set_num_threads(1)
    if size > 1:
        dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=size)
    found = work()
    if rank == 0:
        result.write_text(json.dumps(found))


def wire_of(found: list[dict[str, Any]], size: int) -> dict[str, float]:
    """Latency: the smallest message's time. Bandwidth: of the largest sum, of whose bytes 2 (n - 1) / n travel."""
    seconds = {(row["kind"], row["bytes"]): row["seconds"] for row in found}
    gather, reduce = (seconds[kind, SMALL_BYTES] for kind in COLLECTIVES)
    bandwidth = travelling(LARGE_BYTES, size) / (seconds["all_reduce", LARGE_BYTES] - reduce)
    return {"gather_seconds": gather, "reduce_seconds": reduce, "bandwidth_bytes_per_second": bandwidth}


def travelling(reduced: float, size: int) -> float:
    return reduced * 2 * (size - 1) / size


def sending(collectives: dict[str, dict[str, int]], wire: dict[str, float], size: int) -> float:
    """The model's seconds for the messages of a step."""
    gathered, reduced = collectives["all_gather"], collectives["all_reduce"]
    waiting = gathered["messages"] * wire["gather_seconds"] + reduced["messages"] * wire["reduce_seconds"]
    travelled = travelling(reduced["bytes"], size) + (size - 1) * gathered["bytes"]
    return waiting + travelled / wire["bandwidth_bytes_per_second"]


def point(name: str, size: int, wire: dict[str, float], folder: Path) -> dict[str, Any]:
    """One recipe: measured at one and at all processes, and what the model says of the latter."""
    whole, part = (together(1, partial(alone, name, batch), folder) for batch in (BATCH, BATCH // size))
    found = together(size, partial(shared, name), folder)
    sent = sending(found["collectives"], wire, size)
    predicted, measured = found["work_and_waiting"]["seconds"] + sent, found["step"]["seconds"]
    return {
        "recipe": name,
        "one_process": whole,
        "one_process_with_its_part": part,
        "all_processes": found,
        "predicted": {"messages_seconds": sent, "step_seconds": predicted},
        "predicted_over_measured": predicted / measured,
        "speed_up_measured": whole["seconds"] / measured,
        "speed_up_predicted": whole["seconds"] / predicted,
    }


def prediction(gpus: dict[str, float]) -> dict[str, float]:
    """The model's word about ImageNet at 64x64."""
    size, reduced = gpus["gpus"], 4 * gpus["parameters_stepped"]
    travel = travelling(reduced, int(size)) / gpus["bandwidth_bytes_per_second"]
    norms = gpus["batch_normalisations"] * gpus["messages_of_one_batch_normalisation_and_pass"] * gpus["passes"]
    latency = (norms + gpus["other_messages"]) * gpus["latency_seconds"]
    compute = gpus["compute_seconds_of_64_images"]
    waiting = gpus["waiting_share_of_compute"] * compute
    step = compute + waiting + travel + latency
    return {
        "bytes_reduced_per_step": reduced,
        "messages_per_step": norms + gpus["other_messages"],
        "seconds_of_waiting": waiting,
        "seconds_of_travelling": travel,
        "seconds_of_latency": latency,
        "seconds_per_step": step,
        "images_per_second": gpus["batch"] / step,
        "share_of_ideal_speed": compute / step,
        "share_without_batch_normalisation": compute / (step - norms * gpus["latency_seconds"]),
    }


def sitting(size: int, folder: Path) -> dict[str, Any]:
    """The messages and all recipes once."""
    found = together(size, messages, folder)
    wire = wire_of(found, size)
    print(wire, flush=True)
    points = []
    for name in RECIPES:
        points.append(point(name, size, wire, folder))
        print(name, points[-1]["speed_up_measured"], points[-1]["predicted_over_measured"], flush=True)
    return {"load_average": os.getloadavg()[0], "messages": found, "wire": wire, "points": points}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("results/trust/processes.json"))
    parser.add_argument("--sittings", type=int, default=3)
    chosen, commit = parser.parse_args(), git_commit()
    size = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as name:
        sittings = [sitting(size, Path(name)) for _ in range(chosen.sittings)]
    passport = {
        "torch": torch.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processes": size,
        "batch": BATCH,
        "commit": commit,
    }
    gpus = {"assumed": GPUS, "predicted": prediction(GPUS)}
    write_text_atomically(chosen.out, json.dumps({"passport": passport, "sittings": sittings, "gpus": gpus}, indent=1))


if __name__ == "__main__":
    main()
