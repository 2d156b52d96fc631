"""The examples for method authors keep the contracts of the package's own parts, and compute what they say."""

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
import torch

import equipoise
from equipoise.augmentation import Operation
from equipoise.common.errors import EquipoiseError
from equipoise.common.random import stream
from equipoise.evaluation.catalogue import METRICS, is_better
from equipoise.networks import build
from equipoise.studies.catalogue import study
from equipoise.studies.plan import plan
from equipoise.testing import toys
from equipoise.testing.algorithms import check_algorithm
from equipoise.testing.augmentation import check_augmentation
from equipoise.testing.constraints import check_constraint
from equipoise.testing.data import check_data
from equipoise.testing.losses import check_loss, draw
from equipoise.testing.metrics import check_metric
from equipoise.testing.networks import check_network
from equipoise.testing.studies import check_study

pytestmark = pytest.mark.lengthy
Load = Callable[[str], ModuleType]


def test_the_loss(example: Load) -> None:
    mine = example("my_loss")
    check_loss(
        mine.relativistic_discriminator_loss,
        draw((6,), (6,)),
        reference=lambda real, fake: np.logaddexp(0, fake - real).mean(),
    )
    check_loss(
        mine.relativistic_generator_loss,
        draw((6,), (6,)),
        reference=lambda real, fake: np.logaddexp(0, real - fake).mean(),
    )


def test_the_algorithm(example: Load) -> None:
    made = example("my_algorithm").PacedGAN(iterations=5, pace=0.3)
    check_algorithm(toys.toy(made, toys.two(toys.generator(), toys.discriminator())), ranks=2)


def test_the_algorithms_gap_slows_the_generator(example: Load) -> None:
    mine = example("my_algorithm")
    memory = mine.Gap()
    memory.mean.fill_(-50.0)
    assert float(torch.sigmoid(memory.mean)) < 1e-20
    with pytest.raises(ValueError, match="pace"):
        mine.PacedGAN(iterations=1, pace=0.0)


def test_the_augmentation(example: Load) -> None:
    mine = example("my_augmentation")
    check_augmentation(Operation(1, mine.turned))
    experiment = mine.my_turned_digits()
    assert experiment.algorithm.augment.operations == ("my-y-flip",)
    images = torch.arange(8.0).reshape(2, 1, 2, 2)
    found = mine.turned(images, torch.tensor([[0.4], [0.6]]))
    assert found.flatten().tolist() == [2, 3, 0, 1, 4, 5, 6, 7]


def test_the_network(example: Load) -> None:
    mine = example("my_network")
    check_network(mine.TwoScaleDiscriminator, (), width=4)
    network = build(mine.TwoScaleDiscriminator, stream(0, "weights"), width=4)
    assert network.features(torch.rand(3, 1, 8, 8)).shape == (3, 2 * 4 * 16)
    with pytest.raises(ValueError, match="image_size must be even"):
        mine.TwoScaleDiscriminator(image_size=7)


def test_the_constraint(example: Load) -> None:
    mine = example("my_constraint")
    check_constraint(mine.MaxNorm(limit=0.5))
    player = torch.nn.Sequential(torch.nn.Conv2d(1, 3, 3), torch.nn.Flatten(), torch.nn.Linear(3, 2))
    with torch.no_grad():
        player[0].weight[0] = 0.0
        player[0].weight[1] = 9.0
        player[0].weight[2] = 1e-3
    short = player[0].weight[2].clone()
    mine.MaxNorm(limit=0.5).attach(player, torch.zeros(2, 1, 3, 3), stream(0, "constraint"))
    norms = torch.linalg.vector_norm(player[0].weight.detach().flatten(1), dim=1)
    assert norms.tolist() == pytest.approx([0.0, 0.5, 3e-3], rel=1e-5)
    assert torch.equal(player[0].weight[2], short)
    assert all(bool(torch.isfinite(value).all()) for value in player.parameters())
    with pytest.raises(ValueError, match="limit"):
        mine.MaxNorm(limit=-1.0)


def test_the_metric(example: Load) -> None:
    mine = example("my_metric")
    images = np.random.default_rng(0).uniform(size=(2, 5, 1, 4, 4))
    check_metric(mine.brightness_gap, (images[0], images[1]), degree=(1,))
    black, white = torch.zeros(2, 1, 4, 4), torch.ones(3, 1, 4, 4)
    assert mine.brightness_gap(black, white) == 1.0
    assert mine.brightness_gap(white, white) == 0.0
    assert is_better("my-brightness-gap", 0.1, 0.2)
    with pytest.raises(TypeError, match="lower_is_better"):
        equipoise.MetricEntry("half-a-metric", "its direction was forgotten", mine.score_brightness_gap)  # type: ignore[call-arg]
    with pytest.raises(EquipoiseError, match="MetricEntry"):
        METRICS.register(equipoise.Entry("half-a-metric", "without facts", mine.score_brightness_gap))  # type: ignore[arg-type]


def test_the_data_set(example: Load) -> None:
    mine = example("my_data")
    check_data(mine.Spiral(count=50))
    store = mine.Spiral(count=50).load(seed=1)
    assert len(store) == 50
    assert store.shape == mine.Spiral().item_shape
    points = store.items.gather(torch.arange(50))
    assert float(torch.linalg.vector_norm(points, dim=1).max()) < 5.5
    assert mine.Spiral(count=50).load(seed=2).content_hash != store.content_hash
    assert mine.Spiral().stand_in(8) == mine.Spiral(count=8)
    with pytest.raises(EquipoiseError, match="turns"):
        mine.Spiral(turns=0.0)


@pytest.mark.parametrize("budget", ["smoke", "cpu", "paper"])
def test_the_study(example: Load, budget: str) -> None:
    check_study(example("my_study").my_losses())
    assert len(plan(study("my-losses"), budget, None, False)) == 2 * (1 if budget == "smoke" else 3)
