import math

import numpy as np
import pytest
import torch

from equipoise.metrics import kernel
from equipoise.metrics.kernel import kernel_distance, kernel_distance_of_subsets


def plain_distance(a: np.ndarray, b: np.ndarray) -> float:
    def k(x: np.ndarray, y: np.ndarray) -> float:
        return (float(x @ y) / len(x) + 1) ** 3

    within = [
        sum(k(rows[i], rows[j]) for i in range(len(rows)) for j in range(len(rows)) if i != j)
        / (len(rows) * (len(rows) - 1))
        for rows in (a, b)
    ]
    return sum(within) - 2 * sum(k(x, y) for x in a for y in b) / (len(a) * len(b))


@pytest.mark.parametrize("block", [3, 2048])
def test_against_a_plain_loop(numbers: np.random.Generator, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(kernel, "_BLOCK", block)
    a, b = numbers.normal(size=(11, 4)), numbers.normal(size=(8, 4)) + 0.5
    found = kernel_distance(a, torch.from_numpy(b))
    assert found.value == pytest.approx(plain_distance(a, b), rel=1e-12)
    without_a = np.array([plain_distance(np.delete(a, i, axis=0), b) for i in range(11)])
    without_b = np.array([plain_distance(a, np.delete(b, i, axis=0)) for i in range(8)])
    variance = sum((len(w) - 1) * w.var() for w in (without_a, without_b))
    assert found.standard_error == pytest.approx(math.sqrt(variance), rel=1e-10)
    assert found.high - found.value == pytest.approx(1.959964 * found.standard_error, rel=1e-6)
    assert found.value - found.low == pytest.approx(found.high - found.value)


def test_against_torchmetrics(numbers: np.random.Generator) -> None:
    kid = pytest.importorskip("torchmetrics.image.kid")
    a, b = numbers.normal(size=(60, 16)), numbers.normal(size=(60, 16)) * 1.2
    judge = kid.KernelInceptionDistance(feature=torch.nn.Identity(), subsets=1, subset_size=60)
    judge.update(torch.from_numpy(a), real=True)
    judge.update(torch.from_numpy(b), real=False)
    expected = float(judge.compute()[0])
    assert kernel_distance(a, b).value == pytest.approx(expected, rel=1e-9)
    whole = kernel_distance_of_subsets(a, b, torch.Generator().manual_seed(0), subsets=1, subset_size=60)
    assert whole == (pytest.approx(expected, rel=1e-9), 0.0)


def test_it_is_unbiased_and_its_interval_covers_the_truth() -> None:
    # for one feature the kernel is sum_k C(3,k) (x y)^k, so the truth is sum_k C(3,k) (E x^k - E y^k)^2
    numbers = np.random.default_rng(3)
    shift = 0.5
    raw_a = [0, 1 / 3, 0]
    raw_b = [shift, 1 / 3 + shift**2, shift**3 + 3 * shift / 3]
    truth = sum(c * (x - y) ** 2 for c, x, y in zip([3, 3, 1], raw_a, raw_b, strict=True))
    found = [
        kernel_distance(numbers.uniform(-1, 1, size=(80, 1)), numbers.uniform(-1, 1, size=(60, 1)) + shift)
        for _ in range(300)
    ]
    values = np.array([f.value for f in found])
    assert abs(values.mean() - truth) < 4 * values.std() / math.sqrt(300)
    covered = np.mean([f.low <= truth <= f.high for f in found])
    assert 0.87 <= covered <= 0.99  # with so few samples a little below its nominal 0.95
    errors = np.array([f.standard_error for f in found])
    assert errors.mean() == pytest.approx(values.std(), rel=0.15)


def test_the_same_generator_gives_the_same_subsets(numbers: np.random.Generator) -> None:
    a, b = numbers.normal(size=(50, 5)), numbers.normal(size=(70, 5)) + 1
    before = torch.random.get_rng_state()
    first, again, other = (
        kernel_distance_of_subsets(a, b, torch.Generator().manual_seed(seed), subsets=20, subset_size=20)
        for seed in (1, 1, 2)
    )
    assert first == again != other
    assert torch.equal(before, torch.random.get_rng_state())
    assert first[0] == pytest.approx(kernel_distance(a, b).value, rel=0.2)


@pytest.mark.parametrize("block", [3, 256])
def test_subsets_that_share_pairs_are_those_one_by_one(
    numbers: np.random.Generator, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(kernel, "_BLOCK", block)
    a, b = numbers.normal(size=(20, 5)), numbers.normal(size=(25, 5)) + 0.3
    generator = torch.Generator().manual_seed(4)
    drawn = [[torch.randperm(count, generator=generator)[:10].numpy() for count in (20, 25)] for _ in range(30)]
    expected = np.array([plain_distance(a[of_a], b[of_b]) for of_a, of_b in drawn])
    for share in (True, False):
        monkeypatch.setattr(kernel, "_share_pairs", lambda *_, share=share: share)
        found = kernel_distance_of_subsets(a, b, torch.Generator().manual_seed(4), subsets=30, subset_size=10)
        assert found == pytest.approx((expected.mean(), expected.std()), rel=1e-11)


def test_pairs_are_shared_where_that_is_less_work() -> None:
    few, many = torch.zeros(4000, 256), torch.zeros(50_000, 256)
    assert kernel._share_pairs(few, few, 100, 1000)
    assert not kernel._share_pairs(many, many, 100, 1000)
    assert not kernel._share_pairs(few, few, 1, 1000)


def test_bad_input_is_refused(numbers: np.random.Generator) -> None:
    a = numbers.normal(size=(10, 4))
    with pytest.raises(ValueError, match="features_b must have 4"):
        kernel_distance(a, a[:, :3])
    with pytest.raises(ValueError, match="at least 3 samples"):
        kernel_distance(a, a[:2])
    with pytest.raises(ValueError, match="confidence"):
        kernel_distance(a, a, confidence=1)
    with pytest.raises(ValueError, match="subset_size"):
        kernel_distance_of_subsets(a, a, torch.Generator(), subset_size=11)
