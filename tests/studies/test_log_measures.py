"""What a study reads off a run's log has a passport, and says which metric was watched."""

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest

from equipoise.evaluation.passport import Passport, differences
from equipoise.runs.record import RunRecord, read_run
from equipoise.studies.catalogue import study
from equipoise.studies.log_measures import LOG_MEASURES, take_from_log
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


def test_batches_until_the_distance_is_low_are_those_of_the_discriminator(tmp_path: Path) -> None:
    run = run_with_scores(tmp_path / "a", "fid", [300, 120, 99.5, 90, 130])
    found = take_from_log("batches-to-100", replace(run, config={"algorithm": {"discriminator_steps": 5}}), "fid")
    assert found is not None
    assert found["value"] == 5 * 30
    assert found["passport"]["metric"] == "real batches until fid is at most 100"
    assert take_from_log("batches-to-100", run_with_scores(tmp_path / "b", "fid", [300, 101]), "fid") is None
    other_scale = run_with_scores(tmp_path / "c", "classifier-fid", [3.0])
    assert take_from_log("batches-to-100", other_scale, "classifier-fid") is None


def test_lgas_runs_on_lsun_take_fid_every_thousand_batches() -> None:
    for planned in plan(study("lga-lsun"), "paper", 1, with_inception=True):
        watch, algorithm = planned.experiment.watch, planned.experiment.algorithm
        assert (watch.metrics, watch.evaluations, algorithm.epochs) == (("fid",), 95, 2)


def run_of_magan(place: Path, real: list[float], fake: list[float], margin: list[float]) -> RunRecord:
    place.mkdir()
    (place / "config.yaml").write_text("name: x\ndata: {kind: mnist, split: train}\n")
    session = {"data_hash": "ab", "seed": 0, "packages": {"torch": "2", "numpy": "2"}} | dict.fromkeys(
        ("equipoise", "python", "commit", "device"), ""
    )
    (place / "environment.json").write_text(json.dumps({"sessions": [session]}))
    lines = [
        {"kind": "epoch", "iteration": number + 1, "stage": "adversarial", "epoch": number}
        | {"values": {"real_energy": real[number], "fake_energy": fake[number]}}
        for number in range(len(real))
    ]
    for number, value in enumerate(margin):
        after = margin[min(number + 1, len(margin) - 1)]
        lines[number]["values"] |= {"margin": value, "next_margin": after - (number == len(margin) - 1)}  # type: ignore[operator]
    (place / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (place / "scores.json").write_text(json.dumps({"scores": [HISTOGRAM]}))
    return read_run(place)


HISTOGRAM = {
    "metric": "class-histogram",
    "value": [0.1, 0.17, 0.04, 0.09, 0.1, 0.12, 0.06, 0.11, 0.07, 0.14],
    "deviation": None,
    "passport": PASSPORT.as_dict() | {"metric": "class-histogram of 10"},
}


def test_energies_margins_and_classes_are_read_as_the_papers_sentences_name_them(tmp_path: Path) -> None:
    run = run_of_magan(
        tmp_path / "run",
        real=[9, 8, 7.5, 7, 6, 5, 4.5, 4, 4, 4, 3],
        fake=[30, 20, 12, 11, 10, 10, 9, 9, 9, 8, 6],
        margin=[6.0] * 8 + [5.0] * 3,
    )
    found = {
        name: take_from_log(name, run, "") for name in LOG_MEASURES if "distance" not in name and "100" not in name
    }
    values = {name: score["value"] for name, score in found.items() if score is not None}
    assert values == pytest.approx(
        {
            "energy-gap": 3,
            "final-margin": 4,  # the one that the next epoch would have had
            "fake-energy-above-margin": 1,
            "real-energy-change": 3 - 7.5,  # two epochs are the first tenth of eleven, rounded up
            "fake-energy-change": 6 - 12,
            "share-of-ones": 0.17,
            "share-of-twos": 0.04,
            "lead-of-ones": 0.03,
            "lead-of-twos": -0.02,
            "even-classes": 5,
        }
    )
    assert found["share-of-ones"]["passport"] == HISTOGRAM["passport"] | {"metric": "share-of-ones"}  # type: ignore[index,operator]
    assert found["real-energy-change"]["passport"]["metric"] == "real_energy, last epoch minus epoch 3"  # type: ignore[index]


def test_what_a_run_does_not_hold_is_not_measured(tmp_path: Path) -> None:
    one_epoch = run_of_magan(tmp_path / "run", [1.0], [2.0], [])
    assert take_from_log("real-energy-change", one_epoch, "") is None
    assert take_from_log("final-margin", one_epoch, "") is None
    without_classes = run_with_scores(tmp_path / "scores", "fid", [1.0])
    assert take_from_log("share-of-ones", without_classes, "") is None


@pytest.mark.parametrize(("with_inception", "watched"), [(True, "fid"), (False, "classifier-fid")])
def test_figure_2_of_lga_watches_the_fid_where_it_can(with_inception: bool, watched: str) -> None:
    for planned in plan(study("lga-figure-2"), "paper", 1, with_inception):
        assert planned.experiment.watch.metrics == (watched,)
        assert planned.experiment.watch.evaluations == 10
