"""The same iterations on one GPU, against the plain eager step there. No figure of it has been taken yet.

Run: python benchmarks/gpu.py      needs CUDA; writes results/benchmarks/gpu.json

Times are wall clock between two synchronisations, in turns; nothing else synchronises. Plain and ours see the same
batch and networks; the data are random bytes on the device.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import plain
import torch
from cases.common import bare_players

from equipoise.algorithms.mmd_gan import MMDGAN
from equipoise.common.files import write_text_atomically
from equipoise.data.store import held
from equipoise.experiments.build import build_game, build_state
from equipoise.experiments.experiment import Experiment
from equipoise.recipes import mmd
from equipoise.training.loop import Loop

RESULTS = Path(__file__).parents[1] / "results" / "benchmarks" / "gpu.json"
ROUNDS, CALLS, COUNT = 9, 50, 4096


def seconds(way: Callable[[], object]) -> float:
    """Wall clock of one call."""
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(CALLS):
        way()
    torch.cuda.synchronize()
    return (time.perf_counter() - start) / CALLS


def ours(experiment: Experiment, device: torch.device) -> Callable[[], object]:
    """A whole iteration of the loop with data and players on the device."""
    store = held(torch.randint(0, 256, (COUNT, 3, 32, 32), dtype=torch.uint8)).to(device)
    game = build_game(experiment, store)
    return Loop(game, build_state(experiment, game, device)).iterate


def theirs(experiment: Experiment, device: torch.device) -> Callable[[], object]:
    """The plain eager alternating step."""
    players = {name: player.to(device) for name, player in bare_players(experiment).items()}
    plain.normalised(players["discriminator"])
    optimisers = {name: torch.optim.Adam(each.parameters(), 1e-3, (0.5, 0.999)) for name, each in players.items()}
    images = torch.rand(COUNT, 3, 32, 32, device=device) * 2 - 1
    losses = plain.repulsive_mmd, plain.mmd_of_fakes
    return plain.plain_step(players, optimisers, *losses, images, experiment.latent.size, experiment.batch_size)


def main() -> None:
    """Measure and write."""
    if not torch.cuda.is_available():
        sys.exit("error: this benchmark needs a GPU with CUDA; benchmarks/run.py measures the CPU.")
    device = torch.device("cuda")
    base = mmd.table_s3("rep-b", "cifar10", None)
    assert isinstance(base.algorithm, MMDGAN)
    alternating = replace(base, algorithm=replace(base.algorithm, update="alternating"))
    ways: dict[str, Callable[[], object]] = {
        "plain eager, alternating": theirs(base, device),
        "equipoise, alternating": ours(alternating, device),
    }
    ways["equipoise, simultaneous"] = ours(base, device)
    for way in ways.values():
        seconds(way)
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            times[name].append(seconds(way))
    found = {name: {"quartiles_of_seconds": statistics.quantiles(each, n=4)} for name, each in times.items()}
    report = {"device": torch.cuda.get_device_name(device), "torch": torch.__version__, "batch": 64, "ways": found}
    write_text_atomically(RESULTS, json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
