"""Scores as particles: each step against plain loops, and where the two losses carry them."""

import math

import numpy as np
import pytest
import torch

from equipoise.simulations.particles import ParticleSettings, compute, move, spread

SHORT = ParticleSettings(particles=3, discriminator_steps=4, generator_steps=3, step_size=0.05)


def slopes(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The gradient of the mean of exp(-|a_i - b_j|²) over the pairs i ≠ j, with respect to the points a."""
    result, pairs = np.zeros_like(points), len(points) * (len(points) - 1)
    for i, a in enumerate(points):
        for j, b in enumerate(others):
            result[i] += (i != j) * -2 * (a - b) * math.exp(-((a - b) ** 2).sum()) / pairs
    return result


@pytest.mark.parametrize("repulsion", [-1.0, 1.0])
def test_every_step_is_the_gradient_in_plain_loops(repulsion: float) -> None:
    paths = move(repulsion, SHORT)
    real, fake = paths.real[0].numpy(), paths.fake[0].numpy()
    for moment in range(1, len(paths.real)):
        of_fake = 2 * slopes(fake, fake) - 2 * slopes(fake, real)
        of_real = np.zeros_like(real)
        if moment <= paths.turn:
            of_real = 2 * repulsion * slopes(real, real) - (repulsion - 1) * slopes(real, fake)
            of_fake = -2 * slopes(fake, fake) - (repulsion - 1) * slopes(fake, real)
        real, fake = real - 0.05 * of_real, fake - 0.05 * of_fake
        np.testing.assert_allclose(paths.real[moment], real, atol=1e-12)
        np.testing.assert_allclose(paths.fake[moment], fake, atol=1e-12)
    assert paths.turn == 4
    assert len(paths.real) == len(paths.fake) == 8


def test_the_repulsive_loss_spreads_real_scores_and_the_attractive_one_contracts_them() -> None:
    settings = ParticleSettings(repetitions=2, discriminator_steps=450, generator_steps=50)
    attractive, repulsive = compute(settings)["losses"]
    assert attractive["loss"] == "attractive"
    assert attractive["real_spread_after_discriminator"] < attractive["real_spread_before"]
    assert repulsive["real_spread_after_discriminator"] > 2 * repulsive["real_spread_before"]
    assert repulsive["fake_spread_after_discriminator"] < repulsive["real_spread_before"] / 2
    for result in (attractive, repulsive):
        assert len(result["real_path"]) == len(result["fake_path"]) == 11
        assert result["turn"] == 9


def test_the_paths_depend_on_the_seed_alone() -> None:
    state = torch.random.get_rng_state()
    first, again, other = (
        move(1.0, ParticleSettings(seed=seed, discriminator_steps=2, generator_steps=2)) for seed in (0, 0, 1)
    )
    assert torch.equal(first.fake, again.fake)
    assert not torch.equal(first.fake, other.fake)
    assert torch.equal(state, torch.random.get_rng_state())


def test_spread_is_the_root_mean_square_distance_to_the_centre() -> None:
    points = torch.tensor([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]])
    assert float(spread(points)) == pytest.approx(math.sqrt(2))
