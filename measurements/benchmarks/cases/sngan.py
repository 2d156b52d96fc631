"""SNGAN's iteration against the order of passes of the library mimicry, on the same networks."""

from dataclasses import replace
from pathlib import Path

import torch

from equipoise.recipes import lga
from measurements.benchmarks import plain
from measurements.benchmarks.cases.common import (
    IMAGES,
    LARGE_BATCH,
    SEED,
    at_batch,
    bare_players,
    whole_iteration,
    with_steps,
)
from measurements.benchmarks.measure import Case
from measurements.benchmarks.mimicry import own_iteration
from measurements.benchmarks.timers import Way

TARGET = 2.2
OWN = "mimicry's own step"


def sngan_row(discriminator_steps: int, batch: int = LARGE_BATCH, rounds: int = 3, mimicry: Path | None = None) -> Case:
    """One generator step and so many discriminator steps; with a checkout of mimicry, by its own code too."""

    def prepare() -> dict[str, Way]:
        base = replace(lga.sngan("cifar10"), batch_size=batch)
        experiment = with_steps(base, discriminator_steps)
        players = {name: plain.as_mimicry_writes(player) for name, player in bare_players(base).items()}
        plain.normalised(players["discriminator"])
        optimisers = {name: torch.optim.Adam(each.parameters(), 2e-4, (0.0, 0.9)) for name, each in players.items()}
        images = torch.rand(IMAGES, 3, 32, 32, generator=torch.Generator().manual_seed(SEED)) * 2 - 1
        theirs = plain.sngan_iteration(players, optimisers, images, 128, batch, discriminator_steps)
        own = {OWN: own_iteration(mimicry, images, batch, discriminator_steps)} if mimicry else {}
        ours = whole_iteration(experiment, (3, 32, 32))
        return {"mimicry's order of passes": theirs, **own, "equipoise": ours}

    steps = f"{discriminator_steps} discriminator step{'s' if discriminator_steps > 1 else ''}"
    name = at_batch(f"SNGAN ResNet, {steps}", batch)
    work = f"whole iteration, 32x32, hinge loss, spectral normalisation, batch {batch}, float32"
    return Case(
        name,
        "the step that mimicry performs",
        {"equipoise": TARGET},
        prepare,
        work,
        rounds,
        also={OWN: TARGET} if mimicry else {},
        convolves=True,
        apart=True,
    )


def cases(mimicry: Path | None = None) -> list[Case]:
    """One discriminator step for each of the generator's, and five."""
    return [sngan_row(1, mimicry=mimicry), sngan_row(5, mimicry=mimicry)]


def long_cases() -> list[Case]:
    """At the paper's batch."""
    return [sngan_row(1, 64, 2), sngan_row(5, 64, 1)]
