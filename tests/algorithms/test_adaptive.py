"""Adaptive margins of hinge and of the bounded repulsive loss, against plain loops in float64."""

import itertools
import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from equipoise.algorithms.adaptive_bounds import AdaptiveBounds, of_pairs
from equipoise.algorithms.adaptive_hinge import AdaptiveHinge
from equipoise.algorithms.magan import MarginMemory
from equipoise.experiments.build import build_game, build_state
from equipoise.experiments.experiment import Experiment
from equipoise.losses import energy_discriminator_loss, hinge_discriminator_loss, mmd_discriminator_loss
from equipoise.losses.bounds import adapted_bounds
from equipoise.simulations.adaptive_margins import (
    RULES,
    AdaptiveSettings,
    bounded_velocity,
    follow_bounds,
    follow_hinge,
)
from equipoise.simulations.discrete_magan import Dynamics, follow, random_distributions
from equipoise.simulations.quadrature import standard_normal, uniform
from equipoise.simulations.two_parameter_mmd import TwoParameterMMD
from equipoise.testing.toys import TOY_EXPERIMENTS
from equipoise.training.draw import Draw
from equipoise.training.loop import Loop


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def closed(experiment: Experiment) -> list[dict[str, float]]:
    """What each epoch of a run found."""
    game = build_game(experiment, experiment.data.load())
    loop, found = Loop(game, build_state(experiment, game, torch.device("cpu"))), []
    while not loop.finished:
        values = loop.iterate().epoch_values
        if values is not None:
            found.append({name: float(value) for name, value in values.items()})
    return found


@pytest.mark.parametrize("margin", [0.3, 1.0, 2.5])
def test_hinge_is_twice_the_loss_of_an_energy(margin: float) -> None:
    """With e = (m - s) / 2, clipped below, relu(m - s) + relu(m + s') = 2 (relu(e) + relu(m - relu(e')))."""
    real, fake = drawn(40), drawn(40, seed=1)
    energy_of_real, energy_of_fake = (torch.relu((margin - scores) / 2) for scores in (real, fake))
    expected = 2 * energy_discriminator_loss(energy_of_real, energy_of_fake, margin)
    beyond = torch.relu(fake - margin).mean()  # hinge goes on pushing fakes whose energy is below 0
    torch.testing.assert_close(hinge_discriminator_loss(real, fake, margin), expected + beyond)


def test_a_margin_is_a_matter_of_scale() -> None:
    real, fake = drawn(9), drawn(9, seed=1)
    found = hinge_discriminator_loss(real, fake, 2.5)
    torch.testing.assert_close(found, 2.5 * hinge_discriminator_loss(real / 2.5, fake / 2.5))


def test_the_margin_follows_the_mean_hinge_of_an_epoch() -> None:
    algorithm = AdaptiveHinge(epochs=1, margin=2.0, least_margin=0.5)
    memory = algorithm.create_memory()
    assert isinstance(memory, MarginMemory)

    def epoch(real: float, fake: float) -> float:
        memory.add_real(torch.relu(memory.margin - torch.tensor([real, real + 9])) / 2)
        memory.add_fake((memory.margin - torch.tensor([fake])) / 2)
        return float(algorithm._close(memory)["next_margin"])

    assert epoch(0.0, -1.0) == 2.0  # the first never moves it; the data's energy is ((2 - 0) / 2 + 0) / 2 = 0.5
    assert epoch(0.0, -0.5) == 2.0  # the generator gained
    assert epoch(-9.5, -0.6) == 2.0  # the data's energy, 11.5 / 4 + 1.25 / 2, is larger than the margin
    assert epoch(-1.0, -0.9) == 0.75  # the generator gained nothing, and the data's energy is (2 + 1) / 4
    assert epoch(9.0, -3.0) == 0.5  # all real scores lie beyond the margin: only the limit holds it


@pytest.mark.parametrize("name", ["adaptive-hinge", "adaptive-bounds"])
def test_margins_only_tighten_and_fixed_ones_stay(name: str) -> None:
    toy: Any = TOY_EXPERIMENTS[name]()
    longer = replace(toy.algorithm, epochs=12)
    moving, fixed = (closed(replace(toy, algorithm=each)) for each in (longer, replace(longer, adaptive=False)))
    names = [each for each in ("margin", "lower_bound", "upper_bound") if each in moving[0]]
    assert any(moving[-1][each] != moving[0][each] for each in names)
    assert all(fixed[-1][each] == fixed[0][each] for each in names)
    for before, after in itertools.pairwise(moving):
        assert after.get("lower_bound", 0) >= before.get("lower_bound", 0)
        assert all(after[each] <= before[each] for each in names if each != "lower_bound")


def test_the_bounded_loss_is_rep_b_and_its_statistics_are_those_of_the_pairs() -> None:
    toy = TOY_EXPERIMENTS["adaptive-bounds"]()
    algorithm = AdaptiveBounds(epochs=1, bounds=(0.02, 0.5), quantiles=(0.1, 0.8))
    game = build_game(replace(toy, algorithm=algorithm), toy.data.load())
    state = build_state(toy, game, torch.device("cpu"))
    players = {name: player.double() for name, player in state.players.items()}
    draw = Draw(game.source.batch(torch.arange(16)).double(), 16, game.prior, 0, "test", 0)
    memory = algorithm.create_memory()
    outcome = algorithm.stages()[0].moves[0].play(players, memory, draw)
    real, fake = players["discriminator"](draw.real), players["discriminator"](players["generator"](draw.latent()))
    expected = mmd_discriminator_loss(real, fake, bounds=(0.02, 0.5))
    torch.testing.assert_close(outcome.losses["discriminator"], expected, rtol=1e-9, atol=1e-12)
    for ours, theirs in zip(
        torch.autograd.grad(outcome.losses["discriminator"], list(players["discriminator"].parameters())),
        torch.autograd.grad(expected, list(players["discriminator"].parameters())),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-7, atol=1e-12)
    pairs = [float((a - b).square().sum()) for a, b in itertools.permutations(real.detach(), 2)]
    torch.testing.assert_close(
        of_pairs(real.detach()).sort().values, torch.tensor(sorted(pairs)).double(), rtol=1e-5, atol=0
    )
    found = algorithm._close(memory)
    assert float(found["real_distance"]) == pytest.approx(sum(pairs) / len(pairs))
    assert torch.equal(memory.bounds, torch.tensor([0.02, 0.5], dtype=torch.float64))  # not after the first epoch


