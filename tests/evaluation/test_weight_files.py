"""Weights of published networks: a file, or an address with its digest; all else gets one sentence."""

import hashlib
from pathlib import Path

import pytest

from equipoise.common.errors import EquipoiseError, UnknownName
from equipoise.data.download import RemoteFile
from equipoise.evaluation import weight_files
from equipoise.evaluation.weight_files import named_weights, weights_file

DIGEST = hashlib.sha256(b"weights").hexdigest()
ADDRESS = f"https://example.org/model.pth#sha256={DIGEST}"


def test_a_file_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    path.write_bytes(b"weights")
    assert named_weights([f"dinov2-vit-l14={path}"]) == {"dinov2-vit-l14": path}


def test_an_address_is_downloaded_once_and_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[RemoteFile] = []

    def download(source: RemoteFile, path: Path) -> None:
        asked.append(source)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"weights")

    monkeypatch.setattr(weight_files, "download", download)
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path))
    path = weights_file("clip-vit-l14-336", ADDRESS)
    assert weights_file("clip-vit-l14-336", ADDRESS) == path
    assert [(each.url, each.algorithm, each.digest) for each in asked] == [
        ("https://example.org/model.pth", "sha256", DIGEST)
    ]
    path.write_bytes(b"damaged")
    weights_file("clip-vit-l14-336", ADDRESS)
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("word", "complaint"),
    [
        ("dinov2-vit-l14", "takes NAME=FILE"),
        ("dinov2-vit-l14=", "takes NAME=FILE"),
        ("dinov2-vit-l14=nowhere.pth", "there is no file nowhere.pth"),
        ("dinov2=nowhere.pth", "did you mean 'dinov2-vit-l14'"),
        ("dinov2-vit-l14=https://example.org/model.pth", "with the file's digest"),
        (f"dinov2-vit-l14=http://example.org/model.pth#sha256={DIGEST}", "must be an https address"),
        ("dinov2-vit-l14=https://example.org/model.pth#sha256=123", "with the file's digest"),
    ],
)
def test_anything_else_gets_one_sentence(word: str, complaint: str) -> None:
    with pytest.raises((EquipoiseError, UnknownName), match=complaint):
        named_weights([word])
