"""The rows: each builds both sides with the same networks, batch and precision."""

from dataclasses import replace
from functools import partial

import plain
import scipy.linalg
import torch
from measure import Case, Way
from torch import nn

from equipoise.algorithms.mmd_gan import MMDGAN
from equipoise.constraints import gradient_penalty
from equipoise.data.store import held
from equipoise.experiments.build import build_game, build_network, build_state
from equipoise.experiments.experiment import Experiment
from equipoise.losses import GaussianKernel, squared_mmd
from equipoise.losses.kernels import GAUSSIAN_MIXTURE
from equipoise.metrics.frechet import frechet_distance
from equipoise.recipes import lga, magan, mmd
from equipoise.recipes.digits import magan_digits
from equipoise.training.draw import Draw
from equipoise.training.game import Move
from equipoise.training.loop import Game, Loop, play
from equipoise.training.state import State

LARGE_BATCH = 16
"""Of the rows with convolutions of many channels: the recipes' 64 would take a quarter of an hour on one core."""
_SEED = 0
_IMAGES = 512
_FRECHET_FEATURES = 1024


def game_and_state(experiment: Experiment, shape: tuple[int, ...]) -> tuple[Game, State]:
    """The experiment on random bytes of this shape in place of its data."""
    noise = torch.Generator().manual_seed(_SEED)
    store = held(torch.randint(0, 256, (_IMAGES, *shape), dtype=torch.uint8, generator=noise))
    game = build_game(experiment, store)
    return game, build_state(experiment, game, torch.device("cpu"))


def whole_iteration(experiment: Experiment, shape: tuple[int, ...]) -> Way:
    """One iteration of Equipoise's loop, everything included."""
    return Loop(*game_and_state(experiment, shape)).iterate


def one_move(experiment: Experiment, shape: tuple[int, ...], name: str) -> Way:
    """One play of the named move."""
    game, state = game_and_state(experiment, shape)
    moves: dict[str, Move] = {move.name: move for stage in game.algorithm.stages() for move in stage.moves}
    real = game.source.batch(torch.arange(experiment.batch_size))
    draw = Draw(real, experiment.batch_size, experiment.latent, _SEED, "benchmark", 0)
    return partial(play, moves[name], state, draw, game)


def bare_players(experiment: Experiment) -> dict[str, nn.Module]:
    """The experiment's networks without its constraint."""
    noise = torch.Generator().manual_seed(_SEED)
    return {name: build_network(player.network, noise) for name, player in experiment.players.items()}


def mmd_loss(name: str, bandwidths: tuple[float, ...]) -> Case:
    """Loss and gradient of 64 features of 16 numbers."""

    def prepare() -> dict[str, Way]:
        noise = torch.Generator().manual_seed(_SEED)
        real, fake = (torch.randn(64, 16, generator=noise).requires_grad_() for _ in range(2))
        kernel = GaussianKernel(bandwidths)
        return {
            "cdist and autograd": lambda: torch.autograd.grad(plain.squared_mmd(real, fake, bandwidths), (real, fake)),
            "equipoise": lambda: torch.autograd.grad(squared_mmd(real, fake, kernel), (real, fake)),
        }

    work = "forward and backward, batch 64, 16 features, float32"
    return Case(
        f"MMD loss, {name}", "torch.cdist and autograd", {"equipoise": 4.0}, prepare, work, rounds=15, calls=200
    )


