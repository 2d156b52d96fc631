"""The main directions of a latent space, against NumPy."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from equipoise.common.errors import EquipoiseError
from equipoise.evaluation.directions import main_directions, moved, regressed_directions, weight_directions
from equipoise.experiments.build import build_network
from equipoise.experiments.experiment import network
from equipoise.networks.catalogue import NETWORKS
from equipoise.networks.network import Generator
from equipoise.training.draw import Latent
from tests.networks.test_every_network import BY_KIND

GENERATORS = [kind for kind in NETWORKS if issubclass(NETWORKS.load(kind), Generator)]


@pytest.mark.parametrize(("distribution", "expected"), [("normal", 5.0), ("uniform", 1.0), ("unit", 1.0)])
def test_moving_never_leaves_the_prior(distribution: str, expected: float) -> None:
    directions = torch.eye(3)[:1]
    far = moved(Latent(3, distribution), torch.tensor([1.0, 0.5, 0.5]), directions, torch.tensor([4.0]))
    assert far.tolist() == [expected, 0.5, 0.5]
    none = moved(Latent(3, distribution), torch.tensor([0.5, 0.5, 0.5]), directions, torch.tensor([0.0]))
    assert none.tolist() == [0.5] * 3


def test_directions_of_a_weight_are_its_singular_vectors_and_those_of_its_response() -> None:
    numbers = np.random.default_rng(0)
    weight = numbers.normal(size=(40, 5)) * np.array([1, 5, 2, 8, 3])
    found = weight_directions(torch.tensor(weight)).numpy()
    expected = np.linalg.svd(weight)[2]
    np.testing.assert_allclose(np.abs((found * expected).sum(1)), 1, atol=1e-9)
    assert (found[np.arange(5), np.abs(found).argmax(1)] > 0).all()
    latents = numbers.normal(size=(20_000, 5))
    sampled = regressed_directions(torch.tensor(latents @ weight.T), torch.tensor(latents), 5).numpy()
    assert (np.abs((found * sampled).sum(1)) > 0.999).all()


def test_regressed_directions_are_least_squares_on_principal_coordinates() -> None:
    numbers = np.random.default_rng(1)
    latents = numbers.normal(size=(60, 4))
    samples = np.tanh(latents @ numbers.normal(size=(4, 9)))
    centred, noise = samples - samples.mean(0), latents - latents.mean(0)
    coordinates = centred @ np.linalg.svd(centred, full_matrices=False)[2][:3].T
    expected = np.stack([np.linalg.lstsq(each[:, None], noise, rcond=None)[0][0] for each in coordinates.T])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    found = regressed_directions(torch.tensor(samples), torch.tensor(latents), 3).numpy()
    np.testing.assert_allclose(np.abs((found * expected).sum(1)), 1, atol=1e-9)


@pytest.mark.parametrize("kind", GENERATORS)
def test_every_generator_has_main_directions_from_its_first_layer(kind: str) -> None:
    generator = build_network(network(kind, **BY_KIND[kind]), torch.Generator().manual_seed(1)).train()
    kept = {name: value.clone() for name, value in generator.state_dict().items()}
    found = main_directions(generator, Latent(generator.latent_size), 3)
    assert found.origin == "the generator's first layer"
    torch.testing.assert_close(found.vectors @ found.vectors.T, torch.eye(3))
    assert generator.training
    assert all(torch.equal(value, kept[name]) for name, value in generator.state_dict().items())


def test_constraints_and_classes_are_taken_into_account() -> None:
    linear = nn.utils.parametrizations.spectral_norm(nn.Linear(5, 30))
    found = main_directions(nn.Sequential(nn.Unflatten(1, (5,)), linear, nn.ReLU()), Latent(5, classes=2), 8)
    expected = np.linalg.svd(linear.eval().weight.detach().numpy()[:, :3])[2]
    np.testing.assert_allclose(np.abs((found.vectors[:, :3].numpy() * expected).sum(1)), 1, atol=1e-5)
    assert found.vectors.shape == (3, 5)
    assert not found.vectors[:, 3:].any()


class Lengths(nn.Module):
    """Gives latents the length 1 first, as some generators do."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor([9.0, 1.0, 0.1]))

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        return nn.functional.normalize(latent) * self.scale


def test_a_first_layer_that_is_not_linear_leaves_the_samples() -> None:
    found = main_directions(Lengths(), Latent(3), 2)
    assert found.origin == "a sample of its pictures"
    assert found.vectors.abs().argmax(1).tolist() == [0, 1]


def test_a_generator_that_has_diverged_is_refused_in_one_sentence() -> None:
    diverged = nn.Linear(3, 4)
    nn.init.constant_(diverged.weight, math.nan)
    with pytest.raises(EquipoiseError, match="the generator has diverged"):
        main_directions(diverged, Latent(3), 2)
