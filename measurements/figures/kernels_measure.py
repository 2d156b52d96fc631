"""Trains generators with and without an adversary for equal processor time, into results/kernels/DATA-SECONDS.json.

python -m measurements.figures.kernels_measure ring --seconds 2 --seeds 0 1 2
python -m measurements.figures.kernels_measure digits --seconds 2 --seeds 0 1 2
python -m measurements.figures.kernels_measure ring --seconds 8 --seeds 0
python -m measurements.figures.kernels_measure mnist --seconds 20 --seeds 0 1 2 --data-root FOLDER

Runs that a file holds already are not made again. The time is the process's own, of its training steps alone: a busy
machine makes every method slower, by about the same factor.
"""

import argparse
import json
import platform
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from equipoise import __version__
from equipoise.common.files import write_text_atomically
from equipoise.common.machine import git_commit
from equipoise.data.mnist import Mnist
from equipoise.data.ring import Ring
from equipoise.data.store import Store
from equipoise.evaluation.sampling import generate
from equipoise.experiments.build import build_game, build_state, sampling_generator
from equipoise.experiments.experiment import Experiment, NetworkConfig, with_length
from equipoise.losses import DistanceKernel, squared_mmd
from equipoise.losses.distances import squared_distances
from equipoise.recipes.catalogue import recipe
from equipoise.simulations.ring_over_time import coverage
from equipoise.training.loop import Loop
from measurements import RESULTS_FOLDER

RESULTS = RESULTS_FOLDER / "kernels"
SAMPLES, POINTS, LEAST_SHARE = 1_000, 20_000, 0.02
ROWS: Mapping[str, Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "ring": {
        "GMMN, distance kernel": ("gmmn-ring", {}),
        "GMMN, Gaussian 0.2, 1, 5": ("gmmn-ring", {"kernel": "gaussian", "widths": (0.2, 1.0, 5.0)}),
        "drifting, Laplace 1, 10": ("drifting-ring", {}),
        "drifting, Laplace 1": ("drifting-ring", {"widths": (1.0,)}),
        "drifting without repulsion": ("drifting-ring", {"repulsion": 0.0}),
        "MMD-GAN rep, Gaussian 1": ("mmd-rep-ring", {}),
        "MMD-GAN rep, distance kernel": ("mmd-rep-ring", {"kernel": "distance"}),
    },
    "digits": {
        "GMMN, distance kernel": ("gmmn-digits", {}),
        "GMMN, Gaussian 0.5, 1, 2, 4": ("gmmn-digits", {"kernel": "gaussian", "widths": (0.5, 1.0, 2.0, 4.0)}),
        "drifting, Laplace 0.5, 1, 2": ("drifting-digits", {}),
        "drifting without repulsion": ("drifting-digits", {"repulsion": 0.0}),
        "MMD-GAN rep, Gaussian 1": ("mmd-rep-digits", {}),
        "MMD-GAN rep, distance kernel": ("mmd-rep-digits", {"kernel": "distance"}),
    },
    "mnist": {
        "GMMN, distance kernel": ("gmmn-digits", {}),
        "GMMN, Gaussian 1, 2, 4, 8": ("gmmn-digits", {"kernel": "gaussian", "widths": (1.0, 2.0, 4.0, 8.0)}),
        "drifting, Laplace 1, 2, 4": ("drifting-digits", {"widths": (1.0, 2.0, 4.0)}),
        "drifting without repulsion": ("drifting-digits", {"widths": (1.0, 2.0, 4.0), "repulsion": 0.0}),
        "MMD-GAN rep, Gaussian 1": ("mmd-rep-digits", {}),
        "MMD-GAN rep, distance kernel": ("mmd-rep-digits", {"kernel": "distance"}),
    },
}
"""What is trained on each data set: a recipe, and what differs from it in the algorithm."""
ON_MNIST: Mapping[str, Mapping[str, Any]] = {
    "generator": {"image_shape": (1, 28, 28), "hidden": (256, 512)},
    "discriminator": {"image_shape": (1, 28, 28), "hidden": (512, 256)},
}
"""What differs in the digits' networks."""


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("data", choices=ROWS)
    words.add_argument("--seconds", type=float, required=True)
    words.add_argument("--seeds", type=int, nargs="+", required=True)
    words.add_argument("--data-root", type=Path)
    chosen = words.parse_args()
    torch.set_num_threads(1)
    path = RESULTS / f"{chosen.data}-{chosen.seconds:g}.json"
    runs = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.exists() else []
    for seed in chosen.seeds:
        for label, (name, changes) in ROWS[chosen.data].items():
            if not any((run["row"], run["seed"]) == (label, seed) for run in runs):
                planned = experiment(name, changes, seed)
                planned = on_mnist(planned) if chosen.data == "mnist" else planned
                runs.append({"row": label, "seed": seed} | measured(planned, chosen.seconds, chosen.data_root))
                keep(path, chosen.seconds, runs)
                print(runs[-1], flush=True)


