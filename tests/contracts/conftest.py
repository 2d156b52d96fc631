"""One table of toy experiments: every algorithm, and every variant that the engine could get wrong, has an entry.

All of them train on 64 random grey images of 4x4, in batches of 16, with tiny networks. A new algorithm joins here, and
every contract in this folder then holds it to the engine's promises.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch

from equipoise.algorithms.ebgan import EBGAN
from equipoise.algorithms.gan import GAN
from equipoise.algorithms.magan import MAGAN
from equipoise.data.store import Store, held
from equipoise.experiments.experiment import Experiment, Player, network
from equipoise.training.average import Average
from equipoise.training.draw import Latent
from equipoise.training.game import Algorithm
from equipoise.training.optimisers import SGD, Adam, Adamax, Halving, LinearDecay, RMSprop

SHAPE = (1, 4, 4)
COUNT = 66  # two more than whole batches, so that every pass leaves another rest


@dataclass(frozen=True)
class ToyImages:
    """Random images in place of a data set."""

    @property
    def name(self) -> str:
        return "toy"

    def load(self, root: Any = None, seed: int = 0) -> Store:
        generator = torch.Generator().manual_seed(7)
        images = torch.randint(0, 256, (COUNT, *SHAPE), generator=generator, dtype=torch.uint8)
        return held(images, torch.arange(COUNT) % 4, classes=4)


def toy(algorithm: Algorithm, players: dict[str, Player], **changes: Any) -> Experiment:
    fixed: dict[str, Any] = {"name": "toy", "data": ToyImages(), "value_range": "unit", "batch_size": 16}
    return Experiment(**(fixed | {"latent": Latent(3), "players": players, "algorithm": algorithm} | changes))


def generator(**options: Any) -> Any:
    fixed = {"latent_size": 3, "image_shape": SHAPE, "hidden": (8,), "output_activation": "sigmoid"}
    return network("mlp-generator", **(fixed | options))


def discriminator(**options: Any) -> Any:
    return network("mlp-discriminator", **({"image_shape": SHAPE, "hidden": (8,)} | options))


def autoencoder() -> Any:
    return network("dense-autoencoder", image_shape=SHAPE, encoder_sizes=(8, 4))


def two(generator_network: Any, discriminator_network: Any, optimiser: Any = None, **discriminator_fields: Any) -> Any:
    optimiser = optimiser or Adam(lr=1e-2)
    return {
        "generator": Player(network=generator_network, optimiser=optimiser),
        "discriminator": Player(network=discriminator_network, optimiser=optimiser, **discriminator_fields),
    }


def _gan(**options: Any) -> Experiment:
    return toy(GAN(epochs=3, **options), two(generator(), discriminator()))


def _gan_with_everything() -> Experiment:
    """Batch norm, dropout, a moving average and a falling learning rate at once."""
    players = two(
        generator(batch_norm=True),
        discriminator(dropout=0.5),
        Adam(lr=1e-2, schedule=LinearDecay(end=20)),
    )
    return toy(GAN(iterations=14, discriminator_steps=2), players, average=Average(half_life_images=50))


def _gan_optimisers() -> Experiment:
    players = two(generator(), discriminator())
    players["generator"] = replace(players["generator"], optimiser=RMSprop(lr=1e-3, schedule=Halving(every=4)))
    players["discriminator"] = replace(players["discriminator"], optimiser=SGD(lr=1e-2, momentum=0.9))
    return toy(GAN(epochs=3, loss="hinge"), players)


def _energy(algorithm: Algorithm) -> Experiment:
    return toy(algorithm, two(generator(), autoencoder(), Adamax(lr=1e-2)))


TOY_EXPERIMENTS: dict[str, Callable[[], Experiment]] = {
    "gan": lambda: _gan(),
    "gan-hinge": lambda: _gan(loss="hinge"),
    "gan-simultaneous": lambda: _gan(update="simultaneous"),
    "gan-n-dis": lambda: toy(GAN(iterations=7, discriminator_steps=3), two(generator(), discriminator())),
    "gan-with-everything": _gan_with_everything,
    "gan-other-optimisers": _gan_optimisers,
    "ebgan": lambda: _energy(EBGAN(margin=3.0, epochs=3)),
    "magan": lambda: _energy(MAGAN(epochs=5, pretrain_epochs=2)),
    "magan-norm": lambda: _energy(MAGAN(epochs=4, pretrain_epochs=1, energy="norm")),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `toy_experiment` runs once for each entry of the table."""
    if "toy_experiment" in metafunc.fixturenames:
        metafunc.parametrize("toy_experiment", TOY_EXPERIMENTS.values(), ids=TOY_EXPERIMENTS.keys(), indirect=True)


@pytest.fixture
def toy_experiment(request: pytest.FixtureRequest) -> Experiment:
    made: Experiment = request.param()
    return made


@pytest.fixture
def toy_table() -> dict[str, Experiment]:
    return {name: make() for name, make in TOY_EXPERIMENTS.items()}
