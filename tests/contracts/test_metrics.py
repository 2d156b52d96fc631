"""One table of all metrics: whatever array holds the numbers, whatever their precision and size, and whole numbers.

Every public function of `equipoise.metrics` that takes arrays has a row, with the numbers of its result. What images
pass through (extractors, classifiers, digits beside each other) has its rows in the second table.
"""

import inspect
import random
from collections.abc import Callable
from dataclasses import astuple, replace
from typing import Any

import numpy as np
import pytest
import torch

from equipoise import metrics
from equipoise.evaluation import features
from equipoise.testing.metrics import METRIC_CONTRACTS, MetricCase, check_metric

NUMBERS = np.random.default_rng(0)
ROWS, OTHERS, HELD = (NUMBERS.normal(size=(40, 3)) + shift for shift in (0.0, 0.5, 0.1))
CHANCES = NUMBERS.dirichlet(np.ones(4), size=40)
IMAGES = NUMBERS.uniform(size=(2, 1, 176, 176))
FLAT = 0.5 + 0.01 * NUMBERS.uniform(size=(2, 1, 176, 176))
SMALL = NUMBERS.uniform(-1, 1, size=(20, 1, 4, 4))
LABELS = NUMBERS.integers(0, 4, size=40)
COVARIANCES = [np.cov(rows, rowvar=False) for rows in (ROWS, OTHERS)]


def moments(a: Any, b: Any) -> float:
    return metrics.FeatureMoments.of(a).distance(metrics.FeatureMoments.of(b))


def subsets(a: Any, b: Any) -> tuple[float, float]:
    return metrics.kernel_distance_of_subsets(a, b, torch.Generator().manual_seed(0), 5, 10)


def counted(labels: Any) -> Any:
    counts = metrics.ClassCounts(4)
    counts.update(labels)
    return counts.coverage()


def missing(*images: Any) -> list[float]:
    found = metrics.missing_modes(*images, sigma=0.5, iterations=2, noise_draws=1)
    return [*found.counts.values(), *found.outputs.tolist()]


TABLE: dict[str, MetricCase] = {
    "inception_score": MetricCase(metrics.inception_score, (CHANCES,), narrow=False),
    "mode_score": MetricCase(
        lambda *a: metrics.mode_score(*a, form="marginal"), (CHANCES, np.full(4, 0.25)), narrow=False
    ),
    "frechet_distance": MetricCase(
        metrics.frechet_distance, (ROWS.mean(axis=0), COVARIANCES[0], OTHERS.mean(axis=0), COVARIANCES[1])
    ),
    "FeatureMoments": MetricCase(moments, (ROWS, OTHERS), (2,)),
    "kernel_distance": MetricCase(metrics.kernel_distance, (ROWS, OTHERS)),
    "kernel_distance_of_subsets": MetricCase(subsets, (ROWS, OTHERS)),
    "ms_ssim": MetricCase(lambda *a: metrics.ms_ssim(*a).tolist(), (IMAGES, FLAT)),
    "precision_recall": MetricCase(metrics.precision_recall, (ROWS, OTHERS), (0, 0)),
    "density_coverage": MetricCase(metrics.density_coverage, (ROWS, OTHERS), (0, 0)),
    "nearest_neighbours": MetricCase(lambda *a: metrics.nearest_neighbours(*a)[0].tolist(), (ROWS, OTHERS), (1,) * 40),
    "memorisation": MetricCase(metrics.memorisation, (ROWS, OTHERS, HELD), (0, 0, 0)),
    "class_silhouette": MetricCase(lambda a: metrics.class_silhouette(a, LABELS), (ROWS,), (0,)),
    "neighbour_purity": MetricCase(lambda a: metrics.neighbour_purity(a, LABELS), (ROWS,), (0,)),
    "two_sample_test": MetricCase(metrics.two_sample_test, (ROWS, OTHERS), (0, 0, 0, 1, 0)),
    "variety": MetricCase(metrics.variety, (ROWS, OTHERS, HELD), (0, 0, 0)),
    "point_coverage": MetricCase(
        lambda a, b: astuple(metrics.point_coverage(a, b, 0.1, 1.0))[:5], (ROWS[:, :2], OTHERS[:6, :2])
    ),
    "class_histogram": MetricCase(lambda a: metrics.class_histogram(a, 4).tolist(), (LABELS,)),
    "mode_coverage": MetricCase(lambda a: metrics.mode_coverage(a, 4), (LABELS,)),
    "ClassCounts": MetricCase(counted, (LABELS,)),
    "coverage_of_counts": MetricCase(metrics.coverage_of_counts, (np.array([3.0, 0.0, 2.0]),)),
    "combined_labels": MetricCase(lambda a: metrics.combined_labels(a, 4).tolist(), (LABELS.reshape(20, 2),)),
    "missing_modes": MetricCase(missing, (SMALL, SMALL[::2], SMALL[:5]), refuses_infinity=False),
}
OF_IMAGES = {
    "Classifier",
    "ClassifierExtractor",
    "InceptionExtractor",
    "ModuleExtractor",
    "OnnxExtractor",
    "cached_classifier",
    "cached_features",
    "composed_labels",
    "extract",
    "stacked_labels",
    "train_classifier",
}


