"""Metrics that are taken during the training change nothing about the run."""

from dataclasses import fields, replace
from pathlib import Path

import pytest

from equipoise.common.files import sha256_of
from equipoise.evaluation.passport import Passport
from equipoise.experiments.experiment import Experiment, Watch, with_length
from equipoise.recipes.catalogue import recipe
from equipoise.runs.directory import RunDirectory
from equipoise.runs.record import read_run
from equipoise.runs.train import Settings, train

pytestmark = pytest.mark.lengthy

METRICS = ("inception-score", "modes-kl", "ms-ssim")


def trained(experiment: Experiment, out: Path, watch: Watch) -> RunDirectory:
    return train(replace(experiment, watch=watch), out, Settings("cpu", threads=1, quiet=True))


def test_evaluating_changes_nothing_about_the_run(tmp_path: Path) -> None:
    experiment = with_length(recipe("magan-digits"), iterations=12)
    blind = Watch(sample_grids=1, checkpoints=1)
    plain = trained(experiment, tmp_path / "plain", blind)
    watched = trained(
        experiment, tmp_path / "watched", replace(blind, evaluations=4, metrics=METRICS, samples=60, best="modes-kl")
    )
    tensors = [sorted(run.checkpoints.glob("*.safetensors"))[-1] for run in (plain, watched)]
    assert sha256_of(tensors[0]) == sha256_of(tensors[1])
    logs = [run.log.read_text().splitlines() for run in (plain, watched)]
    scores = [line for line in logs[1] if '"kind": "score"' in line]
    assert len(scores) == 4
    assert all(metric in scores[0] for metric in METRICS)
    assert [line for line in logs[1] if line not in scores] == logs[0]


def test_every_score_of_the_training_has_its_passport_and_no_line_counts_as_damaged(tmp_path: Path) -> None:
    watch = Watch(sample_grids=1, checkpoints=1, evaluations=2, metrics=("classifier-fid", "class-histogram"))
    experiment = with_length(recipe("magan-digits"), iterations=4)
    log = read_run(trained(experiment, tmp_path / "run", replace(watch, samples=300)).path).log
    assert log.damaged_lines == 0
    assert len(log.scores) == 2
    for record in log.scores:
        passport = record.passports["classifier-fid"]
        assert passport["generated_count"] == 300
        assert passport["extractor"] == "digits classifier"
        assert set(passport) >= {field.name for field in fields(Passport)}
