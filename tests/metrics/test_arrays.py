"""The public functions take numpy arrays and torch tensors alike, and refuse what is not finite in one sentence."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from equipoise.metrics import (
    density_coverage,
    frechet_distance,
    inception_score,
    kernel_distance,
    mode_coverage,
    mode_score,
    ms_ssim,
    nearest_neighbours,
    point_coverage,
    precision_recall,
    two_sample_test,
)

NUMBERS = np.random.default_rng(0)
ROWS, OTHERS = NUMBERS.normal(size=(40, 3)), NUMBERS.normal(size=(30, 3)) + 0.5
CHANCES = NUMBERS.dirichlet(np.ones(4), size=40)
IMAGES = NUMBERS.uniform(size=(2, 1, 176, 176))
COVARIANCE = np.cov(ROWS, rowvar=False)

CALLS: dict[str, tuple[Callable[..., Any], tuple[np.ndarray, ...]]] = {
    "inception_score": (inception_score, (CHANCES,)),
    "mode_score": (lambda *arrays: mode_score(*arrays, form="marginal"), (CHANCES, np.full(4, 0.25))),
    "frechet_distance": (frechet_distance, (ROWS.mean(axis=0), COVARIANCE, OTHERS.mean(axis=0), np.eye(3))),
    "kernel_distance": (kernel_distance, (ROWS, OTHERS)),
    "ms_ssim": (lambda *arrays: ms_ssim(*arrays).tolist(), (IMAGES, IMAGES[::-1].copy())),
    "precision_recall": (precision_recall, (ROWS, OTHERS)),
    "density_coverage": (density_coverage, (ROWS, OTHERS)),
    "nearest_neighbours": (lambda *arrays: nearest_neighbours(*arrays)[0].tolist(), (ROWS, OTHERS)),
    "two_sample_test": (two_sample_test, (ROWS, OTHERS)),
    "point_coverage": (lambda *arrays: point_coverage(*arrays, 0.1, 1.0), (ROWS[:, :2], OTHERS[:6, :2])),
}


@pytest.mark.parametrize("name", CALLS)
def test_numpy_and_torch_give_the_same(name: str) -> None:
    function, arrays = CALLS[name]
    assert function(*map(torch.from_numpy, arrays)) == function(*arrays)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(name: str, wrong: float) -> None:
    function, (first, *others) = CALLS[name]
    spoiled = first.copy()
    spoiled.flat[1] = wrong
    with pytest.raises(ValueError, match=r"not finite|\[0, 1\]"):
        function(spoiled, *others)


def test_labels_are_numpy_or_torch_too() -> None:
    labels = np.array([0, 2, 2, 1])
    assert mode_coverage(labels, 4) == mode_coverage(torch.from_numpy(labels), 4)
    assert mode_coverage(labels, 4, np.full(4, 0.25)) == mode_coverage(labels, 4, torch.full((4,), 0.25))
