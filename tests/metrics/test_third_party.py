import pytest
import torch
from torch import nn

from equipoise.metrics.third_party import missing_modes

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
        learning_rate=0.0,
        noise_draws=0,
        build=build,
    )
    assert shapes == [(1, 8, 8)]
    torch.testing.assert_close(found.outputs, torch.sigmoid(torch.full((360,), 2.0)).double())


def test_bad_input_is_refused(images: dict[str, torch.Tensor]) -> None:
    with pytest.raises(ValueError, match="generated must be"):
        missing_modes(images["real"], images["lacking"][:, :, :4], images["test"], sigma=1.0)
    with pytest.raises(ValueError, match="sigma"):
        missing_modes(images["real"], images["lacking"], images["test"], sigma=-1.0)
