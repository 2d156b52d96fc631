"""The gradient penalty of WGAN-GP against double backward, alone and within a discriminator step."""

from dataclasses import replace

import plain
import torch
from measure import Case, Way

from cases.common import LARGE_BATCH, SEED, bare_players, one_move
from equipoise.constraints import gradient_penalty
from equipoise.recipes import lga


def penalty_row() -> Case:
    """The gradient penalty alone, value and gradient."""

    def prepare() -> dict[str, Way]:
        discriminator = bare_players(lga.table1("lga8", "cifar10"))["discriminator"]
        weights = [value for name, value in discriminator.named_parameters() if "bias" not in name]
        points = torch.rand(LARGE_BATCH, 3, 32, 32, generator=torch.Generator().manual_seed(SEED))
        return {
            "double backward": lambda: torch.autograd.grad(
                plain.double_backward_penalty(discriminator, points), weights, allow_unused=True
            ),
            "equipoise": lambda: torch.autograd.grad(
                gradient_penalty(discriminator, points), weights, allow_unused=True
            ),
        }

    work = f"penalty and its gradient, ResNet with an 8x8 map, batch {LARGE_BATCH}, float32"
    return Case("WGAN-GP, penalty", "double backward in eager", {"equipoise": 1.6}, prepare, work, rounds=3)


def penalised_step_row() -> Case:
    """The discriminator's step with its penalty."""

    def prepare() -> dict[str, Way]:
        experiment = replace(lga.table1("lga8", "cifar10"), batch_size=LARGE_BATCH)
        players = bare_players(experiment)
        generator, discriminator = players["generator"], players["discriminator"]
        optimiser = torch.optim.Adam(discriminator.parameters(), 2e-4, (0.0, 0.9))
        real = torch.rand(LARGE_BATCH, 3, 32, 32, generator=torch.Generator().manual_seed(SEED)) * 2 - 1

        def step() -> float:
            optimiser.zero_grad()
            fake = generator(torch.randn(LARGE_BATCH, 128)).detach()
            mixing = torch.rand(LARGE_BATCH, 1, 1, 1)
            penalty = plain.double_backward_penalty(discriminator, mixing * real + (1 - mixing) * fake)
            hinge = torch.relu(1 - discriminator(real)).mean() + torch.relu(1 + discriminator(fake)).mean()
            loss = hinge + penalty
            loss.backward()
            optimiser.step()
            return loss.item()

        return {"plain eager": step, "equipoise": one_move(experiment, (3, 32, 32), "discriminator")}

    work = f"discriminator step, ResNet with an 8x8 map, batch {LARGE_BATCH}, float32"
    return Case("WGAN-GP, discriminator step", "a plain eager step", {"equipoise": 1.4}, prepare, work, rounds=3)


def cases() -> list[Case]:
    """The penalty, then the step."""
    return [penalty_row(), penalised_step_row()]
