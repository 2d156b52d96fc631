import math
from typing import Any

import pytest
import torch
from torch import nn

from equipoise.metrics.third_party import ThirdParty, missing_modes
from equipoise.networks import Dropout

pytestmark = pytest.mark.lengthy

MISSING = 4
SETTINGS = {"sigma": 0.7, "iterations": 400, "thresholds": (0.7, 0.8, 0.9, 0.95)}


@pytest.fixture(scope="module")
def images(digits: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A "generator" that is one half of the training set, with all digits or without one."""
    pixels = digits["images"].float() / 127.5 - 1
    generated, labels = pixels[::2], digits["labels"][::2]
    return {
        "real": pixels[1::2],
        "test": digits["test_images"].float() / 127.5 - 1,
        "complete": generated,
        "lacking": generated[labels != MISSING],
    }


def test_it_tells_a_generator_that_lacks_a_digit_from_one_that_does_not(
    images: dict[str, torch.Tensor], digits: dict[str, torch.Tensor]
) -> None:
    lacking = missing_modes(images["real"], images["lacking"], images["test"], **SETTINGS)
    complete = missing_modes(images["real"], images["complete"], images["test"], **SETTINGS)
    truly = digits["test_labels"] == MISSING
    flagged = lacking.outputs > 0.7
    assert lacking.counts[0.7] > 0.8 * truly.sum()
    assert (truly & flagged).sum() > 0.8 * flagged.sum()
    assert complete.counts[0.7] < 0.15 * lacking.counts[0.7]
    assert complete.counts[0.9] < lacking.counts[0.9]
    counts = list(lacking.counts.values())
    assert counts == sorted(counts, reverse=True)
    assert counts == [int((lacking.outputs > t).sum()) for t in SETTINGS["thresholds"]]


def test_noise_hides_modes(images: dict[str, torch.Tensor], digits: dict[str, torch.Tensor]) -> None:
    truly = digits["test_labels"] == MISSING
    means = [
        float(
            missing_modes(images["real"], images["lacking"], images["test"], sigma=s, iterations=200)
            .outputs[truly]
            .mean()
        )
        for s in (0.7, 4.0)
    ]
    assert means[0] > means[1] + 0.1


def test_the_result_is_a_function_of_its_arguments(images: dict[str, torch.Tensor]) -> None:
    before = torch.random.get_rng_state()
    first, again, other = (
        missing_modes(
            images["real"], images["complete"], images["test"], sigma=1.0, seed=seed, iterations=5, noise_draws=2
        ).outputs
        for seed in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_images_that_are_no_numbers_are_refused(images: dict[str, torch.Tensor], value: float) -> None:
    with pytest.raises(ValueError, match="outputs are NaN"):
        missing_modes(images["real"], images["complete"] * value, images["test"], sigma=0.7, iterations=3)


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_evaluation_may_run_without_gradients(images: dict[str, torch.Tensor], context: Any) -> None:
    given, few = (images["real"], images["lacking"], images["test"]), {"sigma": 0.7, "iterations": 3}
    with context():
        found = missing_modes(*(each.clone() for each in given), **few)
    assert torch.equal(found.outputs, missing_modes(*given, **few).outputs)


def test_a_discriminator_of_ones_own_and_clean_test_images(images: dict[str, torch.Tensor]) -> None:
    shapes = []

    def build(shape: tuple[int, ...], generator: torch.Generator) -> nn.Module:
        shapes.append(shape)
        linear = nn.Linear(64, 1)
        nn.init.zeros_(linear.weight)
        nn.init.constant_(linear.bias, 2.0)
        return nn.Sequential(nn.Flatten(), linear)

    found = missing_modes(
        images["real"],
        images["complete"],
        images["test"],
        sigma=1.0,
        iterations=1,
        third_party=ThirdParty(build, lambda parameters: torch.optim.SGD(parameters, lr=0.0)),
        noise_draws=0,
    )
    assert shapes == [(1, 8, 8)]
    torch.testing.assert_close(found.outputs, torch.sigmoid(torch.full((360,), 2.0)).double())


def test_images_may_come_in_batches_from_elsewhere(images: dict[str, torch.Tensor]) -> None:
    class Elsewhere:
        def __init__(self, held: torch.Tensor) -> None:
            self.held, self.largest = held, 0

        def __len__(self) -> int:
            return len(self.held)

        def __getitem__(self, indices: torch.Tensor) -> torch.Tensor:
            self.largest = max(self.largest, len(indices))
            return self.held[indices]

    sides = [images["real"], images["complete"], images["test"].repeat(4, 1, 1, 1)]
    far = [Elsewhere(side) for side in sides]
    settings = {"sigma": 1.0, "iterations": 3, "batch_size": 32, "noise_draws": 1}
    assert torch.equal(missing_modes(*sides, **settings).outputs, missing_modes(*far, **settings).outputs)
    assert [side.largest for side in far] == [32, 32, 1000]


def test_the_mean_of_a_map_counts_dropout_draws_from_the_seed_and_steps_are_followed(
    images: dict[str, torch.Tensor],
) -> None:
    steps = []

    def build(shape: tuple[int, ...], generator: torch.Generator) -> nn.Module:
        judge = nn.Sequential(nn.Conv2d(1, 1, 3), Dropout(0.5))
        nn.init.constant_(judge[0].weight, 0.1)
        nn.init.zeros_(judge[0].bias)
        return judge

    third_party = ThirdParty(build, lambda parameters: torch.optim.SGD(parameters, lr=0.1), steps.append)
    settings = {"sigma": 0.5, "iterations": 2, "noise_draws": 0, "third_party": third_party}
    first, again = (missing_modes(*[images[n] for n in ("real", "complete", "test")], **settings) for _ in range(2))
    assert torch.equal(first.outputs, again.outputs)
    assert len(steps) == 4
    scores = steps[-1](images["test"]).detach()
    assert scores.shape == (360, 1, 6, 6)
    torch.testing.assert_close(first.outputs, torch.sigmoid(scores.mean((1, 2, 3))).double())


def test_bad_input_is_refused(images: dict[str, torch.Tensor]) -> None:
    with pytest.raises(ValueError, match="generated must be"):
        missing_modes(images["real"], images["lacking"][:, :, :4], images["test"], sigma=1.0)
    with pytest.raises(ValueError, match="sigma"):
        missing_modes(images["real"], images["lacking"], images["test"], sigma=-1.0)
