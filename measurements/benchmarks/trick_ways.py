"""The tricks' two ways each: without it and with it, everything else in place."""

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch.nn import functional

from equipoise.constraints import gradient_penalties
from equipoise.experiments import build
from equipoise.experiments.experiment import Experiment
from equipoise.kernels import winograd
from equipoise.networks.folds import rectified
from equipoise.recipes import lga, magan
from equipoise.recipes.digits import magan_digits
from equipoise.training import passes
from equipoise.training.loop import Loop
from measurements.benchmarks import plain
from measurements.benchmarks.cases.common import (
    IMAGES,
    LARGE_BATCH,
    SEED,
    Update,
    as_in_a_run,
    bare_players,
    game_and_state,
    one_by_one,
    one_move,
    past_first_epoch,
    repulsive_mmd,
    whole_iteration,
    with_folds,
    with_steps,
    without_pretraining,
)
from measurements.benchmarks.timers import Way

PLAIN, OURS = "without", "with"
FIRST_SECONDS: list[float] = []
"""Of the first compiled step."""


def without(way: Way, owner: object, name: str, value: object) -> Way:
    """The same work with another thing in place of `owner.name`."""

    def run() -> object:
        with patch.object(owner, name, value):
            return way()

    return run


def with_a_pass_each(way: Way) -> Way:
    """The same work with a pass for each batch, as of networks whose layers tell the batches apart."""
    return without(way, passes, "_treats_samples_alone", lambda module: False)


def dcgan(update: Update) -> Experiment:
    return replace(repulsive_mmd(update), batch_size=LARGE_BATCH)


def penalised() -> Experiment:
    return replace(lga.table1("lga8", "cifar10"), batch_size=LARGE_BATCH)


def channels_last() -> dict[str, Way]:
    kept = build.build_network
    with patch.object(build, "build_network", lambda *words: _Unmoved.of(kept(*words))):
        first = whole_iteration(dcgan("alternating"), (3, 32, 32))
    return {PLAIN: first, OURS: whole_iteration(dcgan("alternating"), (3, 32, 32))}


class _Unmoved(nn.Module):
    """A network that `.to(memory_format=...)` leaves as it is."""

    @staticmethod
    def of(module: nn.Module) -> nn.Module:
        module.to = lambda *words, **names: module  # type: ignore[method-assign]
        return module


def sngan() -> Experiment:
    return replace(with_steps(lga.sngan("cifar10"), 1), batch_size=LARGE_BATCH)


def kept_memory() -> dict[str, Way]:
    loop = past_first_epoch(Loop(*game_and_state(without_pretraining(magan.magan_mnist()), (1, 28, 28))))
    return {PLAIN: loop.iterate, OURS: as_in_a_run(loop.iterate)}


def kept_memory_of_many_channels() -> dict[str, Way]:
    loop = Loop(*game_and_state(sngan(), (3, 32, 32)))
    return {PLAIN: loop.iterate, OURS: as_in_a_run(loop.iterate)}


def _without_filtering(ours: Way) -> dict[str, Way]:
    return {PLAIN: without(ours, winograd, "gains", lambda *words: False), OURS: ours}


def filtering_in_sngan() -> dict[str, Way]:
    return _without_filtering(whole_iteration(sngan(), (3, 32, 32)))


def filtering_in_dcgan(update: Update) -> dict[str, Way]:
    return _without_filtering(whole_iteration(dcgan(update), (3, 32, 32)))


def filtering_in_a_penalty() -> dict[str, Way]:
    return _without_filtering(one_move(penalised(), (3, 32, 32), "discriminator"))


def folds() -> dict[str, Way]:
    folded = one_move(penalised(), (3, 32, 32), "discriminator")
    built = build.build_network
    with patch.object(build, "build_network", lambda *words: one_by_one(built(*words))):
        first = one_move(penalised(), (3, 32, 32), "discriminator")
    return {PLAIN: first, OURS: folded}


