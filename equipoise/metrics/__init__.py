"""Metrics: a pure function each, with a thin accumulator where samples come in batches."""

from equipoise.metrics.classifier import Classifier, ClassifierRecipe, cached_classifier, train_classifier
from equipoise.metrics.histogram import ClassCounts, ModeCoverage, class_histogram, coverage_of_counts, mode_coverage
from equipoise.metrics.inception_score import inception_score, mode_score

__all__ = [
    "ClassCounts",
    "Classifier",
    "ClassifierRecipe",
    "ModeCoverage",
    "cached_classifier",
    "class_histogram",
    "coverage_of_counts",
    "inception_score",
    "mode_coverage",
    "mode_score",
    "train_classifier",
]
