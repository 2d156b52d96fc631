import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy

from equipoise.metrics.inception import inception_score, mode_score


def softmax_rows(numbers: np.random.Generator, samples: int, classes: int, sharpness: float = 3.0) -> np.ndarray:
    logits = sharpness * numbers.normal(size=(samples, classes))
    values = np.exp(logits - logits.max(axis=1, keepdims=True))
    return values / values.sum(axis=1, keepdims=True)


def plain_inception_score(rows: np.ndarray, splits: int) -> tuple[float, float]:
    scores = []
    for part in range(splits):
        piece = rows[part * len(rows) // splits : (part + 1) * len(rows) // splits]
        marginal = piece.mean(axis=0)
        scores.append(np.exp(np.mean([entropy(row, marginal) for row in piece])))
    return float(np.mean(scores)), float(np.std(scores))


@pytest.mark.parametrize("splits", [1, 10])
def test_against_a_plain_loop(numbers: np.random.Generator, splits: int) -> None:
    rows = softmax_rows(numbers, 503, 10)
    assert inception_score(rows, splits) == pytest.approx(plain_inception_score(rows, splits), rel=1e-12)


def test_against_torchmetrics(numbers: np.random.Generator) -> None:
    image = pytest.importorskip("torchmetrics.image.inception")
    logits = torch.from_numpy(3 * numbers.normal(size=(400, 12)))
    judge = image.InceptionScore(feature=torch.nn.Identity(), splits=1)
    judge.update(logits)
    ours, _ = inception_score(torch.softmax(logits, dim=1), splits=1)
    assert ours == pytest.approx(float(judge.compute()[0]), rel=1e-9)


def test_collapsed_is_1_and_balanced_is_the_number_of_classes() -> None:
    assert inception_score(torch.eye(10)[torch.zeros(100, dtype=torch.int64)]) == (1.0, 0.0)
    assert inception_score(torch.full((100, 10), 0.1))[0] == pytest.approx(1.0)
    assert inception_score(torch.eye(10).repeat(10, 1)) == (pytest.approx(10.0), pytest.approx(0.0))


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6), samples=st.integers(1, 60), classes=st.integers(1, 8), sharpness=st.floats(0, 30))
def test_it_lies_between_1_and_the_number_of_classes(seed: int, samples: int, classes: int, sharpness: float) -> None:
    rows = softmax_rows(np.random.default_rng(seed), samples, classes, sharpness)
    score, deviation = inception_score(rows, splits=1)
    assert 1 - 1e-9 <= score <= classes + 1e-9
    assert deviation == 0


def test_the_printed_mode_score_is_the_inception_score(numbers: np.random.Generator) -> None:
    rows = softmax_rows(numbers, 300, 10)
    training = numbers.dirichlet(np.ones(10))
    assert mode_score(rows, training) == pytest.approx(inception_score(rows, splits=1)[0], rel=1e-12)


def test_the_marginal_mode_score_against_a_plain_loop(numbers: np.random.Generator) -> None:
    rows, training = softmax_rows(numbers, 300, 10), numbers.dirichlet(np.ones(10))
    marginal = rows.mean(axis=0)
    expected = np.exp(np.mean([entropy(row, marginal) for row in rows]) - entropy(marginal, training))
    assert mode_score(rows, training, form="marginal") == pytest.approx(expected, rel=1e-12)


def test_only_the_marginal_form_feels_a_missing_class() -> None:
    eye, uniform = torch.eye(10), torch.full((10,), 0.1)
    nine = eye[:9].repeat(10, 1)
    assert mode_score(nine, uniform) == pytest.approx(9.0)
    assert mode_score(nine, uniform, form="marginal") == pytest.approx(9 * 0.9)


def test_bad_input_is_refused(numbers: np.random.Generator) -> None:
    rows = softmax_rows(numbers, 20, 5)
    with pytest.raises(ValueError, match="logits"):
        inception_score(rows * 2)
    with pytest.raises(ValueError, match="splits"):
        inception_score(rows, splits=21)
    with pytest.raises(ValueError, match=r"\[samples, classes\]"):
        inception_score(rows[0])
    with pytest.raises(ValueError, match="not finite"):
        inception_score(np.full((3, 2), np.nan))
    with pytest.raises(ValueError, match="form"):
        mode_score(rows, np.full(5, 0.2), form="printed")
    with pytest.raises(ValueError, match="5 classes"):
        mode_score(rows, np.full(4, 0.25))
    with pytest.raises(ValueError, match="infinite"):
        mode_score(rows, np.array([0.5, 0.5, 0, 0, 0]))