def experiment(name: str, changes: Mapping[str, Any], seed: int) -> Experiment:
    found = replace(with_length(recipe(name), iterations=10**6), seed=seed)
    data = Ring(count=POINTS) if isinstance(found.data, Ring) else found.data
    return replace(found, data=data, algorithm=replace(found.algorithm, **changes))


def on_mnist(digits: Experiment) -> Experiment:
    """The same on MNIST, with wider networks."""
    players = {
        name: replace(player, network=NetworkConfig(player.network.kind, {**player.network.options, **ON_MNIST[name]}))
        for name, player in digits.players.items()
    }
    return replace(digits, data=Mnist(), players=players)


def measured(chosen: Experiment, seconds: float, data_root: Path | None = None) -> dict[str, Any]:
    """Train for so many processor seconds, and compare samples with as many of the data."""
    store = chosen.data.load(data_root, chosen.seed)
    iterations, real, fake = trained(chosen, store, seconds)
    found = {"iterations": iterations, "energy_distance": energy_distance(real, fake)}
    return found | (by_centre(fake) if fake.ndim == 2 else by_neighbour(real, fake, store.labels))


def trained(chosen: Experiment, store: Store, seconds: float) -> tuple[int, Tensor, Tensor]:
    """Returns: iterations, real items and samples, 1,000 each."""
    game = build_game(chosen, store)
    state = build_state(chosen, game, torch.device("cpu"))
    loop, begin = Loop(game, state), time.process_time()
    while time.process_time() - begin < seconds:
        loop.iterate()
    fake = generate(sampling_generator(chosen, state), chosen.latent, SAMPLES, chosen.seed, "kernels").float()
    return state.clock.iteration, game.source.batch(torch.arange(SAMPLES)), fake


def energy_distance(real: Tensor, fake: Tensor) -> float:
    """Of pixels or points."""
    return round(float(squared_mmd(real.flatten(1).double(), fake.flatten(1).double(), DistanceKernel())), 5)


def by_centre(points: Tensor) -> dict[str, Any]:
    """Of the ring: Gaussians with samples, and the share of the samples within three deviations of one."""
    found = coverage(points)
    return {"modes": found.covered_loosely, "share_near": round(found.share_near, 4)}


def by_neighbour(real: Tensor, fake: Tensor, labels: Tensor | None) -> dict[str, Any]:
    """Of digits: classes that at least 2 % of the samples have by their nearest digit, and how far that is."""
    if labels is None:
        raise ValueError("labels are needed.")
    nearest = squared_distances(fake.flatten(1), real.flatten(1)).min(dim=1)
    shares = labels[: len(real)][nearest.indices].bincount(minlength=10) / len(fake)
    return {"modes": int((shares >= LEAST_SHARE).sum()), "nearest": round(float(nearest.values.sqrt().mean()), 4)}


def keep(path: Path, seconds: float, runs: list[dict[str, Any]]) -> None:
    document = {
        "passport": {
            "command": f"python -m measurements.figures.kernels_measure {path.stem.replace('-', ' --seconds ')}",
            "seconds": seconds,
            "samples": SAMPLES,
            "commit": git_commit(),
            "equipoise": __version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
            "device": "cpu",
            "threads": 1,
        },
        "runs": runs,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(f"  {json.dumps(run)}" for run in runs)
    write_text_atomically(path, f'{{"passport": {json.dumps(document["passport"])},\n "runs": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
