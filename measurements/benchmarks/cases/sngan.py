"""SNGAN's iteration against the order of passes of the library mimicry, on the same networks."""

from dataclasses import replace

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
from measurements.benchmarks.timers import Way


def sngan_row(discriminator_steps: int, target: float, batch: int = LARGE_BATCH, rounds: int = 3) -> Case:
    """One generator step and so many discriminator steps."""

    def prepare() -> dict[str, Way]:
        base = replace(lga.sngan("cifar10"), batch_size=batch)
        experiment = with_steps(base, discriminator_steps)
        players = {name: plain.published_shortcuts(player) for name, player in bare_players(base).items()}
        plain.normalised(players["discriminator"])
        optimisers = {name: torch.optim.Adam(each.parameters(), 2e-4, (0.0, 0.9)) for name, each in players.items()}
        images = torch.rand(IMAGES, 3, 32, 32, generator=torch.Generator().manual_seed(SEED)) * 2 - 1
        theirs = plain.sngan_iteration(players, optimisers, images, 128, batch, discriminator_steps)
        return {"mimicry's order of passes": theirs, "equipoise": whole_iteration(experiment, (3, 32, 32))}

    steps = f"{discriminator_steps} discriminator step{'s' if discriminator_steps > 1 else ''}"
    name = at_batch(f"SNGAN ResNet, {steps}", batch)
    work = f"whole iteration, 32x32, hinge loss, spectral normalisation, batch {batch}, float32"
    return Case(
        name, "the step that mimicry performs", {"equipoise": target}, prepare, work, rounds, convolves=True, apart=True
    )


def cases() -> list[Case]:
    """One discriminator step for each of the generator's, and five."""
    return [sngan_row(1, 2.6), sngan_row(5, 2.15)]


def long_cases() -> list[Case]:
    """At the paper's batch."""
    return [sngan_row(1, 2.6, 64, 2), sngan_row(5, 2.15, 64, 1)]
