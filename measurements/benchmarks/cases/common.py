"""What the rows share: networks and whole games on random data, for both sides of a comparison."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Literal

import torch
from torch import nn

from equipoise.algorithms.gan import GAN
from equipoise.algorithms.magan import MAGAN
from equipoise.algorithms.mmd_gan import MMDGAN
from equipoise.data.store import held
from equipoise.experiments.build import build_game, build_network, build_state
from equipoise.experiments.experiment import Experiment
from equipoise.networks.blocks import Projection, Stack
from equipoise.networks.folds import Fold, rectified
from equipoise.recipes import mmd
from equipoise.runs.allocator import keep_freed_memory
from equipoise.training.draw import Draw
from equipoise.training.game import Move
from equipoise.training.loop import Game, Loop, play
from equipoise.training.state import State
from measurements.benchmarks.timers import Way

LARGE_BATCH = 16
"""Of the rows with convolutions of many channels: the recipes' 64 would take a quarter of an hour on one core."""
SEED = 0
Update = Literal["simultaneous", "alternating"]
IMAGES = 512


def game_and_state(experiment: Experiment, shape: tuple[int, ...]) -> tuple[Game, State]:
    """The experiment on random bytes of this shape in place of its data."""
    noise = torch.Generator().manual_seed(SEED)
    store = held(torch.randint(0, 256, (IMAGES, *shape), dtype=torch.uint8, generator=noise))
    game = build_game(experiment, store)
    return game, build_state(experiment, game, torch.device("cpu"))


def whole_iteration(experiment: Experiment, shape: tuple[int, ...]) -> Way:
    """One iteration of Equipoise's loop, everything included."""
    return as_in_a_run(Loop(*game_and_state(experiment, shape)).iterate)


def as_in_a_run(way: Way) -> Way:
    """With the memory kept between steps, as `equipoise train` does; for a process that does nothing else."""

    def step() -> object:
        keep_freed_memory()
        return way()

    return step


def one_move(experiment: Experiment, shape: tuple[int, ...], name: str) -> Way:
    """One play of the named move."""
    game, state = game_and_state(experiment, shape)
    moves: dict[str, Move] = {move.name: move for stage in game.algorithm.stages() for move in stage.moves}
    real = game.source.batch(torch.arange(experiment.batch_size))
    draw = Draw(real, experiment.batch_size, experiment.latent, SEED, "benchmark", 0)
    return as_in_a_run(partial(play, moves[name], state, draw, game))


def bare_players(experiment: Experiment) -> dict[str, nn.Module]:
    """The experiment's networks without its constraint, as they are written: each layer by itself, channels first."""
    noise = torch.Generator().manual_seed(SEED)
    players: dict[str, nn.Module] = {
        name: build_network(player.network, noise) for name, player in experiment.players.items()
    }
    return {name: with_transposed_projections(one_by_one(player)) for name, player in players.items()}


def one_by_one(module: nn.Module) -> nn.Module:
    """No two layers are merged any more; rectifiers write over their input, as most code lets them."""
    return with_folds(module, lambda fold: fold is rectified)


def with_folds(module: nn.Module, kept: Callable[[Fold], bool]) -> nn.Module:
    """Only these pairs of layers are computed as one any more."""
    for part in module.modules():
        if isinstance(part, Stack):
            part.folds = {place: fold for place, fold in part.folds.items() if kept(fold)}
    return module


def with_transposed_projections(module: nn.Module) -> nn.Module:
    """Projections as the papers and most code write them: transposed convolutions of a 1x1 map."""
    for part in module.modules():
        for name, layer in part.named_children():
            if isinstance(layer, Projection):
                setattr(part, name, nn.Sequential(nn.Unflatten(1, (-1, 1, 1)), _transposed(layer)))
    return module


def _transposed(layer: Projection) -> nn.ConvTranspose2d:
    latent_size, channels, size, _ = layer.weight.shape
    convolution = nn.ConvTranspose2d(latent_size, channels, size, bias=layer.bias is not None)
    convolution.load_state_dict(layer.state_dict())
    return convolution


def with_steps(experiment: Experiment, discriminator_steps: int) -> Experiment:
    """A GAN with so many discriminator steps for each of the generator's, on batches of one size."""
    assert isinstance(experiment.algorithm, GAN)
    algorithm = replace(experiment.algorithm, discriminator_steps=discriminator_steps, generator_batches=1)
    return replace(experiment, algorithm=algorithm)


def repulsive_mmd(update: Update) -> Experiment:
    """SN-DCGAN with the bounded repulsive loss on CIFAR-10's images, in either form."""
    experiment = mmd.table_s3("rep-b", "cifar10", None)
    assert isinstance(experiment.algorithm, MMDGAN)
    return replace(experiment, algorithm=replace(experiment.algorithm, update=update))


def at_batch(name: str, batch: int) -> str:
    """The row's name, with its batch where that is not the usual one."""
    return name if batch == LARGE_BATCH else f"{name}, batch {batch}"


def past_first_epoch(loop: Loop) -> Loop:
    """Where MAGAN's adversarial stage has begun."""
    for _ in range(IMAGES // loop.game.batch_size):
        loop.iterate()
    return loop


def without_pretraining(experiment: Experiment) -> Experiment:
    """A MAGAN that begins with its adversarial epochs."""
    assert isinstance(experiment.algorithm, MAGAN)
    return replace(experiment, algorithm=replace(experiment.algorithm, pretrain_epochs=0))