@pytest.mark.parametrize(
    ("quantiles", "real", "fake", "before", "expected"),
    [
        ((0.5, 2.0), -3.0, -1.0, -1.0, (0.5, 2.0)),
        ((0.1, 9.0), -3.0, -1.0, -1.0, (0.25, 4.0)),  # the data lie across the bounds already
        ((0.5, 2.0), -3.0, -1.0, -0.5, (0.25, 4.0)),  # generated pairs spread: the generator gains
        ((0.5, 2.0), -3.0, -4.0, -5.0, (0.25, 4.0)),  # generated pairs lie further apart than real ones
        ((0.5, 2.0), -3.0, -1.0, math.inf, (0.25, 4.0)),  # the first epoch
        ((0.01, 0.2), -0.1, -0.05, -0.06, (0.25, 4.0)),  # all real pairs lie below the lower bound: they would cross
    ],
)
def test_when_bounds_move(
    quantiles: tuple[float, float], real: float, fake: float, before: float, expected: tuple[float, float]
) -> None:
    start = torch.tensor([0.25, 4.0])
    found = adapted_bounds(start, torch.tensor(quantiles), *map(torch.tensor, (real, fake, before)))
    assert torch.equal(found, torch.tensor(expected))


def test_with_optimal_discriminators_adaptive_hinge_is_magan_and_following_scores_stops() -> None:
    """The generator's step is twice as long, as a score is m - 2 e."""
    settings, few = AdaptiveSettings(epoch_steps=50, epochs=40), AdaptiveSettings(epoch_steps=50, epochs=6)
    p, q = (random_distributions(8, 10, torch.Generator().manual_seed(seed)) for seed in (0, 1))
    distances, margins = follow_hinge(p, q, RULES["energy"], few)  # later, rounding decides what is a tie
    magan = follow(p, q, Dynamics(step_size=0.2, epoch_steps=50, epochs=6))
    torch.testing.assert_close(distances, magan.distances, rtol=1e-6, atol=1e-12)
    torch.testing.assert_close(margins, magan.margins, rtol=1e-6, atol=1e-12)
    ends, fixed = (follow_hinge(p, q, RULES[rule], settings)[0][:, -1] for rule in ("energy", "fixed"))
    assert float(ends.max()) < 1e-3 < 0.01 < float(fixed.min())
    naive, zero = follow_hinge(p, q, RULES["mean score"], settings)
    assert bool(((zero[:, -1] == 0) & (naive[:, -1] > 0.01)).any())


def test_the_bounded_flow_is_the_gradient_of_the_loss_and_leaves_the_trivial_solution() -> None:
    system = TwoParameterMMD(standard_normal(20), bandwidth=1.0, noise=uniform(8))
    bounds = torch.tensor([0.25, 4.0], dtype=torch.float64)

    def loss(log_w2: Tensor) -> Tensor:
        real, fake = log_w2.exp() * system.data.points**2, log_w2.exp() * (2.0 * system.noise.points) ** 2
        similar = [
            weights @ torch.exp(-((each[:, None] - each) ** 2).clamp(*limits) / 2) @ weights
            for each, weights, limits in (
                (real, system.data.weights, (0.0, 4.0)),
                (fake, system.noise.weights, (0.25, math.inf)),
            )
        ]
        return similar[0] - similar[1]

    place = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(loss(place), place)
    found = bounded_velocity(system, torch.tensor([2.0, 0.3], dtype=torch.float64), bounds)[1]
    torch.testing.assert_close(found, -slope * math.exp(-0.6))
    # However wide the generator, the discriminator grows where w2 is small; without bounds it vanishes.
    small = torch.tensor([[3.0, -4.0]], dtype=torch.float64)
    assert float(bounded_velocity(system, small, bounds)[0, 1]) > 0
    assert float(bounded_velocity(system, small, torch.tensor([0.0, math.inf], dtype=torch.float64))[0, 1]) < 0
    settings = AdaptiveSettings(flow_epochs=4, flow_steps=4)
    _, limits = follow_bounds(system, torch.tensor([[3.0, 0.1], [0.5, 1.0]]).double(), (0.25, 4.0), True, settings)
    assert bool((limits[:, 0] >= 0.25).all() and (limits[:, 1] <= 4.0).all() and (limits[:, 0] < limits[:, 1]).all())


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: AdaptiveHinge(epochs=1, margin=0.0), "margin"),
        (lambda: AdaptiveHinge(epochs=1, margin=0.1, least_margin=0.2), "least_margin"),
        (lambda: AdaptiveBounds(epochs=1, bounds=(4.0, 0.25)), "bounds"),
        (lambda: AdaptiveBounds(epochs=1, bounds=(0.0, 0.25)), "lower bound"),
        (lambda: AdaptiveBounds(epochs=1, quantiles=(0.5, 1.5)), "quantiles"),
    ],
)
def test_impossible_settings_are_refused(make: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make()
