"""What a study reads off a run's log has a passport, and says which metric was watched."""

import json
from dataclasses import fields
from pathlib import Path

import pytest

from equipoise.metrics.passport import Passport, differences
from equipoise.runs.report.record import RunRecord, read_run
from equipoise.studies.catalogue import study
from equipoise.studies.log_measures import take_from_log
from equipoise.studies.plan import plan

PASSPORT = Passport("fid", "stl10", "ab", "train", 10, 10, "inception-v3", "cd", "reference", 0, {}, "", "cpu")


def run_with_scores(place: Path, metric: str, values: list[float]) -> RunRecord:
    place.mkdir()
    (place / "config.yaml").write_text("name: x\n")
    lines = [
        {"kind": "score", "iteration": 10 * number, "stage": "adversarial", "epoch": 0}
        | {"values": {metric: value}, "passports": {metric: PASSPORT.as_dict() | {"metric": metric}}}
        for number, value in enumerate(values, start=1)
    ]
    (place / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return read_run(place)


def test_the_trailing_distance_is_the_mean_from_the_lowest_value_on(tmp_path: Path) -> None:
    found = take_from_log("trailing-distance", run_with_scores(tmp_path / "a", "fid", [9, 3, 4, 8]), "fid")
    assert found is not None
    assert found["value"] == pytest.approx(5)
    assert found["passport"]["metric"] == "mean of fid from its lowest point on, 4 evaluations"
    assert take_from_log("trailing-distance", run_with_scores(tmp_path / "b", "fid", [9]), "classifier-fid") is None


def test_two_watched_metrics_are_told_apart_by_their_passports(tmp_path: Path) -> None:
    """The table marks cells whose passports differ, so that FID and its stand-in never share a column in silence."""
    passports = []
    for metric in ("fid", "classifier-fid"):
        found = take_from_log("trailing-distance", run_with_scores(tmp_path / metric, metric, [2.0, 1.0]), metric)
        assert found is not None
        passports.append(Passport.from_dict({each.name: found["passport"][each.name] for each in fields(Passport)}))
    assert differences(*passports) == ("metric",)


@pytest.mark.parametrize(("with_inception", "watched"), [(True, "fid"), (False, "classifier-fid")])
def test_figure_2_of_lga_watches_the_fid_where_it_can(with_inception: bool, watched: str) -> None:
    for planned in plan(study("lga-figure-2"), "paper", 1, with_inception):
        assert planned.experiment.watch.metrics == (watched,)
        assert planned.experiment.watch.evaluations == 10
