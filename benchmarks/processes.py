"""What several processes cost: seconds and reduced bytes of a step, and how far the result is from one process's.

    python benchmarks/processes.py --out results/trust/processes.json

Plays two recipes' networks on this machine with 1, 2 and 4 processes over gloo, one thread each, and counts what they
send. Processes that share cores with other work make the seconds uncertain; the bytes are exact.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from equipoise.common.files import write_text_atomically
from equipoise.experiments.build import build_game, build_state
from equipoise.recipes.catalogue import recipe
from equipoise.runs.environment import git_commit
from equipoise.training.loop import Loop

RECIPES = ("gan-digits", "magan-digits")
BATCH = 64
STEPS = 60


def count_bytes(totals: dict[str, int]) -> None:
    """From now on every collective adds the bytes that one process puts in."""
    for name in ("all_reduce", "all_gather"):
        original = getattr(dist, name)

        def counted(*words: Any, name: str = name, original: Any = original, **names: Any) -> Any:
            value = words[1] if name == "all_gather" else words[0]
            totals[name] += value.numel() * value.element_size()
            return original(*words, **names)

        setattr(dist, name, counted)


def measure(name: str, rank: int, size: int, folder: str) -> dict[str, Any]:
    torch.set_num_threads(1)
    if size > 1:
        dist.init_process_group("gloo", init_method=f"file://{folder}/{name}-{size}", rank=rank, world_size=size)
    experiment = replace(recipe(name), batch_size=BATCH)
    game = build_game(experiment, experiment.data.load())
    state = build_state(experiment, game, torch.device("cpu"))
    loop = Loop(game, state)
    loop.iterate()
    totals = {"all_reduce": 0, "all_gather": 0}
    count_bytes(totals)
    seconds = []
    for _ in range(STEPS):
        began = time.perf_counter()
        loop.iterate()
        seconds.append(time.perf_counter() - began)
    return {
        "recipe": name,
        "processes": size,
        "batch": BATCH,
        "parameters": sum(p.numel() for player in state.players.values() for p in player.parameters()),
        "seconds_per_step_median": sorted(seconds)[STEPS // 2],
        "seconds_per_step_fastest": min(seconds),
        "bytes_reduced_per_step": totals["all_reduce"] // STEPS,
        "bytes_gathered_per_step": totals["all_gather"] // STEPS,
    }


def run(name: str, size: int, folder: str) -> dict[str, Any]:
    """Fork the ranks; the first one's figures count."""
    children, result = [], Path(folder) / f"{name}-{size}.json"
    for rank in range(size):
        child = os.fork()
        if child == 0:
            found = measure(name, rank, size, folder)
            if rank == 0:
                result.write_text(json.dumps(found))
            os._exit(0)
        children.append(child)
    assert all(os.waitpid(child, 0)[1] == 0 for child in children)
    measured: dict[str, Any] = json.loads(result.read_text())
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("results/trust/processes.json"))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        points = [run(name, size, folder) for name in RECIPES for size in (1, 2, 4)]
    passport = {
        "torch": torch.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "load_average": os.getloadavg()[0],
        "commit": git_commit(),
    }
    write_text_atomically(chosen.out, json.dumps({"passport": passport, "points": points}, indent=1))


if __name__ == "__main__":
    main()
