import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from equipoise.common.errors import EquipoiseError
from equipoise.metrics import frechet
from equipoise.metrics.frechet import FeatureMoments, frechet_distance


def moments_of(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return rows.mean(axis=0), np.cov(rows, rowvar=False)


def with_scipy(mean_a: np.ndarray, a: np.ndarray, mean_b: np.ndarray, b: np.ndarray) -> float:
    return float(((mean_a - mean_b) ** 2).sum() + np.trace(a) + np.trace(b) - 2 * np.trace(sqrtm(a @ b).real))


def correlated(numbers: np.random.Generator, samples: int, features: int) -> np.ndarray:
    return numbers.normal(size=(samples, features)) @ numbers.normal(size=(features, features)) + numbers.normal(
        size=features
    )


@pytest.mark.parametrize("features", [2, 17, 100])
def test_against_scipys_matrix_root(numbers: np.random.Generator, features: int) -> None:
    a, b = (moments_of(correlated(numbers, 4 * features, features)) for _ in range(2))
    assert frechet_distance(*a, *b) == pytest.approx(with_scipy(*a, *b), rel=1e-9)


@pytest.mark.parametrize("tile", [1, 7, 256])
def test_half_matrices_are_whole_ones(numbers: np.random.Generator, monkeypatch: pytest.MonkeyPatch, tile: int) -> None:
    monkeypatch.setattr(frechet, "_TILE", tile)
    rows = torch.from_numpy(correlated(numbers, 60, 30))
    product = (rows - rows.mean(dim=0)).numpy()
    moments = FeatureMoments.of(rows)
    covariance = moments.covariance()
    np.testing.assert_allclose(covariance.numpy(), product.T @ product / 59, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(covariance.numpy(), covariance.mT.numpy(), rtol=1e-12, atol=1e-12)
    a, b = (moments_of(correlated(numbers, 120, 30)) for _ in range(2))
    assert frechet_distance(*a, *b) == pytest.approx(with_scipy(*a, *b), rel=1e-9)
    crooked = a[1] + np.triu(np.full((30, 30), 1e-3), 20)
    with pytest.raises(ValueError, match="covariance_b must be symmetric"):
        frechet_distance(*a, a[0], crooked)


def test_against_torchmetrics(numbers: np.random.Generator) -> None:
    fid = pytest.importorskip("torchmetrics.image.fid")

    class Pixels(torch.nn.Module):
        num_features = 12

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images.flatten(1)

    a, b = (torch.from_numpy(numbers.uniform(size=(80, 3, 2, 2)) ** power) for power in (1, 2))
    judge = fid.FrechetInceptionDistance(feature=Pixels(), normalize=True, input_img_size=(3, 2, 2)).set_dtype(
        torch.float64
    )
    judge.update(a, real=True)
    judge.update(b, real=False)
    ours = frechet_distance(*moments_of(a.flatten(1).numpy()), *moments_of(b.flatten(1).numpy()))
    assert ours == pytest.approx(float(judge.compute()), rel=1e-8)


def test_two_gaussians_that_commute_have_a_closed_form(numbers: np.random.Generator) -> None:
    a, b = numbers.uniform(0.1, 3, size=(2, 30))
    expected = ((np.sqrt(a) - np.sqrt(b)) ** 2).sum() + 30 * 4
    assert frechet_distance(np.zeros(30), np.diag(a), np.full(30, 2.0), np.diag(b)) == pytest.approx(
        expected, rel=1e-12
    )


@pytest.mark.parametrize("samples", [(5, 200), (200, 5), (5, 8)])
def test_rank_deficient_covariances_keep_their_true_distance(
    numbers: np.random.Generator, samples: tuple[int, int]
) -> None:
    a, b = (moments_of(correlated(numbers, count, 20)) for count in samples)
    # the trace of the root is the nuclear norm of X Y' for any roots A = X'X, B = Y'Y
    roots = []
    for _, matrix in (a, b):
        values, vectors = np.linalg.eigh(matrix)
        roots.append(np.sqrt(values.clip(0))[:, None] * vectors.T)
    trace = np.linalg.svd(roots[0] @ roots[1].T, compute_uv=False).sum()
    expected = ((a[0] - b[0]) ** 2).sum() + np.trace(a[1]) + np.trace(b[1]) - 2 * trace
    assert frechet_distance(*a, *b) == pytest.approx(expected, rel=1e-7)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), features=st.integers(1, 8), samples=st.integers(2, 12))