def value(name: str, arrays: Any) -> np.ndarray:
    return TABLE[name].value(arrays)


def test_the_table_has_every_public_name_that_takes_arrays() -> None:
    taking = {
        name
        for name in metrics.__all__
        if callable(getattr(metrics, name)) and "Array" in str(inspect.signature(getattr(metrics, name)).parameters)
    }
    assert taking <= set(TABLE) | OF_IMAGES


def test_a_star_import_gives_every_public_name() -> None:
    found: dict[str, Any] = {}
    exec("from equipoise.metrics import *", found)
    assert set(metrics.__all__) <= set(found)
    assert {"ms_ssim", "FeatureMoments"} <= set(found)


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("contract", METRIC_CONTRACTS, ids=lambda contract: contract.__name__)
def test_every_metric_keeps_the_contract(contract: Callable[[MetricCase], None], name: str) -> None:
    contract(replace(TABLE[name], name=name))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("name", ["inception_score", "mode_score"])
def test_narrow_probabilities_are_widened_first(name: str, dtype: torch.dtype) -> None:
    """Rounded probabilities do not sum to 1; quarters do."""
    narrow = [torch.full(array.shape, 0.25, dtype=dtype) for array in TABLE[name].arrays]
    wide = [array.double() for array in narrow]
    np.testing.assert_allclose(value(name, narrow), value(name, wide), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (lambda a, b: float(np.mean(a[0] - b[0])), "takes no arrays as"),
        (lambda a, b: len(a) + len(b), "is not refused with a ValueError"),
        (lambda a, b: np.random.rand(), "moves NumPy's global random number generator"),
        (lambda a, b: float(torch.rand(())), "moves torch's global random number generator"),
        (lambda a, b: random.random(), "moves Python's global random number generator"),
    ],
)
def test_a_metric_that_breaks_the_contract_is_noticed(broken: Callable[..., Any], sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        check_metric(broken, (ROWS, OTHERS))


def test_a_wrong_degree_is_noticed() -> None:
    check_metric(moments, (ROWS, OTHERS), degree=(2,))
    with pytest.raises(AssertionError, match="moments of arrays times"):
        check_metric(moments, (ROWS, OTHERS), degree=(1,))


def test_similar_images_in_half_precision_are_similar() -> None:
    images = torch.full((1, 1, 176, 176), 0.9) + 1e-3 * torch.from_numpy(IMAGES[:1])
    a, b = images.half(), (images.half() + 5e-4).half()
    torch.testing.assert_close(
        metrics.ms_ssim(a, b).double(), metrics.ms_ssim(a.double(), b.double()), rtol=0, atol=1e-4
    )
    assert float(metrics.ms_ssim(a, b)) <= 1 + 1e-6


@pytest.mark.parametrize("name", ["kernel_distance", "kernel_distance_of_subsets"])
def test_a_kernel_that_leaves_float64_is_refused_and_a_vanishing_one_is_none(name: str) -> None:
    row = TABLE[name]
    for factor in (1e60, 1e150, 1e200):
        with pytest.raises(ValueError, match="too large for float64"):
            row.function(*(array * factor for array in row.arrays))
    assert np.abs(value(name, [array * 1e-150 for array in row.arrays])[:2]).max() < 1e-13


@pytest.mark.parametrize("factor", [1e-200, 1e150])
def test_frechet_distances_of_any_size(factor: float) -> None:
    mean_a, covariance_a, mean_b, covariance_b = TABLE["frechet_distance"].arrays
    root = np.sqrt(factor)
    found = metrics.frechet_distance(mean_a * root, covariance_a * factor, mean_b * root, covariance_b * factor)
    np.testing.assert_allclose(
        found, factor * value("frechet_distance", TABLE["frechet_distance"].arrays)[0], rtol=1e-9
    )


def test_numbers_beside_the_end_of_float64_are_refused() -> None:
    with pytest.raises(ValueError, match=r"training must hold numbers up to 1e\+290, got 1e\+300"):
        metrics.nearest_neighbours(ROWS, OTHERS * 0 + 1e300)
    with pytest.raises(ValueError, match="spread too far"):
        metrics.variety(ROWS * 1e280, OTHERS, HELD)


def of_subsets(subsets: Any, size: Any) -> tuple[float, float]:
    return metrics.kernel_distance_of_subsets(ROWS, OTHERS, torch.Generator().manual_seed(0), subsets, size)


WHOLE: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "splits": (lambda n: metrics.inception_score(CHANCES, splits=n), 2),
    "subsets": (lambda n: of_subsets(n, 9), 3),
    "subset_size": (
        lambda n: of_subsets(3, n),
        9,
    ),
    "neighbours": (lambda n: metrics.precision_recall(ROWS, OTHERS, neighbours=n), 3),
    "neighbours ": (lambda n: metrics.density_coverage(ROWS, OTHERS, neighbours=n), 3),
    "neighbours  ": (lambda n: metrics.neighbour_purity(ROWS, LABELS, n), 3),
    "classes": (lambda n: metrics.class_histogram(LABELS, n).tolist(), 4),
    "classes ": (lambda n: metrics.mode_coverage(LABELS, n), 4),
    "classes  ": (lambda n: metrics.ClassCounts(n).counts.tolist(), 4),
    "classes   ": (lambda n: metrics.combined_labels(LABELS.reshape(20, 2), n).tolist(), 4),
    "features": (lambda n: metrics.FeatureMoments(n).mean.tolist(), 4),
    "minimum": (lambda n: metrics.point_coverage(ROWS, OTHERS[:6], 0.1, 1.0, minimum=n).covered, 2),
    "count": (lambda n: metrics.random_pairs(n, 3, torch.Generator().manual_seed(0))[0].tolist(), 5),
    "pairs": (lambda n: metrics.random_pairs(3, n, torch.Generator().manual_seed(0))[0].tolist(), 5),
    "iterations": (lambda n: missing_with(iterations=n), 2),
    "noise_draws": (lambda n: missing_with(noise_draws=n), 2),
    "batch_size": (lambda n: missing_with(batch_size=n), 2),
    "batch_size ": (lambda n: features.extract(SMALL / 2 + 0.5, extractor(), n).features.tolist(), 2),
    "side": (lambda n: features.ModuleExtractor(torch.nn.Flatten(), "mine", side=n).side, 2),
}


