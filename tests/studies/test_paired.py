"""The paired tests against scipy's, and what they say where there is little to go by."""

import math

import numpy as np
import pytest

from equipoise.studies.paired import Paired, holm, paired, sign_flip_p, student_p, student_quantile

stats = pytest.importorskip("scipy.stats")


def values(seed: int, count: int, shift: float = 0.0) -> dict[int, float]:
    return dict(enumerate(np.random.default_rng(seed).normal(shift, 1.0, count).tolist()))


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 5, 9, 10, 29, 100])
def test_students_t_is_scipys(degrees: int) -> None:
    for t in (0.0, 0.3, -1.7, 2.776, 12.0, 400.0):
        assert student_p(t, degrees) == pytest.approx(2 * stats.t.sf(abs(t), degrees), abs=1e-12)
    for share in (0.5, 0.9, 0.975, 0.999):
        assert student_quantile(share, degrees) == pytest.approx(stats.t.ppf(share, degrees), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("count", "shift"), [(2, 0.0), (3, 0.5), (5, 2.0), (8, 0.7), (12, 0.0)])
def test_the_paired_tests_are_scipys(count: int, shift: float) -> None:
    one, other = values(count, count, shift), values(99 + count, count)
    differences = np.array([one[seed] - other[seed] for seed in one])
    expected = stats.ttest_rel(list(one.values()), list(other.values()))
    flipped = stats.permutation_test(
        (differences,), lambda d: abs(d.sum()), permutation_type="samples", alternative="greater", n_resamples=math.inf
    )
    found = paired(one, other)
    assert found is not None
    assert (found.count, found.mean) == (count, pytest.approx(differences.mean()))
    assert found.t_test == found.p_value == pytest.approx(expected.pvalue, abs=1e-12)
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval(0.95)), rel=1e-9)
    assert found.sign_flip == pytest.approx(flipped.pvalue)


def test_only_seeds_that_both_have_are_paired() -> None:
    found = paired({0: 1.0, 1: 2.0, 2: 4.0}, {2: 1.0, 1: 1.0, 7: 0.0})
    assert (found.count, found.mean) == (2, 2.0)
    assert paired({0: 1.0}, {1: 1.0}) is None


def test_one_pair_says_nothing() -> None:
    assert paired({0: 3.0}, {0: 1.0}) == Paired(1, 2.0, None, None, None, 1.0)
    assert paired({0: 3.0}, {0: 1.0}).p_value == 1.0


def test_equal_differences_leave_the_decision_to_the_sign_flip_test() -> None:
    found = paired(dict.fromkeys(range(6), 10.0), dict.fromkeys(range(6), 9.0))
    assert (found.t_test, found.sign_flip, found.p_value) == (None, 2 / 2**6, 2 / 2**6)
    same = paired(dict.fromkeys(range(6), 10.0), dict.fromkeys(range(6), 10.0))
    assert (same.mean, same.p_value) == (0.0, 1.0)
    many_same = paired(dict.fromkeys(range(20), 10.0), dict.fromkeys(range(20), 10.0))
    assert (many_same.sign_flip, many_same.p_value) == (None, 1.0)
    many = paired(dict.fromkeys(range(20), 10.0), dict.fromkeys(range(20), 9.0))
    assert (many.sign_flip, many.p_value) == (None, 2.0**-19)


@pytest.mark.parametrize("count", [2, 5, 6, 10])
def test_the_smallest_p_of_a_sign_flip_test_is_that_of_all_signs_alike(count: int) -> None:
    assert sign_flip_p([0.1 * (n + 1) for n in range(count)]) == 2 / 2**count


def test_corrected_p_values_are_those_of_holm_s_method() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])  # Wright 1992, by hand
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    found, raw = holm([0.2, 0.001, 0.3, 0.02, 0.02]), [0.2, 0.001, 0.3, 0.02, 0.02]
    assert all(corrected >= p for corrected, p in zip(found, raw, strict=True))
    assert sorted(range(5), key=lambda i: (found[i], raw[i])) == sorted(range(5), key=lambda i: raw[i])
