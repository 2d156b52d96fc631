"""Relativistic pairing with R1 and R2: the losses, the penalties, the classes and the augmentation of one step."""

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from equipoise.algorithms.relativistic import RelativisticGAN
from equipoise.augmentation import Augment
from equipoise.experiments.build import build_game, build_state
from equipoise.experiments.experiment import Experiment
from equipoise.testing.toys import TOY_EXPERIMENTS
from equipoise.training.draw import Draw, Latent
from equipoise.training.game import Outcome
from equipoise.training.loop import Loop
from equipoise.training.schedules import Cosine
from equipoise.training.state import state_tensors


def played(experiment: Experiment, position: int, move: int = 0) -> tuple[Outcome, dict[str, Any], Draw]:
    """One play of this move at this position in float64, from the first weights."""
    game = build_game(experiment, experiment.data.load())
    state = build_state(experiment, game, torch.device("cpu"))
    players = {name: player.double() for name, player in state.players.items()}
    real = game.source.batch(torch.arange(game.batch_size)).double()
    labels = None if game.labels is None else game.labels[: game.batch_size]
    draw = Draw(real, game.batch_size, game.prior, 0, "test", position, labels=labels)
    return experiment.algorithm.stages()[0].moves[move].play(players, state.memory, draw), players, draw


def softplus(values: Tensor) -> Tensor:
    return torch.logaddexp(values, torch.zeros_like(values))


@pytest.mark.parametrize("toy", ["relativistic", "relativistic-simultaneous"])
def test_losses_and_penalties_are_those_of_the_paper(toy: str) -> None:
    outcome, players, draw = played(TOY_EXPERIMENTS[toy](), 0)
    fake = players["generator"](draw.latent()).detach()
    squares = []
    for images in (draw.real, fake):
        points = images.clone().requires_grad_()
        (slope,) = torch.autograd.grad(players["discriminator"](points).sum(), points)
        squares.append(slope.square().flatten(1).sum(1).mean())
    gap = (players["discriminator"](draw.real) - players["discriminator"](fake)).detach()
    penalty = (squares[0] + squares[1]) / 2
    expected = softplus(-gap).mean() + 2.0 * 2 * penalty  # gamma, and one of two steps is penalised
    torch.testing.assert_close(outcome.losses["discriminator"].detach(), expected, rtol=1e-9, atol=0)
    if toy == "relativistic-simultaneous":
        torch.testing.assert_close(outcome.losses["generator"].detach(), softplus(gap).mean(), rtol=1e-9, atol=0)
    torch.testing.assert_close(outcome.measures["penalty"].detach(), 2 * penalty, rtol=1e-9, atol=0)
    share = 2 * penalty / (softplus(-gap).mean() + 2 * penalty)
    torch.testing.assert_close(outcome.measures["penalty_share"], share / 16, rtol=1e-9, atol=0)


def test_the_generator_steps_against_the_real_scores() -> None:
    outcome, players, draw = played(TOY_EXPERIMENTS["relativistic"](), 0, move=1)
    fake = players["generator"](draw.latent())
    expected = softplus(players["discriminator"](draw.real) - players["discriminator"](fake)).mean()
    torch.testing.assert_close(outcome.losses["generator"], expected, rtol=1e-9, atol=0)
    weights = list(players["generator"].parameters())
    for found, right in zip(
        torch.autograd.grad(outcome.losses["generator"], weights), torch.autograd.grad(expected, weights), strict=True
    ):
        torch.testing.assert_close(found, right, rtol=1e-7, atol=1e-12)


def test_the_gradient_of_the_penalties_is_that_of_plain_double_backward() -> None:
    outcome, players, draw = played(TOY_EXPERIMENTS["relativistic"](), 0)
    weights = list(players["discriminator"].parameters())
    found = torch.autograd.grad(outcome.losses["discriminator"], weights)
    fake = players["generator"](draw.latent()).detach()
    total = softplus(players["discriminator"](fake) - players["discriminator"](draw.real)).mean()
    for images in (draw.real, fake):
        points = images.clone().requires_grad_()
        (slope,) = torch.autograd.grad(players["discriminator"](points).sum(), points, create_graph=True)
        total = total + 4 * slope.square().flatten(1).sum(1).mean() / 2
    expected = torch.autograd.grad(total, weights, allow_unused=True)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-7, atol=1e-12)


def test_a_plain_step_has_no_penalty() -> None:
    outcome, players, draw = played(TOY_EXPERIMENTS["relativistic"](), 1)
    fake = players["generator"](draw.latent())
    expected = softplus(players["discriminator"](fake) - players["discriminator"](draw.real)).mean()
    torch.testing.assert_close(outcome.losses["discriminator"].detach(), expected.detach(), rtol=1e-9, atol=0)
    assert float(outcome.measures["penalty"]) == 0


def test_each_so_manieth_step_has_penalties() -> None:
    move = RelativisticGAN(iterations=1, penalty_every=3).stages()[0].moves[0]
    assert [move.variant(position) for position in range(7)] == [True, False, False, True, False, False, True]


