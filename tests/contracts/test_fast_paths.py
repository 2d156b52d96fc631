"""Whole updates of the papers' convolutional networks: the fast paths against every layer by itself, in float64."""

from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from equipoise.algorithms.magan import MAGAN
from equipoise.data.store import StoreSource, held
from equipoise.experiments.build import build_game, build_player
from equipoise.experiments.experiment import Experiment, NetworkConfig, network
from equipoise.kernels import winograd
from equipoise.networks.blocks import Stack
from equipoise.recipes import lga, magan, mmd
from equipoise.training import loop as training_loop
from equipoise.training.loop import Loop
from equipoise.training.optimisers import SGD
from equipoise.training.state import State

pytestmark = pytest.mark.lengthy


@dataclass(frozen=True)
class InFloat64:
    """The same batches in float64."""

    source: StoreSource

    def __len__(self) -> int:
        return len(self.source)

    def batch(self, indices: Tensor) -> Tensor:
        return self.source.batch(indices).double()


def _mmd(update: str, size: int | None) -> Experiment:
    experiment = mmd.table_s3("rep-b", "cifar10", size)
    return replace(experiment, algorithm=replace(experiment.algorithm, update=update))  # type: ignore[call-arg]


def _sngan() -> Experiment:
    experiment = lga.sngan("cifar10")
    return replace(experiment, algorithm=replace(experiment.algorithm, discriminator_steps=1))  # type: ignore[call-arg]


EXPERIMENTS = {
    "sn-dcgan, alternating": (lambda: _mmd("alternating", None), (3, 32, 32), 32),
    "sn-dcgan, simultaneous": (lambda: _mmd("simultaneous", None), (3, 32, 32), 32),
    "sn-dcgan, convolution norm": (lambda: _mmd("simultaneous", 64), (3, 32, 32), 32),
    "wgan-gp resnet, map": (lambda: lga.table1("lga8", "cifar10"), (3, 32, 32), 32),
    "sngan resnet": (_sngan, (3, 32, 32), 128),
    "magan mnist": (magan.magan_mnist, (1, 28, 28), None),
}


def _small(experiment: Experiment, width: int | None) -> Experiment:
    """Two images at a time and narrow maps; plain gradient descent, which shows a gradient as it is."""
    options: dict[str, Any] = {"width": width} if width else {}
    players = {
        name: replace(player, network=_narrow(player.network, options), optimiser=SGD(lr=0.01))
        for name, player in experiment.players.items()
    }
    if isinstance(experiment.algorithm, MAGAN):
        experiment = replace(experiment, algorithm=replace(experiment.algorithm, pretrain_epochs=0))
    return replace(experiment, players=players, batch_size=2)


def _narrow(described: NetworkConfig, options: dict[str, Any]) -> NetworkConfig:
    return network(described.kind, **(dict(described.options) | options))


def _parameters_after(experiment: Experiment, shape: tuple[int, ...], plain: bool) -> dict[str, Tensor]:
    noise = torch.Generator().manual_seed(0)
    store = held(torch.randint(0, 256, (4, *shape), dtype=torch.uint8, generator=noise))
    game = build_game(experiment, store)
    examples = {"generator": experiment.latent.sample(2, noise), "discriminator": game.source.batch(torch.arange(2))}
    players = nn.ModuleDict({name: build_player(name, experiment, examples[name]).double() for name in examples})
    if plain:
        for part in players.to(memory_format=torch.contiguous_format).modules():  # type: ignore[call-overload]
            if isinstance(part, Stack):
                part.folds = {}
    source = InFloat64(game.source)  # type: ignore[arg-type]
    state = State(players, game.optimisers, experiment.algorithm.create_memory())
    loop = Loop(replace(game, source=source), state)
    while state.clock.iteration < 1 or state.clock.stage + 1 < len(experiment.algorithm.stages()):
        loop.iterate()  # until the last stage has begun
    loop.iterate()
    return {name: value.detach().clone() for name, value in state.players.named_parameters()}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_update_is_the_plain_update(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, shape, width = EXPERIMENTS[name]
    experiment = _small(make(), width)
    monkeypatch.setattr(winograd, "_KERNEL_COST", 0)  # as if the batch were large
    monkeypatch.setattr(winograd, "_TRANSFORM_COST", 0)  # and the networks wide
    fast = _parameters_after(experiment, shape, plain=False)
    monkeypatch.setattr(training_loop, "fast_convolutions", lambda parameters: nullcontext())
    plain = _parameters_after(experiment, shape, plain=True)
    before = build_player("discriminator", experiment, torch.zeros(2, *shape)).double()
    moved = [
        float((plain[f"discriminator.{key}"] - value).abs().max().detach()) for key, value in before.named_parameters()
    ]
    assert max(moved) > 1e-6
    for key, value in plain.items():
        torch.testing.assert_close(fast[key], value, rtol=1e-9, atol=1e-12)
