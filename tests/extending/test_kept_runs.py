"""A comparison goes on with the runs of an earlier call only where they began with the same files."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from equipoise.cli.main import main
from equipoise.common import plugins
from equipoise.evaluation.evidence import Evidence
from equipoise.evaluation.scoring import take_possible
from equipoise.experiments.build import build_player
from equipoise.recipes.catalogue import recipe

METRIC = """
import equipoise
from equipoise.evaluation.evidence import Evidence, Score


def score(evidence: Evidence) -> Score:
    {body}


equipoise.register(metric=equipoise.MetricEntry("my-count", "counts", score, lower_is_better=True, needs=("images",)))
"""
COUNT = 'return Score("my-count", {value}, None, evidence.passport("my-count"))'
WORDS = ("gan-digits", "ebgan-digits", "--iterations", "3", "--samples", "60", "--workers", "1", "--device", "cpu")


@pytest.fixture
def compare(tmp_path: Path, own_process):
    """`equipoise compare` in a process of its own, with a metric of this body where one is given."""

    def run(*words: str, body: str = "", plugin: str = "my_count.py") -> int:
        with own_process():
            if not body:
                return main(["compare", *WORDS, "--out", str(tmp_path / "out"), *words])
            file = tmp_path / plugin
            file.write_text(METRIC.format(body=body), encoding="utf-8")
            return main(["--plugin", str(file), "compare", *WORDS, "--out", str(tmp_path / "out"), *words])

    return run


def values(out: Path, metric: str) -> set[float]:
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    return {run["scores"][metric]["value"] for row in results["rows"] for run in row["runs"]}


def test_a_plug_in_that_changed_since_the_training_is_refused(compare, tmp_path: Path, capsys) -> None:
    asked = ("--metrics", "my-count", "ms-ssim", "--seeds")
    assert compare(*asked, "1", body=COUNT.format(value=1.0)) == 0
    for more in (("1",), ("2",), ("2", "--dry-run")):
        capsys.readouterr()
        assert compare(*asked, *more, body=COUNT.format(value=1000.0)) == 2
        error = capsys.readouterr().err
        assert "the plug-in my_count.py has changed since 2 runs in " in error
        assert "choose another --out" in error
    assert values(tmp_path / "out", "my-count") == {1.0}
    assert compare(*asked, "2", body=COUNT.format(value=1.0)) == 0


def test_a_metric_s_plug_in_that_came_later_may_change_and_its_scores_are_taken_again(compare, tmp_path: Path) -> None:
    assert compare("--metrics", "ms-ssim", "--seeds", "1") == 0
    for value in (1.0, 1000.0):
        assert compare("--metrics", "ms-ssim", "my-count", "--seeds", "1", body=COUNT.format(value=value)) == 0
        assert values(tmp_path / "out", "my-count") == {value}


def test_data_that_changed_since_the_training_are_refused(compare, tmp_path: Path, capsys) -> None:
    file, generator = tmp_path / "mine.npz", np.random.default_rng(0)
    images = generator.integers(0, 256, (90, 8, 8), dtype=np.uint8)
    asked = ("--data", str(file), "--metrics", "ms-ssim", "--set", "batch_size=16", "--seeds")
    np.savez(file, images=images)
    assert compare(*asked, "1") == 0
    np.savez(file, images=255 - images)
    for more in (("1",), ("2",), ("2", "--dry-run")):
        capsys.readouterr()
        assert compare(*asked, *more) == 2
        assert "have changed since 2 runs in " in capsys.readouterr().err
    np.savez(file, images=images)
    assert compare(*asked, "2") == 0


def test_a_metric_that_fails_costs_no_other_score_and_stops_no_training(
    compare, own_process, tmp_path: Path, capsys
) -> None:
    says = "its function failed with RuntimeError: boom again (my_count.py, line 7)"
    assert compare("--metrics", "ms-ssim", "my-count", "--seeds", "1", body='raise RuntimeError("boom\\nagain")') == 0
    assert all(0 < value < 1 for value in values(tmp_path / "out", "ms-ssim"))
    assert says in (tmp_path / "out" / "table.md").read_text("utf-8")
    capsys.readouterr()
    words = ["--set", "watch.metrics=[my-count, ms-ssim]", "--set", "watch.evaluations=2", "--set", "watch.samples=60"]
    run = tmp_path / "run"
    with own_process():
        words = [*words, "--iterations", "4", "--device", "cpu", "--out", str(run)]
        assert main(["--plugin", str(tmp_path / "my_count.py"), "train", "gan-digits", *words]) == 0
    told = capsys.readouterr().err
    assert f"my-count cannot be computed: {says}. The training goes on." in told
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text("utf-8").splitlines()]
    assert [list(line["values"]) for line in lines if line["kind"] == "score"] == [["ms-ssim"], ["ms-ssim"]]


@pytest.mark.parametrize("value", ["3", "np.int64(3)", "np.float32(3)", "np.float64(3)"])
def test_every_kind_of_number_is_scored_logged_and_kept(value: str, own_process, tmp_path: Path) -> None:
    file, run = tmp_path / "my_count.py", tmp_path / "run"
    file.write_text("import numpy as np\n" + METRIC.format(body=COUNT.format(value=value)), encoding="utf-8")
    words = ["--set", "watch.metrics=[my-count]", "--set", "watch.evaluations=1", "--set", "watch.best=my-count"]
    for command in (
        ["train", "gan-digits", *words, "--set", "watch.samples=60", "--iterations", "2", "--out", str(run)],
        ["evaluate", str(run), "--metrics", "my-count", "--samples", "60"],
    ):
        with own_process():
            assert main(["--plugin", str(file), *command, "--device", "cpu", "--quiet"]) == 0
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text("utf-8").splitlines()]
    assert [line["values"] for line in lines if line["kind"] == "score"] == [{"my-count": 3.0}]
    (score,) = json.loads((run / "scores.json").read_text("utf-8"))["scores"]
    assert score["value"] == 3.0


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (COUNT.format(value="float('nan')"), "its value is nan."),
        (COUNT.format(value="float('inf')"), "its value is inf."),
        (COUNT.format(value="(0.5, float('-inf'))"), "its value is -inf."),
        (COUNT.format(value="evidence.images.mean()"), "its value must be a float or a tuple of floats, not Tensor."),
        (COUNT.format(value="1.0").replace('Score("my-count"', 'Score("other"'), "returned a score of other."),
        ("return 1.0", "its function must return a Score, not float."),
        ("return {}[3]", "its function failed with KeyError: 3 (my_count.py, line 7)."),
        ('raise ValueError("too few.")', "too few."),
    ],
)
def test_what_a_metric_may_not_return_is_its_own_affair(body: str, says: str, own_process, tmp_path: Path) -> None:
    file, experiment = tmp_path / "my_count.py", recipe("gan-digits")
    file.write_text(METRIC.format(body=body), encoding="utf-8")
    generator = build_player("generator", experiment, torch.zeros(2, 64))
    with own_process():
        plugins.load_plugin(file)
        evidence = Evidence(experiment, generator, 60, None, torch.device("cpu"))
        scores, impossible = take_possible(("my-count", "ms-ssim"), evidence)
    assert [score.metric for score in scores] == ["ms-ssim"]
    assert list(impossible) == ["my-count"]
    assert impossible["my-count"].endswith(says)
