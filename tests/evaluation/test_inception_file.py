"""Inception's weights are found or fetched before anything else happens, and what is missing is told at once."""

from dataclasses import replace
from pathlib import Path

import pytest

from equipoise.cli.main import main
from equipoise.common.errors import EquipoiseError
from equipoise.data.download import RemoteFile
from equipoise.evaluation.inception_file import local_weights
from equipoise.experiments.experiment import Watch, with_length
from equipoise.recipes.catalogue import recipe
from equipoise.runs.train import Settings, train


def test_a_file_is_taken_as_it_is_and_none_stays_none(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(b"x")
    assert local_weights(tmp_path / "weights") == tmp_path / "weights"
    assert local_weights(None) is None
    with pytest.raises(EquipoiseError, match="give one, or the word download"):
        local_weights("missing.pth")


def test_the_word_download_fetches_the_published_file_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    fetched: list[RemoteFile] = []

    def fetch(source: RemoteFile, path: Path) -> None:
        fetched.append(source)
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x")

    monkeypatch.setattr("equipoise.data.download.download", fetch)
    found = [local_weights("download") for _ in range(2)]
    assert found == [tmp_path / "cache" / "weights" / "pt_inception-2015-12-05-6726825d.pth"] * 2
    (source,) = fetched
    assert source.url.startswith("https://github.com/mseitzer/pytorch-fid/releases/")
    assert source.algorithm == "sha256"
    assert source.digest.startswith("6726825d")
    assert len(source.digest) == 64


def test_without_a_network_one_sentence_says_what_else_would_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("EQUIPOISE_OFFLINE", "1")
    assert main(["study", "lga-table-2", "--budget", "smoke", "--inception-weights", "download"]) == 2
    said = capsys.readouterr().err
    assert "or give your copy with --inception-weights" in said
    assert "--data-root" not in said


def test_a_watched_metric_without_its_weights_is_refused_before_the_training(tmp_path: Path) -> None:
    short = with_length(recipe("gan-digits"), iterations=4)
    watched = replace(short, watch=Watch(evaluations=2, metrics=("fid",), samples=10))
    with pytest.raises(EquipoiseError, match="fid: this metric needs Inception-v3"):
        train(watched, tmp_path / "run", Settings("cpu", threads=1, quiet=True))
    assert not (tmp_path / "run").exists()