def missing_with(**settings: Any) -> list[float]:
    given = {"sigma": 0.5, "iterations": 1, "noise_draws": 1} | settings
    return metrics.missing_modes(SMALL, SMALL[::2], SMALL[:5], **given).outputs.tolist()


def extractor() -> features.ModuleExtractor:
    return features.ModuleExtractor(torch.nn.Flatten(), "mine")


@pytest.mark.parametrize("name", WHOLE)
def test_whole_numbers_may_be_numpys_and_nothing_else_is_one(name: str) -> None:
    call, good = WHOLE[name]
    assert call(np.int64(good)) == call(good)
    for bad in (float(good), str(good), True, None, [good], np.float64(good), torch.tensor(good)):
        with pytest.raises(ValueError, match=rf"^{name.strip()} must be a whole number, got "):
            call(bad)
    with pytest.raises(ValueError, match=rf"^{name.strip()} must (be at least|lie in)"):
        call(-1)


LAST = NUMBERS.integers(0, 256, size=(5, 12, 12, 3)).astype(np.uint8)


@pytest.mark.parametrize("images", [LAST, torch.from_numpy(LAST), LAST / 255], ids=["numpy", "torch", "floating"])
def test_images_with_their_channels_last_are_refused_with_the_way_out(images: Any) -> None:
    calls: list[Callable[[], object]] = [lambda: features.extract(images, extractor()), lambda: extractor()(images)]
    calls += [lambda: metrics.ms_ssim(images, images)]
    for call in calls:
        with pytest.raises(ValueError, match=r"images.* are the channels last\? Permute \(0, 3, 1, 2\)"):
            call()
    found = features.extract(np.transpose(LAST, (0, 3, 1, 2)), extractor()).features
    np.testing.assert_allclose(found, LAST.transpose(0, 3, 1, 2).reshape(5, -1) / 255, rtol=1e-6)