def test_gamma_and_the_augmentation_follow_their_schedules() -> None:
    """Cosines over 4 iterations: at the second the factors are (1 - cos(pi / 2)) / 2 = 1/2 of the way."""
    toy = TOY_EXPERIMENTS["relativistic"]()
    course = Cosine(4, last=0.2)
    plain = replace(toy, algorithm=RelativisticGAN(iterations=5, penalty_every=1, gamma=3.0))
    there = replace(toy, algorithm=RelativisticGAN(iterations=5, penalty_every=1, gamma=3.0, gamma_schedule=course))
    with_course, _, _ = played(there, 2)
    without, _, _ = played(plain, 2)
    difference = without.losses["discriminator"] - with_course.losses["discriminator"]
    torch.testing.assert_close(difference, 3.0 * 0.4 * without.measures["penalty"], rtol=1e-7, atol=0)
    augment = Augment(("x-flip",), strength=1.0)
    for factor in (0.0, 1.0):
        silent = RelativisticGAN(iterations=5, augment=augment, augment_schedule=Cosine(1, last=factor))
        images = torch.arange(64.0).view(16, 1, 2, 2) / 64
        seen = silent._seen(images, silent.create_memory(), played(toy, 2)[2], "real")
        assert bool((seen[:, :, :, 0] > seen[:, :, :, 1]).any()) == bool(factor)


def test_generated_images_have_the_classes_of_the_real_ones() -> None:
    experiment = replace(TOY_EXPERIMENTS["relativistic-classes"](), algorithm=RelativisticGAN(iterations=4))
    outcome, players, draw = played(experiment, 1)
    assert draw.labels is not None
    latents = draw.prior.of_classes(draw.latent(), draw.labels)
    named = latents[:, -4:]
    assert torch.equal(named.argmax(1), draw.labels)
    score = players["discriminator"]
    expected = softplus(score(players["generator"](latents), named) - score(draw.real, named)).mean()
    torch.testing.assert_close(outcome.losses["discriminator"].detach(), expected.detach(), rtol=1e-9, atol=0)


def test_latents_name_one_class_each() -> None:
    latents = Latent(7, classes=4).sample(400, torch.Generator().manual_seed(0))
    assert latents.shape == (400, 7)
    assert torch.equal(latents[:, 3:].sum(1), torch.ones(400))
    assert bool((latents[:, 3:].mean(0) - 0.25).abs().max() < 0.08)
    with pytest.raises(ValueError, match="classes"):
        Latent(4, classes=4)


def test_an_augmentation_of_strength_zero_changes_nothing() -> None:
    plain, augmented = (
        TOY_EXPERIMENTS["relativistic"](),
        TOY_EXPERIMENTS["relativistic-augmented"](),
    )
    silent = RelativisticGAN(iterations=5, penalty_every=2, augment=Augment(strength=0.0))
    ends = []
    for experiment in (plain, replace(augmented, algorithm=silent)):
        game = build_game(experiment, experiment.data.load())
        loop = Loop(game, build_state(experiment, game, torch.device("cpu")))
        loop.run()
        ends.append({n: t for n, t in state_tensors(loop.state).items() if not n.startswith("memory/")})
    assert all(torch.equal(value, ends[1][name]) for name, value in ends[0].items())


def test_gamma_follows_how_sure_the_discriminator_is() -> None:
    experiment = TOY_EXPERIMENTS["relativistic-gamma"]()
    game = build_game(experiment, experiment.data.load())
    loop = Loop(game, build_state(experiment, game, torch.device("cpu")))
    gamma = 2.0
    for _ in range(4):
        values = loop.iterate().values
        direction = 1 if float(values["sureness"]) > 0.5 else -1
        gamma *= 2 ** (direction / 500)
        assert float(values["gamma"]) == pytest.approx(gamma, rel=1e-12)
    assert gamma != 2.0


def test_the_gamma_that_was_found_weighs_the_penalties() -> None:
    experiment, losses = TOY_EXPERIMENTS["relativistic-gamma"](), []
    fixed = replace(experiment, algorithm=RelativisticGAN(iterations=5, penalty_every=1, gamma=20.0))
    for each in (experiment, fixed):
        game = build_game(each, each.data.load())
        loop = Loop(game, build_state(each, game, torch.device("cpu")))
        loop.state.memory.gamma.fill_(20.0)
        losses.append(float(loop.iterate().values["discriminator/loss"]))
    assert losses[0] == losses[1]


def test_sureness_is_the_running_mean_of_what_the_pairs_are_given() -> None:
    algorithm = RelativisticGAN(iterations=1, gamma_target=0.5)
    memory, expected = algorithm.create_memory(), 0.0
    for gaps in ([1.0, 2.0, -3.0, 0.5], [1.0, 1.0, 1.0, 1.0]):
        algorithm._adapt(memory, torch.tensor(gaps, dtype=torch.float64))
        chances = [1 / (1 + math.exp(-gap)) for gap in gaps]
        expected += (sum(p - (1 - p) for p in chances) / 4 - expected) / 50
    assert float(memory.sureness) == pytest.approx(expected, rel=1e-12)
    for sign, limit in ((-1.0, 0.01), (1.0, 30.0)):
        for _ in range(7000):
            algorithm._adapt(memory, torch.full((4,), 9 * sign))
        assert float(memory.gamma) == pytest.approx(limit)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"gamma": -1.0}, "gamma"),
        ({"penalty_every": 0}, "penalty_every"),
        ({"gamma_target": 1.0}, "gamma_target"),
        ({"gamma": 0.0, "gamma_target": 0.5}, "starts between"),
    ],
)
def test_impossible_settings_are_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        RelativisticGAN(iterations=1, **options)
