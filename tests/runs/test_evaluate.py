"""Scoring a run: what was scored before stays, what cannot be scored hinders nothing, and the data choose defaults."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import equipoise
from equipoise.cli.main import main
from equipoise.common.errors import EquipoiseError
from equipoise.data.folder import Folder
from equipoise.data.npz import Npz
from equipoise.data.store import Store
from equipoise.experiments.experiment import with_length
from equipoise.recipes.catalogue import recipe
from equipoise.reports.card import write_card
from equipoise.reports.summary import shown
from equipoise.runs.train import Settings, resume, train
from equipoise.runs.trained import PartlyMeasured, evaluate, load_trained

QUIET = Settings("cpu", threads=1, quiet=True)


def trained(place: Path, name: str = "gan-digits", **changes: Any) -> Path:
    experiment = replace(with_length(recipe(name), iterations=1), **({"batch_size": 16} | changes))
    return train(experiment, place, QUIET).path


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("evaluate") / "run")


@pytest.fixture
def run(digits: Path) -> Path:
    (digits / "scores.json").unlink(missing_ok=True)
    return digits


def kept(run: Path) -> dict[str, int]:
    """How many samples each metric in the file saw."""
    scores = json.loads((run / "scores.json").read_text())["scores"]
    return {score["metric"]: score["passport"]["generated_count"] for score in scores}


def test_earlier_scores_stay_and_the_same_metric_is_replaced(run: Path) -> None:
    evaluate(run, ("class-histogram", "ms-ssim"), 12, QUIET)
    evaluate(run, ("inception-score", "ms-ssim"), 14, QUIET)
    assert kept(run) == {"class-histogram": 12, "inception-score": 14, "ms-ssim": 14}


@pytest.mark.parametrize("text", ["", "[]", '{"scores": [3]}', '{"scores": {"a": 1}}', '{"scores": [{"value": 1}]}'])
def test_a_damaged_file_of_scores_is_written_anew(text: str, run: Path) -> None:
    (run / "scores.json").write_text(text)
    evaluate(run, ("ms-ssim",), 12, QUIET)
    assert kept(run) == {"ms-ssim": 12}


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        ("inception-score", "inception-score cannot be computed: its 10 splits need at least 10 samples, got 5"),
        ("classifier-fid", "classifier-fid cannot be computed: .*samples"),
        ("share-near", "share-near cannot be computed: .*ring and grid"),
        ("fid", "fid cannot be computed: this metric needs Inception-v3: give its weights.*where the data have labels"),
    ],
)
def test_an_impossible_metric_says_why_and_discards_no_other(
    metric: str, reason: str, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(PartlyMeasured, match=reason) as caught:
        evaluate(run, (metric, "class-histogram"), 5, QUIET)
    assert [score.metric for score in caught.value.scores] == ["class-histogram"]
    assert kept(run) == {"class-histogram": 5}
    words = [
        "evaluate",
        str(run),
        "--metrics",
        metric,
        "class-histogram",
        "--samples",
        "5",
        "--device",
        "cpu",
        "--quiet",
    ]
    assert main(words) == 2
    captured = capsys.readouterr()
    assert "class-histogram: " in captured.out
    assert captured.err.startswith(f"equipoise: {metric} cannot be computed: ")
    assert captured.err.count("\n") == 1


def test_a_histogram_names_the_classes_that_have_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, grey in (("cats", 0), ("dogs", 200)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(8):
            Image.new("L", (8, 8), grey + number).save(tmp_path / "photos" / name / f"{number}.png")
    run = trained(tmp_path / "run", data=Folder(str(tmp_path / "photos"), 8, channels=1))
    assert main(["evaluate", str(run), "--metrics", "class-histogram", "--samples", "8", "--device", "cpu"]) == 0
    [cats, dogs] = json.loads((run / "scores.json").read_text())["scores"][0]["value"]
    assert f"class-histogram:\n  cats: {cats:.4g}\n  dogs: {dogs:.4g}\n" in capsys.readouterr().out
    assert f"cats {cats:.4g}, dogs {dogs:.4g}" in str(equipoise.load(run).scores)
    assert '<p class="quiet">Classes: 0 cats, 1 dogs.</p>' in (run / "report.html").read_text()
    card = write_card(load_trained(run, torch.device("cpu")), tmp_path / "card").read_text()
    assert f"| class histogram | cats {shown(cats)}, dogs {shown(dogs)} |" in card


def test_where_nothing_can_be_taken_nothing_is_written(run: Path) -> None:
    with pytest.raises(
        EquipoiseError, match="inception-score and inception-v3-score cannot be computed: its 10 splits"
    ):
        evaluate(run, ("inception-score", "inception-v3-score"), 5, QUIET)
    assert not (run / "scores.json").exists()


def test_the_defaults_are_what_the_data_allow(run: Path, tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "plain.npz", images=images)
    assert [score.metric for score in evaluate(run, (), 20, QUIET)] == ["inception-score", "class-histogram"]
    unlabelled = trained(tmp_path / "plain", data=Npz(str(tmp_path / "plain.npz")))
    assert [score.metric for score in evaluate(unlabelled, (), 20, QUIET)] == ["ms-ssim", "nearest-neighbours"]
    points = trained(tmp_path / "points", "gan-ring")
    assert [score.metric for score in evaluate(points, (), 20, QUIET)] == ["modes-covered", "share-near"]


def test_the_held_out_part_is_read_together_with_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "own.npz", images=images, labels=np.arange(40) % 3)
    data, parts, load = Npz(str(tmp_path / "own.npz"), part="train"), [], Npz.load

    def counted(self: Npz, *arguments: Any) -> Store:
        parts.append(self.part)
        return load(self, *arguments)

    monkeypatch.setattr(Npz, "load", counted)
    run = trained(tmp_path / "run", data=data)
    evaluate(run, ("ms-ssim",), 12, QUIET)
    (run / "checkpoints").rename(run / "gone")
    resume(run, QUIET)
    assert set(parts) == {"train"}
    (first, _) = json.loads((run / "environment.json").read_text())["sessions"]
    assert first["held_out_hash"] == replace(data, part="held-out").load().content_hash


def test_held_out_pictures_that_changed_are_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, images = tmp_path / "own.npz", np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
    np.savez(file, images=images)
    data = Npz(str(file), part="train")
    run = trained(tmp_path / "run", data=data)
    words = ["evaluate", str(run), "--metrics", "nearest-neighbours", "--samples", "12", "--quiet"]
    hashes = []
    for changed in (False, True):
        if changed:
            images[9::10] += 1
            np.savez(file, images=images)
        for command in (words, ["resume", str(run), "--quiet"]):
            assert main(command) == 0
            told = "warning: the held-out data have changed since this run started" in capsys.readouterr().err
            assert told is changed
        (score,) = json.loads((run / "scores.json").read_text())["scores"]
        hashes.append(score["passport"]["held_out_hash"])
        assert hashes[-1] == replace(data, part="held-out").load().content_hash
    assert hashes[0] != hashes[1]
    older = json.loads((run / "environment.json").read_text())
    del older["sessions"][0]["held_out_hash"]
    (run / "environment.json").write_text(json.dumps(older))
    assert main(words) == 0
    assert "changed" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("evaluate", "--metrics", "ms-ssim", "--samples", "12", "--quiet"), "samples are compared with"),
        (("sample", "--neighbours", "2", "--count", "2", "--by", "pixels", "--out", "near.png"), "samples are"),
        (("card", "--out", "card"), "the card describes the earlier ones"),
    ],
)
def test_each_command_that_reads_the_data_tells_that_they_have_changed(
    words: tuple[str, ...],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
    np.savez("own.npz", images=images)
    run = trained(tmp_path / "run", data=Npz("own.npz"))
    command, *options = words
    assert main([command, str(run), *options]) == 0
    assert "changed" not in capsys.readouterr().err
    np.savez("own.npz", images=images[1:])
    assert main([command, str(run), *options]) == 0
    assert f"warning: the data have changed since this run started; {told}" in capsys.readouterr().err
    if command == "evaluate":
        (score,) = json.loads((run / "scores.json").read_text())["scores"]
        assert score["passport"]["data_hash"] == Npz("own.npz").load().content_hash
        assert main(["card", str(run)]) == 0
        assert "The data had changed since the training when these were measured: ms ssim." in (
            (run / "card" / "README.md").read_text()
        )
