"""A data set's classifier is trained before the runs where a metric needs it, and only there."""

from dataclasses import replace
from pathlib import Path

import pytest

from equipoise.studies import runner
from equipoise.studies.runner import Means, run_study
from equipoise.studies.study import Measure, Study


class Begun(Exception):
    """Ends a study where its runs would begin."""


def judges(study: Study, metric: str, out: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The data sets whose classifiers are trained for a study that measures this metric alone."""
    trained: list[str] = []

    def begin(*words: object, **more: object) -> None:
        raise Begun

    monkeypatch.setattr(runner, "judge_of", lambda data, *words: trained.append(data.name))
    monkeypatch.setattr(runner, "run_jobs", begin)
    measured = replace(study, measures=(Measure(metric, metric),), orders=(), sentences=())
    with pytest.raises(Begun):
        run_study(measured, out, "cpu", means=Means(workers=1, device="cpu"), say=lambda line: None)
    return trained


@pytest.mark.parametrize("metric", ["inception-score", "modes-covered", "recall"])
def test_a_classifier_is_trained_where_a_metric_needs_it(
    small_study: Study, metric: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert judges(small_study, metric, tmp_path, monkeypatch) == ["digits"]


@pytest.mark.parametrize("metric", ["ms-ssim", "nearest-neighbours"])
def test_no_classifier_is_trained_where_none_does(
    small_study: Study, metric: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert judges(small_study, metric, tmp_path, monkeypatch) == []
