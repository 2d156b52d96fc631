"""Runs are averaged only with repetitions of themselves, and labels tell the groups apart."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from equipoise.cli.report import write_reports
from equipoise.common.errors import EquipoiseError
from equipoise.experiments.config import changed, to_yaml
from equipoise.recipes.catalogue import recipe
from equipoise.reports.grouping import group_runs
from equipoise.reports.pages import write_comparison
from equipoise.reports.summary import comparison_table
from equipoise.runs.record import read_run


@pytest.fixture
def configured(tmp_path: Path) -> Callable[..., Path]:
    """configured(name, "field=value", ...): the directory of such a run, which holds its configuration alone."""

    def make(name: str, *assignments: str) -> Path:
        folder = tmp_path / f"run-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        (folder / "config.yaml").write_text(to_yaml(changed(recipe(name), assignments)))
        return folder

    return make


def test_seeds_share_a_row_and_every_other_field_parts_them(configured: Callable[..., Path]) -> None:
    plain = [configured("gan-digits", f"seed={seed}") for seed in range(3)]
    hinge = [configured("gan-digits", f"seed={seed}", "algorithm.loss=hinge") for seed in range(2)]
    slow = configured("gan-digits", "players.generator.optimiser.lr=1e-6")
    other = configured("magan-digits")
    lr = recipe("gan-digits").players["generator"].optimiser.lr
    groups = group_runs([*plain, *hinge, slow, other])
    rate = "players.generator.optimiser.lr"
    assert groups == {
        f"gan-digits, algorithm.loss=non-saturating, {rate}={lr}": plain,
        f"gan-digits, algorithm.loss=hinge, {rate}={lr}": hinge,
        f"gan-digits, algorithm.loss=non-saturating, {rate}=1e-06": [slow],
        "magan-digits": [other],
    }


def test_many_differences_are_counted(configured: Callable[..., Path]) -> None:
    one = configured("gan-digits")
    changes = ["batch_size=16", "latent.size=21", "players.generator.network.latent_size=21", "value_range=symmetric"]
    two = configured("gan-digits", *changes, "watch.keep=1")
    assert any(label.endswith(", and 1 more") for label in group_runs([one, two]))


def test_a_directory_that_is_named_twice_counts_once(configured: Callable[..., Path]) -> None:
    run = configured("gan-digits")
    assert group_runs([run, run / ".." / run.name]) == {"gan-digits": [run / ".." / run.name]}


def test_a_field_that_an_older_run_did_not_know_parts_nothing(configured: Callable[..., Path]) -> None:
    old, new = configured("gan-digits"), configured("gan-digits", "seed=1")
    text = (old / "config.yaml").read_text()
    assert "tensorboard: false" in text
    (old / "config.yaml").write_text(text.replace(", tensorboard: false", "").replace("  tensorboard: false\n", ""))
    assert "tensorboard" not in (old / "config.yaml").read_text()
    assert list(group_runs([old, new])) == ["gan-digits"]


def test_unlike_runs_are_not_averaged(configured: Callable[..., Path], tmp_path: Path) -> None:
    runs = [configured("gan-digits"), configured("gan-digits", "algorithm.loss=hinge", "seed=1")]
    with pytest.raises(EquipoiseError, match=r"algorithm\.loss is non-saturating in .*run-0 and hinge in .*run-1"):
        write_comparison("t", "", {"mine": runs}, tmp_path / "page.html")
    (page,) = write_reports(runs, tmp_path / "report", ())
    text = page.read_text()
    assert "algorithm.loss=hinge" in text
    assert "algorithm.loss=non-saturating" in text


def test_another_precision_parts_runs(configured: Callable[..., Path]) -> None:
    runs = [configured("gan-digits", f"seed={seed}") for seed in range(3)]
    (runs[1] / "environment.json").write_text('{"sessions": [{"precision": "bfloat16"}]}')
    (runs[2] / "environment.json").write_text('{"sessions": [{}]}')
    assert group_runs(runs) == {
        "gan-digits, precision=float32": [runs[0], runs[2]],
        "gan-digits, precision=bfloat16": [runs[1]],
    }


def test_a_seed_that_occurs_twice_is_noted(make_run: Callable[..., Path]) -> None:
    runs = [read_run(make_run(f"run-{number}", seed=seed)) for number, seed in enumerate((3, 4, 3))]
    (note,) = comparison_table({"mine": runs}).notes
    assert note == "mine: several runs have the seed 3; they are copies, not independent repetitions."


def test_runs_of_unequal_length_are_noted(make_run: Callable[..., Path]) -> None:
    runs = [make_run("whole", seed=0), make_run("cut", seed=1, lines=2)]
    notes = comparison_table({"mine": [read_run(run) for run in runs], "one": [read_run(runs[0])]}).notes
    assert notes == ("mine: the runs end at different iterations, from 30 to 210; finish them with resume.",)


@pytest.mark.parametrize("unlike", [{"generated_count": 100}, {"precision": "tf32"}])
def test_scores_that_were_measured_differently_have_no_mean(
    make_run: Callable[..., Path], unlike: dict[str, object]
) -> None:
    runs = [make_run(f"run-{seed}", seed=seed) for seed in range(2)]
    scores = json.loads((runs[1] / "scores.json").read_text())
    scores["scores"][0]["passport"] |= unlike
    (runs[1] / "scores.json").write_text(json.dumps(scores))
    (row,) = comparison_table({"all": [read_run(run) for run in runs]}).rows
    assert (row[4].text, row[4].order, row[4].marked) == ("–", None, True)


def test_a_score_tells_the_iteration_of_its_generator(make_run: Callable[..., Path]) -> None:
    run = make_run("run")
    scores = json.loads((run / "scores.json").read_text())
    scores["scores"][0]["iteration"] = 120
    (run / "scores.json").write_text(json.dumps(scores))
    assert [score.passport.get("iteration") for score in read_run(run).scores] == [120, None]