def written_over() -> dict[str, Way]:
    built = build.build_network
    with patch.object(
        build, "build_network", lambda *words: with_folds(built(*words), lambda fold: fold is not rectified)
    ):
        first = whole_iteration(sngan(), (3, 32, 32))
    return {PLAIN: first, OURS: whole_iteration(sngan(), (3, 32, 32))}


def constant_masks() -> dict[str, Way]:
    ours = one_move(penalised(), (3, 32, 32), "discriminator")
    return {PLAIN: without(ours, gradient_penalties, "ConstantMasks", nullcontext), OURS: ours}


def one_pass_dense() -> dict[str, Way]:
    experiment = without_pretraining(magan_digits())
    ours = past_first_epoch(Loop(*game_and_state(experiment, (1, 8, 8))))
    return {PLAIN: with_a_pass_each(ours.iterate), OURS: ours.iterate}


def one_pass_convolutional() -> dict[str, Way]:
    ours = one_move(dcgan("alternating"), (3, 32, 32), "discriminator")
    return {PLAIN: with_a_pass_each(ours), OURS: ours}


def frozen_player() -> dict[str, Way]:
    """A generator's step through the discriminator, with and without gradients for the latter's parameters."""
    players = bare_players(dcgan("alternating"))
    latent = torch.randn(LARGE_BATCH, 128, generator=torch.Generator().manual_seed(SEED))
    moving = list(players["generator"].parameters())

    def backward_into_both() -> None:
        players["discriminator"](players["generator"](latent)).sum().backward()

    def gradient_of_the_moving_player() -> None:
        torch.autograd.grad(players["discriminator"](players["generator"](latent)).sum(), moving)

    return {PLAIN: backward_into_both, OURS: gradient_of_the_moving_player}


def bias_afterwards() -> dict[str, Way]:
    maps, kernel, bias = torch.randn(64, 128, 7, 7), torch.randn(128, 64, 4, 4), torch.randn(64)

    def after() -> Tensor:
        return functional.conv_transpose2d(maps, kernel, None, 2, 1).add_(bias[:, None, None])

    return {PLAIN: lambda: functional.conv_transpose2d(maps, kernel, bias, 2, 1), OURS: after}


def by_four() -> dict[str, Way]:
    """A 4x4 transposed convolution of stride 2 as four 2x2 convolutions, one for each parity of row and column."""
    maps, kernel = torch.randn(64, 256, 8, 8), torch.randn(256, 128, 4, 4)
    maps, kernel = (each.contiguous(memory_format=torch.channels_last) for each in (maps, kernel))
    turned = kernel.flip(2, 3).transpose(0, 1)
    parts = {(a, b): turned[:, :, a::2, b::2].contiguous() for a in (0, 1) for b in (0, 1)}

    def ours() -> Tensor:
        padded = functional.pad(maps, (1, 1, 1, 1))
        out = maps.new_empty(64, 128, 16, 16).contiguous(memory_format=torch.channels_last)
        for (a, b), part in parts.items():
            out[:, :, a::2, b::2] = functional.conv2d(padded[:, :, a : a + 9, b : b + 9], part)
        return out

    return {PLAIN: lambda: functional.conv_transpose2d(maps, kernel, None, 2, 1), OURS: ours}


def compiled() -> dict[str, Way]:
    """The plain MAGAN step on MNIST with both networks compiled, once they are."""
    experiment = magan.magan_mnist()
    images = torch.rand(IMAGES, 1, 28, 28, generator=torch.Generator().manual_seed(SEED))

    def step(wrap: Callable[[nn.Module], Any]) -> Way:
        players = bare_players(experiment)
        optimisers = {name: torch.optim.Adamax(each.parameters(), lr=5e-4) for name, each in players.items()}
        wrapped = {name: wrap(player) for name, player in players.items()}
        losses = plain.hinge_on_energies(10.0), plain.energy_of_fakes
        return plain.plain_step(wrapped, optimisers, *losses, images, 50, 64)

    compiling = step(torch.compile)
    began = time.perf_counter()
    compiling()
    FIRST_SECONDS.append(time.perf_counter() - began)
    return {PLAIN: step(lambda player: player), OURS: compiling}
