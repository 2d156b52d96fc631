"""Measure how the metrics answer to known faults, on scikit-learn's digits, and keep the answers in metrics.csv.

Run: python -m measurements.figures.metrics_measure      about a minute on one core

Real samples are one half of the training images; a "generator" is the other half with a known fault, so every answer
can be judged. Features and probabilities come from the digits' own classifier.
"""

import csv
from collections.abc import Callable

import torch

from equipoise.common.random import stream
from equipoise.data.digits import Digits
from equipoise.evaluation.classifier import Classifier, train_classifier
from equipoise.metrics import (
    FeatureMoments,
    density_coverage,
    inception_score,
    kernel_distance,
    memorisation,
    mode_score,
    ms_ssim,
    precision_recall,
    random_pairs,
)
from measurements import FIGURES_FOLDER, take_no_words

COUNT = 700
PAIRS = 60


def fewer_classes(images: torch.Tensor, labels: torch.Tensor, level: float) -> torch.Tensor:
    """Only the first 10 - level digits, repeated to the same count."""
    kept = images[labels < 10 - level]
    return kept[torch.arange(len(images)) % len(kept)]


def fewer_images(images: torch.Tensor, labels: torch.Tensor, level: float) -> torch.Tensor:
    """Only a share of 2^-level of the images, over all classes, repeated to the same count."""
    kept = images[: int(len(images) * 2**-level)]
    return kept[torch.arange(len(images)) % len(kept)]


def more_noise(images: torch.Tensor, labels: torch.Tensor, level: float) -> torch.Tensor:
    """Gaussian noise of this deviation, clipped to [0, 1]."""
    noise = torch.randn(images.shape, generator=stream(0, "figure/noise"))
    return (images + level * noise).clamp(0, 1)


Fault = Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]
FAULTS: dict[str, tuple[Fault, list[float]]] = {
    "classes missing": (fewer_classes, [0, 1, 2, 4, 6, 8, 9]),
    "images repeated 2^k times": (fewer_images, [0, 1, 2, 3, 4, 5, 6]),
    "noise deviation": (more_noise, [0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5]),
}


def scores(
    judge: Classifier, real: torch.Tensor, generated: torch.Tensor, held_out: torch.Tensor, labels: torch.Tensor
) -> dict[str, float]:
    """Every metric of one faulty generator."""
    seen, made = judge.features(real), judge.features(generated)
    probabilities = judge.probabilities(generated)
    first, second = random_pairs(len(generated), PAIRS, stream(0, "figure/pairs"))
    precision, recall = precision_recall(seen, made)
    density, coverage = density_coverage(seen, made)
    uniform = torch.bincount(labels, minlength=10) / len(labels)
    near = memorisation(generated.flatten(1), real.flatten(1), held_out.flatten(1))
    return {
        "inception score": inception_score(probabilities, splits=1)[0],
        "mode score (marginal)": mode_score(probabilities, uniform, form="marginal"),
        "Frechet distance": FeatureMoments.of(seen).distance(FeatureMoments.of(made), few_samples=True),
        "kernel distance": kernel_distance(seen, made).value,
        "precision": precision,
        "recall": recall,
        "density": density,
        "coverage": coverage,
        "MS-SSIM of pairs": float(ms_ssim(generated[first], generated[second]).mean()),
        "distance to training data": near.ratio,
    }


def main() -> None:
    train, test = (next(iter(split.load().chunks(2000))) for split in (Digits("train"), Digits("test")))
    labels, test_labels = Digits("train").load().labels, Digits("test").load().labels
    assert labels is not None
    assert test_labels is not None
    judge = train_classifier(train, labels, test, test_labels)
    images, held_out = train.float() / 255, test.float() / 255
    real, other = images[:COUNT], images[COUNT : 2 * COUNT]
    rows = [
        {"fault": fault, "level": level, "metric": metric, "value": f"{value:.6g}"}
        for fault, (apply, levels) in FAULTS.items()
        for level in levels
        for metric, value in scores(
            judge, real, apply(other, labels[COUNT : 2 * COUNT], level), held_out, labels[:COUNT]
        ).items()
    ]
    with open(FIGURES_FOLDER / "metrics.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    take_no_words(__doc__)
    main()
