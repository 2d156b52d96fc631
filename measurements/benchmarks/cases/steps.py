"""Whole iterations against plain eager steps of the same algorithm."""

from collections.abc import Callable

import torch
from torch import nn

from equipoise.experiments.experiment import Experiment
from equipoise.recipes import magan, mmd
from equipoise.recipes.digits import magan_digits
from equipoise.training.loop import Loop
from measurements.benchmarks import plain
from measurements.benchmarks.cases.common import (
    IMAGES,
    SEED,
    as_in_a_run,
    bare_players,
    game_and_state,
    past_first_epoch,
    repulsive_mmd,
    whole_iteration,
    without_pretraining,
)
from measurements.benchmarks.measure import Case
from measurements.benchmarks.timers import Way


def magan_row(name: str, experiment: Experiment, shape: tuple[int, ...], calls: int, target: dict[str, float]) -> Case:
    """A whole adversarial iteration: Equipoise's with its log values, random addresses and health signs."""

    def prepare() -> dict[str, Way]:
        game, state = game_and_state(without_pretraining(experiment), shape)
        loop = past_first_epoch(Loop(game, state))
        players = bare_players(experiment)
        optimisers = {
            each: torch.optim.Adamax(players[each].parameters(), lr=player.optimiser.lr, betas=(0.5, 0.999))
            for each, player in experiment.players.items()
        }
        images = torch.rand(IMAGES, *shape, generator=torch.Generator().manual_seed(SEED))
        losses = plain.hinge_on_energies(10.0), plain.energy_of_fakes
        step = plain.plain_step(players, optimisers, *losses, images, experiment.latent.size, experiment.batch_size)
        return {"plain eager": step, "equipoise": as_in_a_run(loop.iterate)}

    work = f"discriminator and generator step, batch {experiment.batch_size}, float32"
    convolves = len(shape) == 3 and shape[-1] > 8
    return Case(
        name, "a plain eager step", target, prepare, work, rounds=9, calls=calls, convolves=convolves, apart=True
    )


def _plain_repulsive(experiment: Experiment, normalise: Callable[[nn.Module], nn.Module]) -> Way:
    players = bare_players(experiment)
    normalise(players["discriminator"])
    optimisers = {each: torch.optim.Adam(player.parameters(), 1e-3, (0.5, 0.999)) for each, player in players.items()}
    images = torch.rand(IMAGES, 3, 32, 32, generator=torch.Generator().manual_seed(SEED)) * 2 - 1
    losses = plain.repulsive_mmd, plain.mmd_of_fakes
    return plain.plain_step(players, optimisers, *losses, images, 128, experiment.batch_size)


def repulsive_mmd_row() -> Case:
    """SN-DCGAN with the bounded repulsive loss, alternating on both sides, and the paper's simultaneous form.

    At the paper's own batch, 64.
    """

    def prepare() -> dict[str, Way]:
        base, alternating = repulsive_mmd("simultaneous"), repulsive_mmd("alternating")
        return {
            "plain eager, alternating": _plain_repulsive(base, plain.normalised),
            "equipoise, alternating": whole_iteration(alternating, (3, 32, 32)),
            "equipoise, simultaneous": whole_iteration(base, (3, 32, 32)),
        }

    target = {"equipoise, alternating": 1.5, "equipoise, simultaneous": 1.9}
    work = "whole iteration, SN-DCGAN 32x32 with PIM, batch 64, float32"
    return Case(
        "SN-DCGAN + repulsive MMD",
        "a plain eager alternating step",
        target,
        prepare,
        work,
        3,
        convolves=True,
        apart=True,
    )


def pico_row() -> Case:
    """The norms of the convolutions themselves, beside plain code of the same, and beside those of reshaped kernels.

    At the paper's own batch, 64; the target against PIM is a step time of at most 1.05.
    """

    def prepare() -> dict[str, Way]:
        pim, pico = (mmd.table_s3("rep-b", "cifar10", scale) for scale in (None, 64))
        return {
            "plain eager, alternating": _plain_repulsive(pico, plain.normalised_as_convolutions),
            "equipoise with PIM, simultaneous": whole_iteration(pim, (3, 32, 32)),
            "equipoise, simultaneous": whole_iteration(pico, (3, 32, 32)),
        }

    work = "whole iteration, SN-DCGAN 32x32 with PICO, batch 64, float32"
    return Case(
        "PICO",
        "a plain eager alternating step",
        {"equipoise, simultaneous": 1.5},
        prepare,
        work,
        rounds=3,
        also={"equipoise with PIM, simultaneous": 1 / 1.05},
        convolves=True,
        apart=True,
    )


def cases() -> list[Case]:
    """The cheap ones first."""
    return [
        magan_row("MAGAN digits", magan_digits(), (1, 8, 8), 40, {"equipoise": 1.0}),
        magan_row("MAGAN MNIST", magan.magan_mnist(), (1, 28, 28), 4, {"equipoise": 1.5}),
        pico_row(),
        repulsive_mmd_row(),
    ]
