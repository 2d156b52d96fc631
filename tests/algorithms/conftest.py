"""Toy players in double precision, draws, and the moves of an algorithm by name."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from equipoise.networks import build
from equipoise.networks.catalogue import NETWORKS
from equipoise.training.draw import Draw, Latent
from equipoise.training.game import Algorithm, Move, Outcome

BATCH, LATENT = 6, 3


@pytest.fixture
def player() -> Callable[..., nn.Module]:
    """player(kind, seed=0, **options): a network of the catalogue in double precision."""

    def make(kind: str, seed: int = 0, **options: Any) -> nn.Module:
        built: nn.Module = build(NETWORKS.load(kind), torch.Generator().manual_seed(seed), **options)
        return built.double()

    return make


@pytest.fixture
def draw() -> Callable[..., Draw]:
    """draw(*shape): a real batch of that shape in (0, 1), and the noise that goes with it."""

    def make(*shape: int, position: int = 0, distribution: Any = "normal") -> Draw:
        real = torch.rand(BATCH, *shape, dtype=torch.float64, generator=torch.Generator().manual_seed(11 + position))
        return Draw(real, BATCH, Latent(LATENT, distribution), 5, "test", position)

    return make


@pytest.fixture
def move() -> Callable[..., Move]:
    """move(algorithm, name, stage="adversarial"): one of its moves."""

    def find(algorithm: Algorithm, name: str, stage: str = "adversarial") -> Move:
        stages = {stage.name: stage for stage in algorithm.stages()}
        return {each.name: each for each in stages[stage].moves}[name]

    return find


@pytest.fixture
def play(move: Callable[..., Move]) -> Callable[..., Outcome]:
    """play(algorithm, name, players, draw, memory=None): the outcome of that move, with the others frozen."""

    def carry_out(
        algorithm: Algorithm, name: str, players: Mapping[str, nn.Module], dealt: Draw, memory: Any = None
    ) -> Outcome:
        chosen = move(algorithm, name)
        for each, module in players.items():
            module.requires_grad_(each in chosen.trains)
        return chosen.play(players, memory or algorithm.create_memory(), dealt)

    return carry_out


@pytest.fixture
def gradients() -> Callable[[Tensor, nn.Module], list[Tensor]]:
    """gradients(loss, module): of every parameter, zeros where the loss does not reach it."""

    def find(loss: Tensor, module: nn.Module) -> list[Tensor]:
        wanted = list(module.parameters())
        return list(torch.autograd.grad(loss, wanted, retain_graph=True, allow_unused=True, materialize_grads=True))

    return find


@pytest.fixture
def same_gradients(gradients: Callable[[Tensor, nn.Module], list[Tensor]]) -> Callable[..., None]:
    """same_gradients(loss, reference, module): both losses have this gradient, and it is not zero."""

    def check(loss: Tensor, reference: Tensor, module: nn.Module) -> None:
        torch.testing.assert_close(loss, reference, rtol=1e-10, atol=1e-12)
        ours, theirs = gradients(loss, module), gradients(reference, module)
        assert any(bool(gradient.abs().sum() > 1e-9) for gradient in theirs)
        for mine, other in zip(ours, theirs, strict=True):
            torch.testing.assert_close(mine, other, rtol=1e-9, atol=1e-12)

    return check
