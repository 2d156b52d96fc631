"""Latent vectors: ways from one to another, and nearer to the mean."""

import math

import pytest
import torch
from torch import Tensor

from equipoise.evaluation.latents import between, latent_batch, latents_of_seeds, round_trip, truncated
from equipoise.training.draw import Latent

SHARES = torch.tensor([0.0, 0.25, 0.5, 1.0])


def way(prior: Latent, start: list[float], end: list[float]) -> Tensor:
    first, last = (torch.tensor(each).expand(4, -1) for each in (start, end))
    return between(prior, first, last, SHARES[:, None])


def test_the_way_between_normal_latents_is_an_arc() -> None:
    found = way(Latent(3), [2.0, 0, 0], [0.0, 2, 0])
    angles = [0, math.pi / 8, math.pi / 4, math.pi / 2]
    torch.testing.assert_close(found, torch.tensor([[2 * math.cos(each), 2 * math.sin(each), 0] for each in angles]))
    unequal = way(Latent(2), [1.0, 0], [0.0, 3])[2]
    torch.testing.assert_close(unequal, torch.tensor([1.0, 3.0]) * math.sqrt(0.5))


def test_vectors_on_one_line_are_joined_by_it() -> None:
    torch.testing.assert_close(way(Latent(2), [1.0, 2], [3.0, 6])[:, 0], torch.tensor([1.0, 1.5, 2, 3]))
    torch.testing.assert_close(way(Latent(2), [1.0, 2], [-1.0, -2])[:, 0], torch.tensor([1.0, 0.5, 0, -1]))


def test_the_way_between_bounded_latents_and_between_classes_is_a_line() -> None:
    line = torch.tensor([[1.0, 0], [0.75, 0.25], [0.5, 0.5], [0, 1]])
    torch.testing.assert_close(way(Latent(2, "uniform"), [1.0, 0], [0.0, 1]), line)
    mixed = way(Latent(4, classes=2), [1.0, 0, 1, 0], [0.0, 1, 0, 1])
    torch.testing.assert_close(mixed[:, 2:], line)
    assert mixed[2, 0] > line[2, 0]


@pytest.mark.parametrize("distribution", ["normal", "uniform"])
def test_a_way_goes_through_its_stops_and_back(distribution: str) -> None:
    prior = Latent(8, distribution, classes=3)  # type: ignore[arg-type]
    stops = latents_of_seeds(prior, [4, 9, 2])
    way = round_trip(prior, stops, 4)
    assert way.shape == (12, 8)
    assert torch.equal(way[::4], stops)
    middle = (stops[2] + stops[0]) / 2
    torch.testing.assert_close(way[10, 5:], middle[5:])
    is_straight = torch.allclose(way[10, :5], middle[:5])
    assert is_straight == (distribution == "uniform")


def test_truncation_moves_the_noise_to_the_priors_mean_and_leaves_the_class() -> None:
    prior = Latent(6, "unit", classes=2)
    latents = latent_batch(prior, 3, 0)
    half = truncated(prior, latents, 0.5)
    torch.testing.assert_close(half[:, :4], 0.25 + latents[:, :4] / 2)
    assert torch.equal(half[:, 4:], latents[:, 4:])
    assert bool((truncated(Latent(6), latents, 0.0) == 0).all())
