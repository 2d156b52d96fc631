"""CMMD against the plain loop of its definition."""

import math

import numpy as np
import pytest

from equipoise.metrics import cmmd


def plain(a: np.ndarray, b: np.ndarray, sigma: float) -> float:
    def mean(x: np.ndarray, y: np.ndarray) -> float:
        return float(np.mean([[math.exp(-((p - q) ** 2).sum() / (2 * sigma**2)) for q in y] for p in x]))

    return 1000 * (mean(a, a) + mean(b, b) - 2 * mean(a, b))


@pytest.mark.parametrize("sigma", [10.0, 0.5])
def test_it_is_the_plain_loop(sigma: float, numbers: np.random.Generator) -> None:
    a, b = numbers.normal(size=(13, 6)), numbers.normal(0.5, 1, size=(9, 6))
    assert cmmd(a, b, sigma) == pytest.approx(plain(a, b, sigma), rel=1e-10)
    assert cmmd(b, a, sigma) == pytest.approx(cmmd(a, b, sigma), rel=1e-12)
    assert cmmd(a, a, sigma) == 0


def test_it_is_the_same_far_from_the_origin(numbers: np.random.Generator) -> None:
    a, b = numbers.normal(size=(13, 6)), numbers.normal(0.5, 1, size=(9, 6))
    assert cmmd(a + 2.0**24, b + 2.0**24, 2.0) == pytest.approx(cmmd(a, b, 2.0), rel=1e-6)


@pytest.mark.parametrize(("sigma", "value"), [(1e200, 0.0), (1e-200, 1000 * (1 / 13 + 1 / 9))])
def test_extreme_widths_have_their_limits(sigma: float, value: float, numbers: np.random.Generator) -> None:
    a, b = numbers.normal(size=(13, 6)), numbers.normal(0.5, 1, size=(9, 6))
    assert cmmd(a, b, sigma) == pytest.approx(value, abs=1e-9)


def test_points_whose_squares_are_out_of_range_are_far_apart() -> None:
    assert cmmd([[1e200, 0.0]], [[0.0, 1e200]]) == pytest.approx(2000)


@pytest.mark.parametrize("sigma", [0.0, -10.0, math.nan, math.inf])
def test_a_width_that_is_no_positive_number_is_refused(sigma: float) -> None:
    with pytest.raises(ValueError, match="sigma"):
        cmmd([[1.0, 0.0]], [[0.0, 1.0]], sigma)


def test_bad_features_are_named() -> None:
    with pytest.raises(ValueError, match="features_b must have 2 features"):
        cmmd(np.ones((3, 2)), np.ones((3, 4)))
