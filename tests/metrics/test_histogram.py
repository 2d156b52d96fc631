import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from equipoise.metrics.histogram import ClassCounts, class_histogram, coverage_of_counts, mode_coverage


@given(st.lists(st.integers(0, 6), min_size=1, max_size=60))
def test_the_histogram_counts(labels: list[int]) -> None:
    counts = class_histogram(torch.tensor(labels), classes=7)
    assert counts.tolist() == [labels.count(k) for k in range(7)]


def test_counting_in_batches_is_counting_at_once(numbers: np.random.Generator) -> None:
    labels = numbers.integers(0, 1000, size=5000)
    counts = ClassCounts(1000)
    for part in np.array_split(labels, 7):
        counts.update(part)
    assert torch.equal(counts.counts, class_histogram(labels, 1000))
    assert counts.coverage() == mode_coverage(labels, 1000)


def test_coverage_against_scipy(numbers: np.random.Generator) -> None:
    target = numbers.dirichlet(np.ones(50))
    labels = numbers.choice(40, size=600)
    result = mode_coverage(labels, 50, target)
    counts = np.bincount(labels, minlength=50)
    assert (result.covered, result.missing) == ((counts > 0).sum(), (counts == 0).sum())
    assert result.divergence == pytest.approx(entropy(counts / 600, target), rel=1e-12)
    assert result.divergence_times_100 == 100 * result.divergence
    assert result.samples == 600


def test_the_ends_of_the_scale() -> None:
    assert mode_coverage(torch.arange(10), 10).divergence == 0
    assert mode_coverage(torch.zeros(10, dtype=torch.int64), 1000).divergence == pytest.approx(math.log(1000))
    assert mode_coverage(torch.tensor([1]), 2, np.array([1.0, 0.0])).divergence == math.inf


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.\.2"):
        class_histogram(torch.tensor([3]), classes=3)
    with pytest.raises(ValueError, match="whole numbers"):
        class_histogram(torch.tensor([0.0]), classes=3)
    with pytest.raises(ValueError, match="target must have 3 classes"):
        mode_coverage(torch.tensor([0]), 3, np.array([0.5, 0.5]))
    with pytest.raises(ValueError, match="counts"):
        coverage_of_counts(torch.zeros(3))