def test_it_is_a_symmetric_distance(seed: int, features: int, samples: int) -> None:
    numbers = np.random.default_rng(seed)
    a, b = (FeatureMoments(features) for _ in range(2))
    a.update(correlated(numbers, samples, features))
    b.update(correlated(numbers, samples + 1, features))
    scale = float(a.covariance().trace() + b.covariance().trace()) + 1
    there, back = a.distance(b, few_samples=True), b.distance(a, few_samples=True)
    assert there >= 0
    assert there == pytest.approx(back, abs=1e-6 * scale)
    assert a.distance(a, few_samples=True) == pytest.approx(0, abs=1e-6 * scale)


def test_moments_in_batches_and_merged_are_numpys(
    numbers: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = correlated(numbers, 500, 6) + 1e4
    whole, left, right = (FeatureMoments(6) for _ in range(3))
    whole.update(rows)
    for part in np.array_split(rows[:300], 7):
        left.update(torch.from_numpy(part))
    right.update(rows[300:])
    left.merge(right)
    left.merge(FeatureMoments(6))
    monkeypatch.setattr(frechet, "_ROWS_AT_ONCE", 64)
    for moments in (whole, left, FeatureMoments.of(rows)):
        assert moments.count == 500
        np.testing.assert_allclose(moments.mean.numpy(), rows.mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(moments.covariance().numpy(), np.cov(rows, rowvar=False), rtol=1e-8, atol=1e-8)


def test_too_few_samples_are_refused_unless_allowed(numbers: np.random.Generator) -> None:
    few, many = FeatureMoments(5), FeatureMoments(5)
    few.update(numbers.normal(size=(5, 5)))
    many.update(numbers.normal(size=(50, 5)))
    with pytest.raises(EquipoiseError, match="needs more than 5 samples"):
        few.distance(many)
    assert few.distance(many, few_samples=True) > 0
    with pytest.raises(EquipoiseError, match="at least 2 samples"):
        FeatureMoments(5).covariance()


@pytest.mark.parametrize("negative", [-1.0, -1e-3, -1e-5])
@pytest.mark.parametrize(
    "other", [[1.0, 1.0, 0.0], [1.0, 1.0, 1e-12], [0.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]]
)
@pytest.mark.parametrize("turned", [False, True])
def test_a_negative_eigenvalue_is_refused_whatever_the_other_matrix_is(
    numbers: np.random.Generator, negative: float, other: list[float], turned: bool
) -> None:
    axes = np.linalg.qr(numbers.normal(size=(3, 3)))[0] if turned else np.eye(3)
    wrong, right = (axes @ np.diag(values) @ axes.T for values in ([1.0, 0.5, negative], other))
    for pair in ((wrong, right), (right, wrong)):
        with pytest.raises(ValueError, match="a covariance must have no negative eigenvalue"):
            frechet_distance(np.zeros(3), pair[0], np.zeros(3), pair[1])


def test_eigenvalues_that_rounding_makes_negative_are_accepted(numbers: np.random.Generator) -> None:
    few, many = correlated(numbers, 5, 40), correlated(numbers, 30, 40)
    for a, b in ((few, many), (few.astype(np.float32), many.astype(np.float32))):
        (mean_a, of_a), (mean_b, of_b) = moments_of(a), moments_of(b)
        assert frechet_distance(mean_a, of_a.astype(np.float32), mean_b, of_b.astype(np.float32)) > 0


def test_bad_input_is_refused() -> None:
    zero, eye = np.zeros(2), np.eye(2)
    with pytest.raises(ValueError, match="not finite"):
        frechet_distance(zero, eye * np.nan, zero, eye)
    with pytest.raises(ValueError, match="symmetric"):
        frechet_distance(zero, np.array([[1.0, 1.0], [0.0, 1.0]]), zero, eye)
    with pytest.raises(ValueError, match="negative eigenvalue"):
        frechet_distance(zero, -eye, zero, -eye)
    with pytest.raises(ValueError, match="negative eigenvalue"):
        frechet_distance(zero, -eye, zero, eye)
    with pytest.raises(ValueError, match="covariance_b must have shape"):
        frechet_distance(zero, eye, zero, np.eye(3))
    with pytest.raises(ValueError, match="mean_b"):
        frechet_distance(zero, eye, np.zeros(3), eye)
    with pytest.raises(ValueError, match="not finite"):
        FeatureMoments(2).update(np.array([[1.0, np.inf]]))
