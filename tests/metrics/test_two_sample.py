import math

import numpy as np
import pytest
import torch
from scipy.stats import norm

from equipoise.metrics.two_sample import two_sample_test


def test_against_a_plain_loop(numbers: np.random.Generator) -> None:
    a, b = numbers.normal(size=(41, 3)), numbers.normal(size=(50, 3)) + 0.3

    def k(x: np.ndarray, y: np.ndarray) -> float:
        return math.exp(-float(((x - y) ** 2).sum()) / (2 * 1.7**2))

    terms = [k(a[i], a[i + 1]) + k(b[i], b[i + 1]) - k(a[i], b[i + 1]) - k(a[i + 1], b[i]) for i in range(0, 40, 2)]
    found = two_sample_test(a, torch.from_numpy(b), bandwidth=1.7)
    error = np.std(terms, ddof=1) / math.sqrt(20)
    assert found.statistic == pytest.approx(np.mean(terms), rel=1e-10)
    assert found.standard_error == pytest.approx(error, rel=1e-10)
    assert found.p_value == pytest.approx(norm.sf(np.mean(terms) / error), rel=1e-9)
    assert (found.pairs, found.bandwidth) == (20, 1.7)


def test_the_default_bandwidth_is_the_median_distance(numbers: np.random.Generator) -> None:
    a, b = numbers.normal(size=(2, 30, 2))
    expected = torch.from_numpy(np.linalg.norm(a[0::2] - b[1::2], axis=1)).median()
    assert two_sample_test(a, b).bandwidth == pytest.approx(float(expected))


def test_it_keeps_its_level_and_has_power() -> None:
    numbers = np.random.default_rng(0)
    same = [two_sample_test(*numbers.normal(size=(2, 200, 2))).p_value for _ in range(400)]
    assert 0.02 <= np.mean(np.array(same) < 0.05) <= 0.09
    shifted = [
        two_sample_test(numbers.normal(size=(400, 2)), numbers.normal(size=(400, 2)) + 0.8).p_value for _ in range(50)
    ]
    assert np.mean(np.array(shifted) < 0.05) > 0.9


def test_the_generator_decides_the_shuffle(numbers: np.random.Generator) -> None:
    a, b = numbers.normal(size=(2, 60, 2))
    first, again, other = (
        two_sample_test(a, b, 1.0, torch.Generator().manual_seed(seed)).statistic for seed in (1, 1, 2)
    )
    assert first == again != other


def test_bad_input_is_refused() -> None:
    rows = np.zeros((10, 2))
    with pytest.raises(ValueError, match="same"):
        two_sample_test(rows, rows)
    with pytest.raises(ValueError, match="at least 4 samples"):
        two_sample_test(rows[:3], rows)
    with pytest.raises(ValueError, match="bandwidth"):
        two_sample_test(rows, rows, bandwidth=-1)