def magan_row(name: str, experiment: Experiment, shape: tuple[int, ...], calls: int, target: dict[str, float]) -> Case:
    """A whole adversarial iteration: Equipoise's with its log values, random addresses and health signs."""

    def prepare() -> dict[str, Way]:
        adversarial = replace(experiment, algorithm=replace(experiment.algorithm, pretrain_epochs=0))
        game, state = game_and_state(adversarial, shape)
        loop = Loop(game, state)
        for _ in range(_IMAGES // experiment.batch_size):
            loop.iterate()
        players = bare_players(experiment)
        optimisers = {
            each: torch.optim.Adamax(players[each].parameters(), lr=player.optimiser.lr, betas=(0.5, 0.999))
            for each, player in experiment.players.items()
        }
        images = torch.rand(_IMAGES, *shape, generator=torch.Generator().manual_seed(_SEED))
        losses = plain.hinge_on_energies(10.0), plain.energy_of_fakes
        step = plain.plain_step(players, optimisers, *losses, images, experiment.latent.size, experiment.batch_size)
        return {"plain eager": step, "equipoise": loop.iterate}

    work = f"discriminator and generator step, batch {experiment.batch_size}, float32"
    return Case(name, "a plain eager step", target, prepare, work, rounds=9, calls=calls)


def repulsive_mmd_row() -> Case:
    """SN-DCGAN with the bounded repulsive loss, alternating on both sides, and the paper's simultaneous form."""

    def prepare() -> dict[str, Way]:
        base = mmd.table_s3("rep-b", "cifar10", None)
        base = replace(base, batch_size=LARGE_BATCH)
        assert isinstance(base.algorithm, MMDGAN)
        alternating = replace(base, algorithm=replace(base.algorithm, update="alternating"))
        players = bare_players(base)
        plain.normalised(players["discriminator"])
        optimisers = {
            each: torch.optim.Adam(player.parameters(), 1e-3, (0.5, 0.999)) for each, player in players.items()
        }
        images = torch.rand(_IMAGES, 3, 32, 32, generator=torch.Generator().manual_seed(_SEED)) * 2 - 1
        losses = plain.repulsive_mmd, plain.mmd_of_fakes
        return {
            "plain eager, alternating": plain.plain_step(players, optimisers, *losses, images, 128, LARGE_BATCH),
            "equipoise, alternating": whole_iteration(alternating, (3, 32, 32)),
            "equipoise, simultaneous": whole_iteration(base, (3, 32, 32)),
        }

    target = {"equipoise, alternating": 1.5, "equipoise, simultaneous": 1.9}
    work = f"whole iteration, SN-DCGAN 32x32 with PIM, batch {LARGE_BATCH}, float32"
    return Case("SN-DCGAN + repulsive MMD", "a plain eager alternating step", target, prepare, work, rounds=3)


def pico_row() -> Case:
    """The two spectral normalisations in the same iteration."""

    def prepare() -> dict[str, Way]:
        pim = replace(mmd.table_s3("rep-b", "cifar10", None), batch_size=LARGE_BATCH)
        pico = replace(mmd.table_s3("rep-b", "cifar10", 64), batch_size=LARGE_BATCH)
        return {"PIM": whole_iteration(pim, (3, 32, 32)), "PICO": whole_iteration(pico, (3, 32, 32))}

    work = f"whole simultaneous iteration, SN-DCGAN 32x32, batch {LARGE_BATCH}, float32"
    return Case("PICO", "PIM; the target is a step time of at most 1.05", {"PICO": 1 / 1.05}, prepare, work, rounds=3)


def penalty_row() -> Case:
    """The gradient penalty alone, value and gradient."""

    def prepare() -> dict[str, Way]:
        discriminator = bare_players(lga.table1("lga8", "cifar10"))["discriminator"]
        weights = [value for name, value in discriminator.named_parameters() if "bias" not in name]
        points = torch.rand(LARGE_BATCH, 3, 32, 32, generator=torch.Generator().manual_seed(_SEED))
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
        real = torch.rand(LARGE_BATCH, 3, 32, 32, generator=torch.Generator().manual_seed(_SEED)) * 2 - 1

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


def frechet_row() -> Case:
    """Two covariances of full rank."""

    def prepare() -> dict[str, Way]:
        noise = torch.Generator().manual_seed(_SEED)
        size = _FRECHET_FEATURES
        rows = [torch.randn(2 * size, size, dtype=torch.float64, generator=noise).numpy() for _ in range(2)]
        a, b = (each.T @ each / len(each) for each in rows)
        means = rows[0].mean(0), rows[1].mean(0)

        def from_root() -> float:
            root = scipy.linalg.sqrtm(a @ b)
            return float(((means[0] - means[1]) ** 2).sum() + a.trace() + b.trace() - 2 * root.real.trace())

        def from_eigenvalues() -> float:
            eigenvalues = torch.linalg.eigvals(torch.from_numpy(a @ b))
            roots = float(eigenvalues.sqrt().real.sum())
            return float(((means[0] - means[1]) ** 2).sum() + a.trace() + b.trace() - 2 * roots)

        ours = partial(frechet_distance, means[0], a, means[1], b)
        return {"scipy's sqrtm": from_root, "eigenvalues of the product": from_eigenvalues, "equipoise": ours}

    work = f"{_FRECHET_FEATURES} features, float64"
    return Case("Frechet distance", "scipy's matrix square root", {"equipoise": 8.0}, prepare, work, rounds=3)


def cpu_cases() -> list[Case]:
    """All rows, the cheap ones first."""
    return [
        mmd_loss("one bandwidth", (1.0,)),
        mmd_loss("five bandwidths", GAUSSIAN_MIXTURE),
        magan_row("MAGAN digits", magan_digits(), (1, 8, 8), 40, {}),
        magan_row("MAGAN MNIST", magan.magan_mnist(), (1, 28, 28), 4, {"equipoise": 1.45}),
        penalty_row(),
        penalised_step_row(),
        pico_row(),
        repulsive_mmd_row(),
        frechet_row(),
    ]
