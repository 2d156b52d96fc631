"""One table of all metrics: whatever array holds the numbers, whatever their precision and size, and whole numbers.

Every public function of `equipoise.metrics` that takes arrays has a row, with the numbers of its result. What images
pass through (extractors, classifiers, digits beside each other) has its rows in the second table.
"""

import inspect
import warnings
from collections.abc import Callable
from dataclasses import astuple, is_dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from equipoise import metrics
from equipoise.evaluation import features

NUMBERS = np.random.default_rng(0)
ROWS, OTHERS, HELD = (NUMBERS.normal(size=(40, 3)) + shift for shift in (0.0, 0.5, 0.1))
CHANCES = NUMBERS.dirichlet(np.ones(4), size=40)
IMAGES = NUMBERS.uniform(size=(2, 1, 176, 176))
FLAT = 0.5 + 0.01 * NUMBERS.uniform(size=(2, 1, 176, 176))
SMALL = NUMBERS.uniform(-1, 1, size=(20, 1, 4, 4))
LABELS = NUMBERS.integers(0, 4, size=40)
COVARIANCES = [np.cov(rows, rowvar=False) for rows in (ROWS, OTHERS)]


class Row(NamedTuple):
    """A metric of arrays; `degree` says by which power of a common factor of the arrays each number of it grows."""

    function: Callable[..., Any]
    arrays: tuple[np.ndarray, ...]
    degree: tuple[int, ...] | None = None


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


