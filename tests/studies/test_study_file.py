"""Studies as YAML: every built-in one comes back equal, short forms are read, and mistakes are one sentence."""

from dataclasses import replace
from pathlib import Path

import pytest

from equipoise.cli.main import main
from equipoise.common.errors import EquipoiseError
from equipoise.evaluation.catalogue import METRICS, MetricEntry
from equipoise.experiments.config import built, to_yaml
from equipoise.experiments.reading import read_yaml
from equipoise.recipes.catalogue import recipe
from equipoise.studies.catalogue import STUDIES, study
from equipoise.studies.plan import plan
from equipoise.studies.study import Measure, Row, Scale, Study
from equipoise.studies.study_file import check_names, find_or_load, load_study, study_to_yaml

LARGE = ("mode-figure-3",)
"""Thousands of cells: PyYAML takes a quarter of a minute."""


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", sorted(set(STUDIES) - set(LARGE)))
def test_a_study_comes_back_equal(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show-study", name]) == 0
    found = load_study(written(tmp_path / "mine.yaml", capsys.readouterr().out))
    assert found == study(name)


def test_a_large_study_comes_back_equal_too() -> None:
    whole = study("mode-figure-3")
    part = Study(
        **{**whole.__dict__, "rows": tuple(Row(**{**r.__dict__, "variants": r.variants[:40]}) for r in whole.rows)}
    )
    assert built(Study, read_yaml(study_to_yaml(part))) == part


def test_a_study_that_was_read_runs_to_the_same_plan(tmp_path: Path) -> None:
    found = load_study(written(tmp_path / "mine.yaml", study_to_yaml(study("magan-digits"))))
    planned, expected = (plan(each, "cpu", None, False) for each in (found, study("magan-digits")))
    assert planned == expected
    assert [each.directory for each in planned] == [each.directory for each in expected]


def test_short_forms_are_read(tmp_path: Path) -> None:
    written(tmp_path / "other.yaml", to_yaml(recipe("ebgan-digits")))
    path = written(
        tmp_path / "losses.yaml",
        "rows: [gan-digits, other.yaml, {recipe: ebgan-digits, label: wide, changes: [algorithm.margin=9]}]\n"
        "measures: [classifier-fid, recall]\nseeds: 3\nsamples: 500\niterations: 7\n"
        "watched: recall\nevaluations: 4\n",
    )
    found = load_study(path)
    assert (found.name, found.title) == ("losses", "losses")
    assert [row.label for row in found.rows] == ["gan-digits", "other.yaml", "wide"]
    assert found.rows[1].experiment["algorithm"]["kind"] == "ebgan"
    assert found.measures == (Measure("classifier-fid", "classifier fid ↓"), Measure("recall", "recall ↑"))
    assert found.scales["cpu"] == found.scales["paper"] == Scale(seeds=3, samples=500)
    planned = plan(found, "cpu", None, False)
    assert len(planned) == 9
    assert {each.experiment.algorithm.iterations for each in planned} == {7}
    watches = {(each.experiment.watch.metrics, each.experiment.watch.samples) for each in planned}
    assert watches == {(("recall",), 500)}
    assert load_study(written(tmp_path / "again.yaml", study_to_yaml(found))) == found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- 1\n", "holds no study"),
        ("rows: [gan-digit]\nmeasures: [recall]\n", "did you mean 'gan-digits'?"),
        (
            "rows: [gan-digits]\nmeasures: [recall, class-histogram]\n",
            "class-histogram is share of the samples",
        ),
        ("rows: [gan-digits]\nmeasures: [recal]\n", "unknown metric 'recal'; did you mean 'recall'?"),
        ("rows: [gan-digits, gan-digits]\nmeasures: [recall]\n", "'gan-digits' is used twice"),
        ("rows: [gan-digits]\nmeasures: [recall, recall]\n", "'recall' is used twice"),
        ("rows: []\nmeasures: [recall]\n", "at least one row"),
        ("rowz: [gan-digits]\nmeasures: [recall]\n", "did you mean 'rows'?"),
        ("rows: [{label: a}]\nmeasures: [recall]\n", "needs either a recipe or an experiment"),
        ("rows: [{label: ' ', recipe: gan-digits}]\nmeasures: [recall]\n", "every row needs a label"),
        ("rows: [gan-digits]\nmeasures: [recall]\nseeds: 0\n", "mine.yaml: seeds must be at least 1, got 0."),
        ("rows: [gan-digits]\nmeasures: [recall]\nseeds: 2.5\n", "mine.yaml: seeds must be a whole number, got 2.5."),
        ("rows: [gan-digits]\nmeasures: [recall]\nsamples: 0\n", "mine.yaml: samples must be at least 1, got 0."),
        ("rows: 3\nmeasures: [recall]\n", "must be a list"),
        ("rows: [gan-digits]\nmeasures: [recall]\nseeds: many\n", "seeds"),
        ("rows: [gan-digits]\nmeasures: [recall]\nseeds: 2\nscales: {cpu: {seeds: 1, samples: 9}}\n", "leave out"),
        ("rows: [gan-digits]\nmeasures: [recall]\nepochs: 2\niterations: 2\n", "not both"),
        ("rows: [gan-digits]\nmeasures: [recall]\nscales: {huge: {seeds: 1, samples: 9}}\n", "unknown budget 'huge'"),
        (
            "rows: [gan-digits]\nmeasures: [recall]\norders: [{metric: recall, better: gan-digits, worse: him}]\n",
            "unknown row 'him'",
        ),
        ("rows: [lost/run.yaml]\nmeasures: [recall]\n", "cannot read the configuration"),
    ],
)
def test_a_mistake_is_one_sentence(text: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "mine.yaml", text)
    assert main(["study", str(path), "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_counts_below_one_are_refused(tmp_path: Path) -> None:
    for fault in ("seeds: 0", "seeds: -1", "samples: 0", "epochs: 0", "iterations: -2"):
        path = written(tmp_path / "mine.yaml", f"rows: [gan-digits]\nmeasures: [recall]\n{fault}\n")
        with pytest.raises(EquipoiseError, match="at least 1"):
            load_study(path)


def test_an_authors_metric_of_several_numbers_is_no_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = MetricEntry("my-shares", "shares of mine", lambda evidence: None, None, (), is_several=True)
    monkeypatch.setitem(METRICS._entries, entry.name, entry)
    measured = replace(study("mode-ring"), orders=(), sentences=(), measures=(Measure("my-shares", "shares"),))
    with pytest.raises(EquipoiseError, match="my-shares is shares of mine: not one number, as a study's measures are"):
        check_names(measured)


def test_an_unknown_study_gets_the_nearest_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show-study", "magan-digit"]) == 2
    assert "did you mean 'magan-digits'?" in capsys.readouterr().err
    assert find_or_load("magan-digits") == study("magan-digits")


@pytest.mark.parametrize("name", sorted(STUDIES))
def test_what_built_in_studies_name_exists(name: str) -> None:
    check_names(study(name))
