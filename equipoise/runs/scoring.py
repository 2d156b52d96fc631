"""Scores of a generator: which evidence a metric needs, and the passport that goes with every figure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from equipoise import __version__
from equipoise.experiments.experiment import Experiment
from equipoise.metrics.classifier import Classifier
from equipoise.metrics.histogram import class_histogram
from equipoise.metrics.inception import inception_score
from equipoise.runs.catalogue import check_metrics, evaluator
from equipoise.runs.environment import git_commit
from equipoise.runs.judge import judge_of
from equipoise.runs.sampling import generate

SPLITS = 10


@dataclass(frozen=True)
class Score:
    """One figure with its passport.

    Attributes:
        metric: its name.
        value: a number, or a list of numbers for a histogram.
        deviation: the spread that the metric itself reports, over splits or blocks, or None.
        passport: what the figure was measured on and with.
    """

    metric: str
    value: float | list[float]
    deviation: float | None
    passport: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "metric": self.metric,
            "value": self.value,
            "deviation": self.deviation,
            "passport": dict(self.passport),
        }


@dataclass(frozen=True)
class Evidence:
    """What the metrics of one generator look at; everything is found when first asked for, and once.

    Attributes:
        experiment: what the generator was trained by.
        generator: the network.
        samples_count: how many samples are drawn.
        data_root: where published files lie.
        device: where the judging is done.
        judge: the data set's classifier, if it is at hand already.
        report: is told about slow work.
    """

    experiment: Experiment
    generator: nn.Module
    samples_count: int
    data_root: Path | None
    device: torch.device
    report: Callable[[str], None] | None = None
    known_judge: Classifier | None = field(default=None)

    @cached_property
    def samples(self) -> Tensor:
        """Generated samples [count, ...] in the experiment's value range, on the CPU."""
        experiment = self.experiment
        return generate(self.generator, experiment.latent, self.samples_count, experiment.seed, "evaluation")

    @cached_property
    def judge(self) -> Classifier:
        """The data set's classifier."""
        return self.known_judge or judge_of(self.experiment.data, self.data_root, self.device, self.report)

    @cached_property
    def probabilities(self) -> Tensor:
        """The judge's p(y|x) of the samples, [count, classes]."""
        unit = self.samples if self.experiment.value_range == "unit" else (self.samples + 1) / 2
        return self.judge.probabilities(unit.clamp(0, 1))

    def passport(self, **particulars: Any) -> dict[str, Any]:
        """What every score of this evidence was measured on and with."""
        return {
            "data": self.experiment.data.name,
            "samples": self.samples_count,
            "seed": self.experiment.seed,
            "equipoise": __version__,
            "torch": torch.__version__,
            "device": str(self.device),
            "commit": git_commit(),
        } | particulars

    def judged_passport(self, **particulars: Any) -> dict[str, Any]:
        """The passport of a score that the classifier had a hand in."""
        judge = {
            "extractor": f"{self.experiment.data.name} classifier",
            "extractor_accuracy": self.judge.accuracy,
            "extractor_weights": self.judge.weights_hash,
        }
        return self.passport(**judge, **particulars)


def score_inception(evidence: Evidence) -> Score:
    """Inception score over 10 splits, by the data set's classifier."""
    mean, deviation = inception_score(evidence.probabilities, SPLITS)
    return Score("inception-score", mean, deviation, evidence.judged_passport(splits=SPLITS))


def score_histogram(evidence: Evidence) -> Score:
    """Share of the samples in each class, by the data set's classifier."""
    counts = class_histogram(evidence.probabilities.argmax(dim=1), evidence.judge.classes)
    shares = (counts.double() / evidence.samples_count).tolist()
    return Score("class-histogram", shares, None, evidence.judged_passport())


def take_scores(names: tuple[str, ...], evidence: Evidence) -> list[Score]:
    """The scores of these metrics."""
    check_metrics(names)
    return [evaluator(name)(evidence) for name in names]
