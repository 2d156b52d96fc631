"""Real data in place of samples: what the measures say of them stands in the table beside what was published."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from equipoise.data.digits import Digits
from equipoise.evaluation.judge import all_items, judge_of, parts_of
from equipoise.metrics.inception import inception_score
from equipoise.reports.study_tables import study_table
from equipoise.runs.train import Settings
from equipoise.studies import real_data
from equipoise.studies.real_data import score_real_data
from equipoise.studies.results import read_results
from equipoise.studies.study import Published, Reference, Study
from equipoise.studies.summary import summarise

pytestmark = pytest.mark.lengthy

SETTINGS = Settings("cpu", threads=1, quiet=True)
PRINTED = {"inception-score": Published(9.09, 0.08)}


def test_held_out_data_take_the_place_of_samples(
    reference: Path, small_study: Study, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    others = (Reference("real digits", PRINTED, recipe="magan-digits"), Reference("another paper", PRINTED))
    study = replace(small_study, references=others)
    assert score_real_data(study, "smoke", SETTINGS, tmp_path) == []
    (found,) = score_real_data(study, "cpu", SETTINGS, tmp_path)
    _, held_out = parts_of(Digits(), None)
    items = all_items(held_out)[:100].float() / 255
    mean, deviation = inception_score(judge_of(Digits(), None, torch.device("cpu")).probabilities(items), 10)
    score = found["scores"]["inception-score"]
    assert (score["value"], score["deviation"]) == pytest.approx((mean, deviation))
    assert score["passport"]["samples"] == "held-out real data"
    assert score["passport"]["generated_count"] == 100
    assert found["scores"]["modes-covered"]["value"] == 10
    assert "energy-gap" not in found["scores"]

    monkeypatch.setattr(real_data, "METRICS", None)
    assert score_real_data(study, "cpu", SETTINGS, tmp_path) == [found]
    table = study_table(summarise(study, read_results(reference) | {"real_data": [found]}))
    real, cited = ([cell.text for cell in row] for row in table.rows[:2])
    assert real[:3] == ["real digits", "real data, held out", "9.09 ± 0.08"]
    assert real[3] == f"{mean:.2f} ± {deviation:.2f} (splits)"
    assert cited[1:4] == ["not trained here", "9.09 ± 0.08", ""]
