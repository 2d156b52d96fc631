import pytest
import torch

from equipoise.evaluation.classifier import Classifier
from equipoise.metrics.composite import combined_labels, composed_labels, stacked_labels
from equipoise.metrics.histogram import mode_coverage


@pytest.fixture(scope="module")
def triples(digits: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Which three test images make one, and the number that they show."""
    chosen = torch.randint(360, (300, 3), generator=torch.Generator().manual_seed(0))
    a, b, c = digits["test_labels"][chosen].unbind(dim=1)
    return chosen, 100 * a + 10 * b + c


def test_stacked_digits_are_read_channel_by_channel(
    digits: dict[str, torch.Tensor], digits_classifier: Classifier, triples: tuple[torch.Tensor, torch.Tensor]
) -> None:
    chosen, numbers = triples
    images = digits["test_images"][chosen].squeeze(2).float() / 255
    found = stacked_labels(images, digits_classifier)
    assert (found == numbers).double().mean() > 0.93
    truth, seen = mode_coverage(numbers, 1000), mode_coverage(found, 1000)
    assert abs(truth.missing - seen.missing) <= 10


def slots_of(scale: int) -> list[tuple[int, int]]:
    return [(1, 0), (2, 8 * scale), (3, 16 * scale)]


def row_of(pictures: torch.Tensor, scale: int) -> torch.Tensor:
    images = torch.zeros(len(pictures), 1, 20 * scale, 24 * scale)
    for position, (top, left) in enumerate(slots_of(scale)):
        part = torch.nn.functional.interpolate(pictures[:, position], scale_factor=scale)
        images[:, :, top : top + 8 * scale, left : left + 8 * scale] = part
    return images


def test_composed_digits_are_read_slot_by_slot(
    digits: dict[str, torch.Tensor], digits_classifier: Classifier, triples: tuple[torch.Tensor, torch.Tensor]
) -> None:
    chosen, numbers = triples
    pictures = digits["test_images"].float() / 255
    exact, resized = [
        composed_labels(row_of(pictures[chosen], scale), digits_classifier, slots_of(scale), side=8 * scale)
        for scale in (1, 3)
    ]
    assert torch.equal(exact, stacked_labels(pictures[chosen].squeeze(2), digits_classifier))
    assert (resized == numbers).double().mean() > 0.8
    images = row_of(pictures[chosen], 2)
    with pytest.raises(ValueError, match="slots must lie inside"):
        composed_labels(images, digits_classifier, [(1, 40)], side=16)


def test_labels_that_no_int64_counts_are_refused() -> None:
    assert combined_labels(torch.full((1, 18), 9), 10).tolist() == [10**18 - 1]
    for parts in (19, 25):
        with pytest.raises(ValueError, match="too many parts"):
            combined_labels(torch.full((1, parts), 9), 10)


def test_combined_labels_count_like_written_numbers() -> None:
    every = torch.cartesian_prod(torch.arange(4), torch.arange(4), torch.arange(4))
    assert combined_labels(every, classes=4).tolist() == list(range(64))
    with pytest.raises(ValueError, match=r"\[samples, parts\]"):
        combined_labels(torch.arange(3), classes=4)
    with pytest.raises(ValueError, match=r"0\.\.3"):
        combined_labels(every + 1, classes=4)
