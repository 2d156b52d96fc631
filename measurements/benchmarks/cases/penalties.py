"""The gradient penalty of WGAN-GP against double backward, alone and within a discriminator step."""

from dataclasses import replace

import torch
from torch import nn

from equipoise.constraints import gradient_penalty
from equipoise.kernels.fast_convolutions import fast_convolutions
from equipoise.recipes import lga
from measurements.benchmarks import plain
from measurements.benchmarks.cases.common import (
    LARGE_BATCH,
    SEED,
    as_in_a_run,
    at_batch,
    bare_players,
    game_and_state,
    one_move,
)
from measurements.benchmarks.measure import Case
from measurements.benchmarks.timers import Way


def penalty_row() -> Case:
    """The gradient penalty alone, value and gradient."""

    def prepare() -> dict[str, Way]:
        experiment = lga.table1("lga8", "cifar10")
        written = bare_players(experiment)["discriminator"]
        _, state = game_and_state(experiment, (3, 32, 32))
        discriminator = state.players["discriminator"]
        discriminator.load_state_dict(written.state_dict())
        noise = torch.Generator().manual_seed(SEED)
        points = torch.rand(LARGE_BATCH, 3, 32, 32, generator=noise) * 2 - 1

        def ours() -> tuple[torch.Tensor, ...]:
            with fast_convolutions(state.parameters["discriminator"]):
                penalty = gradient_penalty(discriminator, points)
            return torch.autograd.grad(penalty, kernels(discriminator))

        def theirs() -> tuple[torch.Tensor, ...]:
            return torch.autograd.grad(plain.double_backward_penalty(written, points), kernels(written))

        for mine, their in zip(ours(), theirs(), strict=True):
            torch.testing.assert_close(mine, their, rtol=1e-3, atol=1e-4 * float(their.abs().max()))
        return {"double backward": theirs, "equipoise": as_in_a_run(ours)}

    work = f"penalty and its gradient, ResNet with an 8x8 map, batch {LARGE_BATCH}, float32"
    return Case(
        "WGAN-GP, penalty", "double backward in eager", {"equipoise": 1.6}, prepare, work, 5, convolves=True, apart=True
    )


def kernels(module: nn.Module) -> list[nn.Parameter]:
    """What the penalty of a piecewise linear network reaches: everything but biases."""
    return [value for name, value in module.named_parameters() if "bias" not in name]


def penalised_step_row(batch: int = LARGE_BATCH, rounds: int = 3) -> Case:
    """The discriminator's step with its penalty."""

    def prepare() -> dict[str, Way]:
        experiment = replace(lga.table1("lga8", "cifar10"), batch_size=batch)
        players = bare_players(experiment)
        generator, discriminator = players["generator"], players["discriminator"]
        optimiser = torch.optim.Adam(discriminator.parameters(), 2e-4, (0.0, 0.9))
        real = torch.rand(batch, 3, 32, 32, generator=torch.Generator().manual_seed(SEED)) * 2 - 1

        def step() -> float:
            optimiser.zero_grad()
            fake = generator(torch.randn(batch, 128)).detach()
            loss = plain.penalised_hinge(discriminator, real, fake)
            loss.backward()
            optimiser.step()
            return loss.item()

        return {"plain eager": step, "equipoise": one_move(experiment, (3, 32, 32), "discriminator")}

    work = f"discriminator step, ResNet with an 8x8 map, batch {batch}, float32"
    return Case(
        at_batch("WGAN-GP, discriminator step", batch),
        "a plain eager step",
        {"equipoise": 1.4},
        prepare,
        work,
        rounds,
        convolves=True,
        apart=True,
    )


def cases() -> list[Case]:
    """The penalty, then the step."""
    return [penalty_row(), penalised_step_row()]


def long_cases() -> list[Case]:
    """The step at the paper's batch."""
    return [penalised_step_row(64, 2)]