TABLE: dict[str, Row] = {
    "inception_score": Row(metrics.inception_score, (CHANCES,)),
    "mode_score": Row(lambda *a: metrics.mode_score(*a, form="marginal"), (CHANCES, np.full(4, 0.25))),
    "frechet_distance": Row(
        metrics.frechet_distance, (ROWS.mean(axis=0), COVARIANCES[0], OTHERS.mean(axis=0), COVARIANCES[1])
    ),
    "FeatureMoments": Row(moments, (ROWS, OTHERS), (2,)),
    "kernel_distance": Row(metrics.kernel_distance, (ROWS, OTHERS)),
    "kernel_distance_of_subsets": Row(subsets, (ROWS, OTHERS)),
    "ms_ssim": Row(lambda *a: metrics.ms_ssim(*a).tolist(), (IMAGES, FLAT)),
    "precision_recall": Row(metrics.precision_recall, (ROWS, OTHERS), (0, 0)),
    "density_coverage": Row(metrics.density_coverage, (ROWS, OTHERS), (0, 0)),
    "nearest_neighbours": Row(lambda *a: metrics.nearest_neighbours(*a)[0].tolist(), (ROWS, OTHERS), (1,) * 40),
    "memorisation": Row(metrics.memorisation, (ROWS, OTHERS, HELD), (0, 0, 0)),
    "class_silhouette": Row(lambda a: metrics.class_silhouette(a, LABELS), (ROWS,), (0,)),
    "neighbour_purity": Row(lambda a: metrics.neighbour_purity(a, LABELS), (ROWS,), (0,)),
    "two_sample_test": Row(metrics.two_sample_test, (ROWS, OTHERS), (0, 0, 0, 1, 0)),
    "variety": Row(metrics.variety, (ROWS, OTHERS, HELD), (0, 0, 0)),
    "point_coverage": Row(lambda *a: astuple(metrics.point_coverage(*a, 0.1, 1.0))[:5], (ROWS[:, :2], OTHERS[:6, :2])),
    "class_histogram": Row(lambda a: metrics.class_histogram(a, 4).tolist(), (LABELS,)),
    "mode_coverage": Row(lambda a: metrics.mode_coverage(a, 4), (LABELS,)),
    "ClassCounts": Row(counted, (LABELS,)),
    "coverage_of_counts": Row(metrics.coverage_of_counts, (np.array([3.0, 0.0, 2.0]),)),
    "combined_labels": Row(lambda a: metrics.combined_labels(a, 4).tolist(), (LABELS.reshape(20, 2),)),
    "missing_modes": Row(missing, (SMALL, SMALL[::2], SMALL[:5])),
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
every_row = pytest.mark.parametrize("name", TABLE)
floating = pytest.mark.parametrize("name", [name for name, row in TABLE.items() if row.arrays[0].dtype.kind == "f"])


def numbers(result: Any) -> np.ndarray:
    values = astuple(result) if is_dataclass(result) else result
    return np.atleast_1d(np.array(values, dtype=np.float64))


def value(name: str, arrays: Any) -> np.ndarray:
    return numbers(TABLE[name].function(*arrays))


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


def flipped(array: np.ndarray) -> np.ndarray:
    return np.flip(np.ascontiguousarray(np.flip(array)))


def read_only(array: np.ndarray) -> np.ndarray:
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def within_inference_mode(array: np.ndarray) -> torch.Tensor:
    with torch.inference_mode():
        return torch.from_numpy(array.copy())


FORMS: dict[str, Callable[[np.ndarray], Any]] = {
    "torch": lambda a: torch.from_numpy(a.copy()),
    "flipped": flipped,
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "read-only": read_only,
    "strided": lambda a: np.repeat(a, 2, axis=0)[::2],
    "fortran": np.asfortranarray,
    "wider": lambda a: a.astype(np.longdouble) if a.dtype.kind == "f" else a.astype(np.uint16),
    "list": lambda a: a.tolist(),
    "inference mode": within_inference_mode,
    "requires a gradient": lambda a: torch.tensor(a, requires_grad=a.dtype.kind == "f"),
}


@every_row
@pytest.mark.parametrize("form", FORMS)
def test_whatever_holds_the_numbers_the_score_is_the_same(name: str, form: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = value(name, [FORMS[form](array) for array in TABLE[name].arrays])
    np.testing.assert_array_equal(found, value(name, TABLE[name].arrays))


@every_row
@pytest.mark.parametrize(
    "wrong", ["words", None, np.array(["a", "b"]), torch.empty(40, 3, device="meta"), [[1], [1, 2]]]
)
def test_what_is_no_array_of_numbers_is_refused_in_one_sentence(name: str, wrong: Any) -> None:
    others = TABLE[name].arrays[1:]
    with pytest.raises(ValueError, match=r"must (be|have|hold) .*[a-z)\]}\d]\.$"):
        TABLE[name].function(wrong, *others)


@floating
@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(name: str, wrong: float) -> None:
    first, *others = TABLE[name].arrays
    spoiled = first.copy()
    spoiled.flat[1] = wrong
    if name != "missing_modes":
        with pytest.raises(ValueError, match=r"not finite|\[0, 1\]"):
            TABLE[name].function(spoiled, *others)


@floating
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_narrow_numbers_are_widened_first(name: str, dtype: torch.dtype) -> None:
    narrow = [torch.from_numpy(array).to(dtype) for array in TABLE[name].arrays]
    if "score" in name:  # rounded probabilities do not sum to 1
        narrow = [(torch.from_numpy(array) * 64).round().to(dtype) / 64 for array in (np.full((40, 4), 0.25),)]
        narrow += [torch.full((4,), 0.25, dtype=dtype)] * (len(TABLE[name].arrays) - 1)
    wide = [array.double() for array in narrow]
    np.testing.assert_allclose(value(name, narrow), value(name, wide), rtol=2e-5, atol=2e-5)
    with torch.autocast("cpu", torch.bfloat16):
        np.testing.assert_allclose(value(name, narrow), value(name, wide), rtol=2e-5, atol=2e-5)


def test_similar_images_in_half_precision_are_similar() -> None:
    images = torch.full((1, 1, 176, 176), 0.9) + 1e-3 * torch.from_numpy(IMAGES[:1])
    a, b = images.half(), (images.half() + 5e-4).half()
    torch.testing.assert_close(
        metrics.ms_ssim(a, b).double(), metrics.ms_ssim(a.double(), b.double()), rtol=0, atol=1e-4
    )
    assert float(metrics.ms_ssim(a, b)) <= 1 + 1e-6


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if row.degree is not None])
@pytest.mark.parametrize("power", [-530, -200, 200, 470, 530, 600])
def test_numbers_of_any_size_give_the_right_score_or_are_refused(name: str, power: int) -> None:
    row = TABLE[name]
    plain = zip(value(name, row.arrays), row.degree or (), strict=True)
    expected = [float(v) * 2.0 ** (power * d) if abs(power * d) < 1000 else None for v, d in plain]
    scaled = [array * 2.0**power for array in row.arrays]
    if None not in expected:
        np.testing.assert_allclose(value(name, scaled), np.array(expected), rtol=1e-6)
    elif power > 0:
        with pytest.raises(ValueError, match=r"not finite|float64"):
            TABLE[name].function(*scaled)
    else:
        assert abs(value(name, scaled)[0]) < 1e-290


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
    calls = [lambda: features.extract(images, extractor()), lambda: extractor()(images)]
    calls += [lambda: metrics.ms_ssim(images, images)]
    for call in calls:
        with pytest.raises(ValueError, match=r"images.* are the channels last\? Permute \(0, 3, 1, 2\)"):
            call()
    found = features.extract(np.transpose(LAST, (0, 3, 1, 2)), extractor()).features
    np.testing.assert_allclose(found, LAST.transpose(0, 3, 1, 2).reshape(5, -1) / 255, rtol=1e-6)
