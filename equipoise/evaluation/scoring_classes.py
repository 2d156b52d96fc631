"""Scores of a generator that is told classes: each class's samples against what was asked for."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from equipoise.common.errors import EquipoiseError
from equipoise.common.random import spread_places
from equipoise.evaluation.evidence import PURPOSE, Evidence
from equipoise.evaluation.latents import BATCH, latent_batch
from equipoise.evaluation.score import Score
from equipoise.metrics.kernel import kernel_distance

_LEAST = 3


def score_agreement(evidence: Evidence) -> Score:
    """Share of the samples that the data set's classifier reads as the class they were asked for, mean over classes."""
    asked = asked_classes(evidence)
    right = (evidence.probabilities.argmax(dim=1).cpu() == asked).double()
    shares = {number: float(right[asked == number].mean()) for number in _present(asked)}
    return _score("class-agreement", shares, None, evidence, evidence.judged_passport("class-agreement"))


def score_lite0_kernel(evidence: Evidence) -> Score:
    """Kernel distance of each class's samples to that class's real images, by EfficientNet-Lite0; mean over classes."""
    asked, name = asked_classes(evidence), "lite0-kernel-by-class"
    features, labels = evidence.features("efficientnet-lite0"), evidence.labels(" to tell classes by")
    real_classes = labels[spread_places(len(evidence.real), len(evidence.data))]
    found = {}
    for number in _present(real_classes):
        real, generated = features.real.features[real_classes == number], features.generated.features[asked == number]
        if min(len(real), len(generated)) < _LEAST:
            raise EquipoiseError(
                f"{name} needs at least {_LEAST} samples and real images of each class; class "
                f"{_names(evidence)[number]} has {len(generated)} and {len(real)}."
            )
        found[number] = kernel_distance(generated, real)
    error = math.sqrt(sum(each.standard_error**2 for each in found.values())) / len(found)
    passport = evidence.compared_passport(name, features)
    return _score(name, {number: each.value for number, each in found.items()}, error, evidence, passport)


def asked_classes(evidence: Evidence) -> Tensor:
    """The class that each of the evidence's samples was asked for, int64 [samples].

    Raises:
        EquipoiseError: the generator is not told classes.
    """
    prior = evidence.experiment.latent
    if not prior.classes:
        raise EquipoiseError(
            "this metric needs a generator that is told classes, as one that is trained with --labels."
        )
    count = evidence.samples_count
    batches = [latent_batch(prior, evidence.seed, number, PURPOSE) for number in range(-(-count // BATCH))]
    return torch.cat(batches)[:count, -prior.classes :].argmax(dim=1)


def _present(classes: Tensor) -> list[int]:
    return [int(number) for number in classes.unique()]


def _score(
    name: str,
    by_class: Mapping[int, float],
    deviation: float | None,
    evidence: Evidence,
    passport: Mapping[str, object],
) -> Score:
    """The mean over the classes; each class's own figure stands in the passport, by its name."""
    names = _names(evidence)
    named = {names[number]: value for number, value in by_class.items()}
    mean = math.fsum(named.values()) / len(named)
    return Score(name, mean, deviation, {**passport, "by_class": named})


def _names(evidence: Evidence) -> list[str]:
    """Each class's name, or its number where they have none."""
    names = evidence.experiment.data.class_names(evidence.data_root)
    return names or [str(number) for number in range(evidence.experiment.latent.classes)]
