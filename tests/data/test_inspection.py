"""What is said of pictures before training: near-duplicates, classes, and whether left and right can change."""

import numpy as np
import torch

from equipoise.data.inspection import look
from equipoise.data.store import held

PIXELS = np.random.default_rng(0)


def noise(count: int, channels: int = 3) -> torch.Tensor:
    return torch.from_numpy(PIXELS.integers(0, 256, (count, channels, 16, 16), dtype=np.uint8))


def test_near_duplicates_are_counted() -> None:
    pictures = noise(20)
    pictures[3] = pictures[7]
    pictures[11] = (pictures[12].float() * 0.99).byte()
    seen = look(held(pictures))
    assert (seen.compared, seen.twins) == (20, 4)


def test_letters_have_a_left_and_a_right_and_noise_has_none() -> None:
    symmetric = look(held(noise(400, 1)))
    assert symmetric.sides_are_alike
    letters = noise(400, 1) // 4
    letters[:, :, :, 2:6] += 150
    assert not look(held(letters)).sides_are_alike


def test_few_pictures_are_not_taken_for_letters_by_chance() -> None:
    assert all(look(held(noise(6, 1))).sides_are_alike for _ in range(5))


def test_labels_are_counted() -> None:
    assert look(held(noise(5), torch.tensor([0, 2, 2, 2, 0]), classes=3)).labels == (2, 0, 3)
    assert look(held(noise(5))).labels == ()
