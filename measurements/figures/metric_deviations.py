"""Hold every metric against an independent implementation, keep the largest deviations, and print the page's table.

python -m measurements.figures.metric_deviations      measures and writes results/metrics/deviations.json; a minute
python -m measurements.figures.metric_deviations --table    prints the table of docs/metrics.md from that file

Needs scikit-learn, scipy and torchmetrics. A deviation is relative: |ours - theirs| / |theirs|, the largest over all
cases; where a metric is a count or a share, it is absolute.
"""

import argparse
import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from scipy.linalg import sqrtm
from scipy.ndimage import correlate1d
from scipy.stats import entropy, norm
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import NearestNeighbors

from equipoise.common.files import write_text_atomically
from equipoise.common.machine import git_commit
from equipoise.evaluation.features import InceptionExtractor
from equipoise.evaluation.passport import current_versions
from equipoise.metrics import (
    FeatureMoments,
    class_histogram,
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
from equipoise.metrics.resize import resize_clean
from measurements import RESULTS_FOLDER

DATA = RESULTS_FOLDER / "metrics" / "deviations.json"
SEEDS = 5
Pair = tuple[Any, Any]
Numbers = np.random.Generator


def probabilities(numbers: Numbers, samples: int = 500, classes: int = 10) -> np.ndarray:
    logits = 3 * numbers.normal(size=(samples, classes))
    values = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(values / values.sum(axis=1, keepdims=True))


def correlated(numbers: Numbers, samples: int = 400, features: int = 64) -> np.ndarray:
    return numbers.normal(size=(samples, features)) @ numbers.normal(size=(features, features))


def two_sets(numbers: Numbers) -> tuple[np.ndarray, np.ndarray]:
    return numbers.normal(size=(120, 6)), 0.8 * numbers.normal(size=(90, 6)) + 0.4


def inception_by_loop(numbers: Numbers) -> Pair:
    rows, splits = probabilities(numbers), []
    for part in np.array_split(rows, 10):
        splits.append(np.exp(np.mean([entropy(row, part.mean(axis=0)) for row in part])))
    return inception_score(rows), (np.mean(splits), np.std(splits))


def inception_by_torchmetrics(numbers: Numbers) -> Pair:
    from torchmetrics.image.inception import InceptionScore

    logits = torch.from_numpy(3 * numbers.normal(size=(400, 12)))
    judge = InceptionScore(feature=torch.nn.Identity(), splits=1)
    judge.update(logits)
    return inception_score(torch.softmax(logits, dim=1), splits=1)[0], float(judge.compute()[0])


def mode_by_loop(numbers: Numbers) -> Pair:
    rows, training = probabilities(numbers), numbers.dirichlet(np.full(10, 5.0))
    marginal = rows.mean(axis=0)
    spread = np.mean([entropy(row, marginal) for row in rows])
    return mode_score(rows, training, form="marginal"), math.exp(spread - entropy(marginal, training))


def frechet_by_scipy(numbers: Numbers) -> Pair:
    (mean_a, a), (mean_b, b) = ((r.mean(axis=0), np.cov(r, rowvar=False)) for r in (correlated(numbers) for _ in "ab"))
    theirs = ((mean_a - mean_b) ** 2).sum() + np.trace(a) + np.trace(b) - 2 * np.trace(sqrtm(a @ b).real)
    return frechet_distance(mean_a, a, mean_b, b), theirs


def frechet_of_few_samples(numbers: Numbers) -> Pair:
    """Rank-deficient: the trace of the root is then the nuclear norm of X Y', for A = X'X / (n - 1)."""
    a, b = correlated(numbers, 20), correlated(numbers, 30)
    x, y = ((r - r.mean(axis=0)) / math.sqrt(len(r) - 1) for r in (a, b))
    trace = np.linalg.svd(x @ y.T, compute_uv=False).sum()
    theirs = ((a.mean(axis=0) - b.mean(axis=0)) ** 2).sum() + (x**2).sum() + (y**2).sum() - 2 * trace
    return FeatureMoments.of(torch.from_numpy(a)).distance(FeatureMoments.of(torch.from_numpy(b)), True), theirs


def frechet_by_torchmetrics(numbers: Numbers) -> Pair:
    from torchmetrics.image.fid import FrechetInceptionDistance

    class Pixels(torch.nn.Module):
        num_features = 12

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images.flatten(1)

    a, b = (torch.from_numpy(numbers.uniform(size=(80, 3, 2, 2)) ** power) for power in (1, 2))
    judge = FrechetInceptionDistance(feature=Pixels(), normalize=True, input_img_size=(3, 2, 2)).set_dtype(
        torch.float64
    )
    judge.update(a, real=True)
    judge.update(b, real=False)
    return FeatureMoments.of(a.flatten(1)).distance(FeatureMoments.of(b.flatten(1))), float(judge.compute())


def kernel_by_loop(numbers: Numbers) -> Pair:
    """The value, and the jackknife's standard error by leaving out one sample after the other."""
    a, b = numbers.normal(size=(25, 8)), numbers.normal(size=(20, 8)) + 0.5

    def distance(a: np.ndarray, b: np.ndarray) -> float:
        k: Callable[[np.ndarray, np.ndarray], float] = lambda x, y: (float(x @ y) / len(x) + 1) ** 3  # noqa: E731
        within = [
            sum(k(rows[i], rows[j]) for i in range(len(rows)) for j in range(len(rows)) if i != j)
            / (len(rows) * (len(rows) - 1))
            for rows in (a, b)
        ]
        return sum(within) - 2 * sum(k(x, y) for x in a for y in b) / (len(a) * len(b))

    left_out = [[distance(np.delete(a, i, axis=0), b) for i in range(len(a))]]
    left_out += [[distance(a, np.delete(b, i, axis=0)) for i in range(len(b))]]
    error = math.sqrt(sum((len(values) - 1) * np.var(values) for values in left_out))
    found, spread = kernel_distance(a, b), norm.ppf(0.975) * error
    value = distance(a, b)
    return (found.value, found.standard_error, found.low, found.high), (value, error, value - spread, value + spread)


def kernel_by_torchmetrics(numbers: Numbers) -> Pair:
    from torchmetrics.image.kid import KernelInceptionDistance

    a, b = numbers.normal(size=(60, 16)), numbers.normal(size=(60, 16)) * 1.2
    judge = KernelInceptionDistance(feature=torch.nn.Identity(), subsets=1, subset_size=60)
    judge.update(torch.from_numpy(a), real=True)
    judge.update(torch.from_numpy(b), real=False)
    return kernel_distance(a, b).value, float(judge.compute()[0])


def similarity_by_loop(numbers: Numbers) -> Pair:
    height, width = np.mgrid[:176, :192]
    a, b = (np.clip(0.5 + np.sin(height / p) * np.cos(width / q) / 4, 0, 1) for p, q in numbers.uniform(2, 20, (2, 2)))
    b = np.clip(0.7 * a + 0.3 * b + 0.05 * numbers.normal(size=a.shape), 0, 1)
    return float(ms_ssim(a[None, None], b[None, None])), _plain_similarity(a, b)


def _plain_similarity(a: np.ndarray, b: np.ndarray) -> float:
    window = np.exp(-((np.arange(11) - 5) ** 2) / 4.5)
    window /= window.sum()

    def blur(x: np.ndarray) -> np.ndarray:
        return np.asarray(correlate1d(correlate1d(x, window, axis=0), window, axis=1)[5:-5, 5:-5])

    result = 1.0
    for scale, weight in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
        mean_a, mean_b = blur(a), blur(b)
        v_a, v_b, v_ab = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2, blur(a * b) - mean_a * mean_b
        term = (2 * v_ab + 9e-4) / (v_a + v_b + 9e-4)
        if scale == 4:
            term = term * (2 * mean_a * mean_b + 1e-4) / (mean_a**2 + mean_b**2 + 1e-4)
        result *= max(float(term.mean()), 0) ** weight
        if scale < 4:
            a, b = (x.reshape(x.shape[0] // 2, 2, x.shape[1] // 2, 2).mean(axis=(1, 3)) for x in (a, b))
    return result


def manifolds_by_scikit_learn(numbers: Numbers) -> Pair:
    real, generated = two_sets(numbers)

    def radii(rows: np.ndarray, k: int) -> np.ndarray:
        return np.asarray(NearestNeighbors(n_neighbors=k).fit(rows).kneighbors()[0][:, -1])

    apart = pairwise_distances(real, generated)
    near_real, near_generated = apart <= radii(real, 3)[:, None], apart <= radii(generated, 3)[None]
    held = apart <= radii(real, 5)[:, None]
    precision, recall = near_real.any(axis=0).mean(), near_generated.any(axis=1).mean()
    theirs = (precision, recall, held.sum(axis=0).mean() / 5, held.any(axis=1).mean())
    return (*precision_recall(real, generated), *density_coverage(real, generated)), theirs


def neighbours_by_scikit_learn(numbers: Numbers) -> Pair:
    samples, training = numbers.normal(size=(40, 7)), numbers.normal(size=(2100, 7))
    theirs = NearestNeighbors(n_neighbors=1).fit(training).kneighbors(samples)[0][:, 0]
    return nearest_neighbours(samples, training)[0].numpy(), theirs


def modes_by_numpy(numbers: Numbers) -> Pair:
    labels = numbers.choice(1000, size=2000, p=numbers.dirichlet(np.full(1000, 0.5)))
    counts = np.bincount(labels, minlength=1000)
    found = mode_coverage(labels, 1000)
    theirs = ((counts > 0).sum(), (counts == 0).sum(), entropy(counts / 2000, np.full(1000, 1e-3)))
    ours = (found.covered, found.missing, found.divergence)
    return (*ours, *class_histogram(labels, 1000).tolist()), (*theirs, *counts)


def points_by_loop(numbers: Numbers) -> Pair:
    ring = 5 * np.stack([(math.cos(t), math.sin(t)) for t in np.arange(6) * math.pi / 3])
    points = ring[numbers.integers(0, 5, size=400)] + 0.25 * numbers.normal(size=(400, 2))
    near, loose = [0] * 6, [0] * 6
    for x, y in points:
        distance, mode = min((math.hypot(x - cx, y - cy), index) for index, (cx, cy) in enumerate(ring))
        near[mode] += distance <= 0.3
        loose[mode] += distance <= 1.0
    found = point_coverage(points, ring, deviation=0.1, loose_radius=1.0)
    theirs = (sum(map(bool, near)), sum(map(bool, loose)), sum(near) / 400, sum(loose) / 400)
    return (found.covered, found.covered_loosely, found.share_near, found.share_loose), theirs


def two_samples_by_loop(numbers: Numbers) -> Pair:
    a, b = numbers.normal(size=(41, 3)), numbers.normal(size=(50, 3)) + 0.3

    def k(x: np.ndarray, y: np.ndarray) -> float:
        return math.exp(-float(((x - y) ** 2).sum()) / (2 * 1.7**2))

    terms = [k(a[i], a[i + 1]) + k(b[i], b[i + 1]) - k(a[i], b[i + 1]) - k(a[i + 1], b[i]) for i in range(0, 40, 2)]
    error = np.std(terms, ddof=1) / math.sqrt(20)
    found = two_sample_test(a, b, bandwidth=1.7)
    return (found.statistic, found.p_value), (np.mean(terms), norm.sf(np.mean(terms) / error))


def clean_resize_by_pillow(numbers: Numbers) -> Pair:
    from PIL import Image

    channel = numbers.integers(0, 256, size=(32, 32)).astype(np.float32)
    theirs = np.asarray(Image.fromarray(channel).resize((299, 299), Image.Resampling.BICUBIC)).clip(0, 255)
    return resize_clean(torch.from_numpy(channel)[None, None], 299)[0, 0].numpy(), theirs


TORCH_FIDELITY = {  # what torch-fidelity 0.4.0 gave for the same random weights and images
    "features": [
        [0.3127118, 0.0252133, 0.0, 0.0535592, 0.5197064, 0.0371933, 1.0203719],
        [0.3168778, 0.0241776, 0.0, 0.0508505, 0.529407, 0.0376238, 1.0033981],
    ],
    "probabilities": [
        [0.001525175, 0.000351151, 0.001118824, 0.002324828, 0.002448007, 0.001711271],
        [0.00151154, 0.00035575, 0.001063398, 0.002284204, 0.002473367, 0.001744324],
    ],
}


def inception_v3_by_torch_fidelity(numbers: Numbers) -> Pair:
    images = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(2))
    found = InceptionExtractor.random(seed=0)(images)
    assert found.probabilities is not None
    ours = torch.cat([found.features[:, ::300].flatten(), found.probabilities[:, ::200].flatten()])
    return ours.numpy(), np.concatenate([np.ravel(part) for part in TORCH_FIDELITY.values()])


CASES: list[tuple[str, str, str, Callable[[Numbers], Pair]]] = [
    ("inception score", "plain loop, scipy's entropy", "relative", inception_by_loop),
    ("inception score", "torchmetrics", "relative", inception_by_torchmetrics),
    ("MODE score, marginal form", "plain loop, scipy's entropy", "relative", mode_by_loop),
    ("Frechet distance", "scipy's sqrtm", "relative", frechet_by_scipy),
    ("Frechet distance", "torchmetrics", "relative", frechet_by_torchmetrics),
    ("Frechet distance, rank-deficient", "numpy's singular values", "relative", frechet_of_few_samples),
    ("kernel distance, error and interval", "plain loop, leaving one out", "relative", kernel_by_loop),
    ("kernel distance", "torchmetrics", "relative", kernel_by_torchmetrics),
    ("MS-SSIM", "plain loop, scipy's filter", "relative", similarity_by_loop),
    ("precision, recall, density, coverage", "scikit-learn", "absolute", manifolds_by_scikit_learn),
    ("nearest neighbours", "scikit-learn", "relative", neighbours_by_scikit_learn),
    ("class histogram, modes, their KL", "numpy, scipy's entropy", "absolute", modes_by_numpy),
    ("points on ring and grid", "plain loop", "absolute", points_by_loop),
    ("two-sample test", "plain loop, scipy's normal", "relative", two_samples_by_loop),
    ("resize as clean-fid", "Pillow, grey levels of 255", "absolute", clean_resize_by_pillow),
    ("Inception-v3, float32", "torch-fidelity 0.4.0, same random weights", "absolute", inception_v3_by_torch_fidelity),
]


def deviation(kind: str, ours: Any, theirs: Any) -> float:
    a, b = np.asarray(ours, dtype=np.float64), np.asarray(theirs, dtype=np.float64)
    assert a.shape == b.shape
    apart = np.abs(a - b)
    return float((apart / np.abs(b) if kind == "relative" else apart).max())


def measured() -> Iterator[dict[str, Any]]:
    for metric, against, kind, compare in CASES:
        seeds = 1 if compare is inception_v3_by_torch_fidelity else SEEDS
        found = [deviation(kind, *compare(np.random.default_rng(seed))) for seed in range(seeds)]
        yield {
            "metric": metric,
            "against": against,
            "kind": kind,
            "cases": seeds,
            "largest": float(f"{max(found):.2g}"),
        }


def table(document: dict[str, Any]) -> str:
    lines = ["| metric | against | largest deviation |", "| --- | --- | --- |"]
    lines += [
        f"| {row['metric']} | {row['against']} | {row['largest']:.1e} ({row['kind']}) |" for row in document["rows"]
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--table", action="store_true")
    if not words.parse_args().table:
        torch.set_num_threads(1)
        torch.manual_seed(0)  # torchmetrics shuffles by the global stream
        passport = {"seeds": list(range(SEEDS)), "versions": current_versions(), "commit": git_commit()}
        document = {"passport": passport, "rows": list(measured())}
        DATA.parent.mkdir(parents=True, exist_ok=True)
        write_text_atomically(DATA, json.dumps(document, indent=1) + "\n")
    print(table(json.loads(DATA.read_text(encoding="utf-8"))), end="")


if __name__ == "__main__":
    main()
