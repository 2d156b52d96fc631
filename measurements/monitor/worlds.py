"""What the watched runs are trained on: data, two small networks, and a judge that the monitors know nothing of."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import prod, tau
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from equipoise.data.digits import Digits
from equipoise.data.folder import Folder
from equipoise.data.mnist import Mnist
from equipoise.data.store import Store
from equipoise.evaluation.classifier import Classifier, train_classifier
from equipoise.evaluation.classifier_network import DIGITS_RECIPE, ClassifierRecipe
from equipoise.evaluation.judge import all_items, parts_of

LATENT = 32
MOST = 10_000
"""Items by which a judge learns: enough to tell digits from each other."""
RING_MODES, RING_DEVIATION = 8, 0.05
Players = tuple[nn.Module, nn.Module]


@dataclass(frozen=True)
class Judged:
    """What a judge says of samples: the class of each (-1 for none), and features [count, size] in float64."""

    classes: Tensor
    features: Tensor


@dataclass(frozen=True)
class World:
    """Data in [-1, 1] (points of a ring as they are), who plays on them, and who judges.

    Attributes:
        training, held_out: [count, ...] float32.
        classes: how many classes the judge knows.
        judge: samples [count, ...] to classes and features.
        players: makes a generator and a discriminator; the word says whether that is spectrally normalised.
        iterations: the length of a run.
        batch_size: of real and of fake items.
    """

    name: str
    training: Tensor
    held_out: Tensor
    classes: int
    judge: Callable[[Tensor], Judged]
    players: Callable[[bool], Players]
    iterations: int
    batch_size: int


@cache
def world(name: str, folder: Path | None) -> World:
    """A world by name; `folder` holds `MNIST/raw`, and for colour the images of CIFAR-10 in subfolders by class."""
    return {"ring": _ring, "digits": _digits, "mnist": _mnist, "colour": _colour}[name](folder)


def _ring(folder: Path | None) -> World:
    draws = torch.Generator().manual_seed(1)
    angles = torch.arange(RING_MODES) * tau / RING_MODES
    centres = torch.stack([angles.cos(), angles.sin()], dim=1)

    def points(count: int) -> Tensor:
        chosen = centres[torch.randint(RING_MODES, (count,), generator=draws)]
        return chosen + RING_DEVIATION * torch.randn(count, 2, generator=draws)

    def judge(samples: Tensor) -> Judged:
        distances = torch.cdist(samples.double(), centres.double())
        near, classes = distances.min(dim=1)
        return Judged(torch.where(near < 4 * RING_DEVIATION, classes, -1), samples.double())

    def players(spectral: bool) -> Players:
        return _dense(LATENT, 64, 2), _constrained(_dense(2, 64, 1), spectral)

    return World("ring", points(10_000), points(2_000), RING_MODES, judge, players, 2_000, 64)


def _digits(folder: Path | None) -> World:
    train, test = parts_of(Digits(), folder)
    judge = _judge(train, test, DIGITS_RECIPE)

    return World("digits", _symmetric(train), _symmetric(test), 10, judge, _of_pixels((1, 8, 8)), 2_000, 64)


def _mnist(folder: Path | None) -> World:
    train, test = parts_of(Mnist(), folder)
    judge = _judge(train, test, ClassifierRecipe(epochs=2))
    return World("mnist", _symmetric(train), _symmetric(test)[:2_000], 10, judge, _of_pixels((1, 28, 28)), 2_000, 32)


def _colour(folder: Path | None) -> World:
    train, test = parts_of(Folder(str(folder), 16), None)
    judge = _judge(train, test, ClassifierRecipe((32, 64), 64, epochs=8))
    return World("colour", _symmetric(train), _symmetric(test), 10, judge, _of_pixels((3, 16, 16)), 1_000, 32)


def _symmetric(store: Store) -> Tensor:
    return store.batch(torch.arange(len(store)), "symmetric")


def _judge(train: Store, test: Store, recipe: ClassifierRecipe) -> Callable[[Tensor], Judged]:
    assert train.labels is not None
    assert test.labels is not None
    parts = (all_items(train)[:MOST], train.labels[:MOST], all_items(test)[:MOST], test.labels[:MOST])
    trained: Classifier = train_classifier(*parts, recipe=recipe, report=print)

    def judge(samples: Tensor) -> Judged:
        unit = (samples + 1) / 2
        return Judged(trained.probabilities(unit).argmax(dim=1), trained.features(unit).double())

    return judge


def _dense(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, hidden),
        nn.LeakyReLU(0.2),
        nn.Linear(hidden, hidden),
        nn.LeakyReLU(0.2),
        nn.Linear(hidden, outputs),
    )


def _of_pixels(shape: tuple[int, int, int]) -> Callable[[bool], Players]:
    """Dense networks for images: they train in seconds, and fail in the same ways as larger ones."""
    size = prod(shape)

    def players(spectral: bool) -> Players:
        generator = nn.Sequential(_dense(LATENT, 128, size), nn.Tanh(), nn.Unflatten(1, shape))
        return generator, _constrained(nn.Sequential(nn.Flatten(), _dense(size, 128, 1)), spectral)

    return players


def _constrained(network: nn.Module, spectral: bool) -> nn.Module:
    for layer in list(network.modules()) if spectral else ():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            spectral_norm(layer)
    return network
