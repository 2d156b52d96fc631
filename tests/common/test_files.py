"""Files take the mode that the umask leaves, and what killed writers left behind is swept where nobody writes."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import SafetensorError

from equipoise.common import files
from equipoise.common.errors import EquipoiseError
from equipoise.common.files import sweep_abandoned, write_atomically, write_text_atomically
from equipoise.common.tensor_files import write_tensors_atomically
from equipoise.data.folder import Folder
from equipoise.data.npz import Npz
from equipoise.evaluation import classifier, feature_cache
from equipoise.evaluation.features import Extracted

LONG_AGO = time.time() - 10 * 3600


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o22)
    yield
    os.umask(before)


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664), (0o027, 0o640)])
def test_files_have_the_mode_that_the_umask_leaves(mask: int, mode: int, tmp_path: Path, umask: None) -> None:
    os.umask(mask)
    write_text_atomically(tmp_path / "text", "x")
    write_text_atomically(tmp_path / "new", "x", new=True)
    write_tensors_atomically(tmp_path / "tensors", {"a": torch.ones(2)})
    write_atomically(tmp_path / "picture", lambda path: Image.new("L", (2, 2)).save(path, format="PNG"))
    write_atomically(tmp_path / "array", np.ones(2).tofile)
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()} == dict.fromkeys(
        ("text", "new", "tensors", "picture", "array"), oct(mode)
    )


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o027, 0o640)])
def test_files_of_a_folder_too(mask: int, mode: int, tmp_path: Path, umask: None) -> None:
    def fill(folder: Path) -> None:
        (folder / "below").mkdir()
        for path in (folder / "a", folder / "below" / "b"):
            path.touch(0o600)

    os.umask(mask)
    files.write_folder_atomically(tmp_path / "model", fill)
    for name in ("a", "below/b"):
        assert oct((tmp_path / "model" / name).stat().st_mode & 0o777) == oct(mode)


def test_only_what_nobody_writes_any_more_is_swept(tmp_path: Path) -> None:
    old, young = tmp_path / "set" / ".images.1a.partial", tmp_path / "set" / ".images.2b.partial"
    old.parent.mkdir()
    for path in (old, young, tmp_path / "set" / "images"):
        path.write_bytes(b"x")
    os.utime(old, (LONG_AGO, LONG_AGO))

    def write(path: Path) -> None:
        path.write_bytes(b"y")
        os.utime(path, (LONG_AGO, LONG_AGO))
        sweep_abandoned(tmp_path, "*/")
        assert path.exists()
        assert not old.exists()

    write_atomically(tmp_path / "set" / "labels", write)
    assert sorted(path.name for path in young.parent.iterdir()) == [".images.2b.partial", "images", "labels"]
    sweep_abandoned(tmp_path / "nowhere")


class Brightness:
    """An extractor of one feature."""

    name, weights_hash, resize = "brightness", "0", "none"

    def __call__(self, images: torch.Tensor) -> Extracted:
        return Extracted(images.float().mean(dim=(1, 2, 3))[:, None], None)


@pytest.mark.parametrize("cache", ["classifier", "features"])
def test_a_cache_that_cannot_be_written_is_one_sentence_and_is_swept(
    cache: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = torch.arange(20 * 64).reshape(20, 1, 8, 8).remainder(256).to(torch.uint8)
    labels = torch.arange(20) % 2
    abandoned = tmp_path / ".x.1a.partial"
    abandoned.write_bytes(b"x")
    os.utime(abandoned, (LONG_AGO, LONG_AGO))
    recipe = classifier.ClassifierRecipe(channels=(2,), features=2, epochs=1)

    def fill() -> object:
        if cache == "features":
            return feature_cache.cached_features(images, Brightness(), content_hash="h", cache_directory=tmp_path)
        return classifier.cached_classifier(
            images, labels, images, labels, content_hash="h", recipe=recipe, cache_directory=tmp_path
        )

    monkeypatch.setattr("equipoise.common.tensor_files.save_file", _no_room)
    with pytest.raises(EquipoiseError, match=r"could not write .*No space left on device \(os error 28\)\.$"):
        fill()
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    assert fill() is not None
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("what", ["classifier", "features", "folder", "npz", "any"])
@pytest.mark.parametrize("trouble", ["a file in its place", "no permission", "a full disk"])
def test_the_cache_is_named_with_the_variable_that_moves_it(
    what: str, trouble: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = np.zeros((6, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "own.npz", images=images)
    (tmp_path / "photos").mkdir()
    Image.fromarray(images[0]).save(tmp_path / "photos" / "a.png")
    cache = tmp_path / "cache"
    monkeypatch.setenv("EQUIPOISE_CACHE", str(cache))
    monkeypatch.setenv("EQUIPOISE_MEMORY_SHARE", "0")
    if trouble == "a file in its place":
        cache.touch()
    elif trouble == "no permission":
        monkeypatch.setattr("os.access", lambda place, how: False)
        monkeypatch.setattr(Path, "mkdir", _raising(13, "Permission denied"))
    else:
        monkeypatch.setattr(files, "flush_to_disk", _raising(28, "No space left on device"))
    plain, labels = torch.from_numpy(images)[:, None], torch.arange(6) % 2
    recipe = classifier.ClassifierRecipe(channels=(2,), features=2, epochs=1)
    made = {
        "classifier": lambda: classifier.cached_classifier(
            plain, labels, plain, labels, content_hash="h", recipe=recipe
        ),
        "features": lambda: feature_cache.cached_features(plain, Brightness(), content_hash="h"),
        "folder": lambda: Folder(str(tmp_path / "photos"), 8).load(),
        "npz": lambda: Npz(str(tmp_path / "own.npz")).load(),
        "any": lambda: files.write_text_atomically(cache / "x", "text"),
    }
    with pytest.raises(EquipoiseError, match=r"could not write .*cache.*: set EQUIPOISE_CACHE to a folder that can be"):
        made[what]()


def _raising(number: int, words: str) -> Callable[..., None]:
    def fail(*given: object, **named: object) -> None:
        raise OSError(number, words)

    return fail


def test_without_a_home_the_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("EQUIPOISE_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(EquipoiseError, match="no home folder for the cache; set EQUIPOISE_CACHE"):
        files.cache_directory()


def test_the_old_content_is_mentioned_where_there_is_some(tmp_path: Path) -> None:
    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "x"
    with pytest.raises(EquipoiseError, match=r"could not write .*x: No space left on device\.$"):
        files.write_atomically(path, full)
    path.write_text("old")
    with pytest.raises(EquipoiseError, match=r"No space left on device; its old content is unchanged\.$"):
        files.write_atomically(path, full)
    assert path.read_text() == "old"


def test_a_folder_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        (folder / "a").write_text("a")

    def fail(folder: Path) -> None:
        fill(folder)
        raise OSError(28, "No space left on device")

    for place in (tmp_path / "deep" / "new", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(EquipoiseError, match="No space left on device"):
            files.write_folder_atomically(place, fail)
        assert not place.exists() or list(place.iterdir()) == []
        files.write_folder_atomically(place, fill)
        with pytest.raises(EquipoiseError, match="could not write"):
            files.write_folder_atomically(place, fill)
        assert [path.name for path in place.iterdir()] == ["a"]
    assert list(tmp_path.rglob("*.partial")) == []


def test_a_folder_that_may_stand_beside_others_replaces_its_own_files_alone(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "a").write_text("half")
        raise OSError(28, "No space left on device")

    place = tmp_path / "model"
    place.mkdir()
    for name in ("a", "b"):
        (place / name).write_text("old")
    with pytest.raises(EquipoiseError, match="No space left on device"):
        files.write_folder_atomically(place, fail, beside=True)
    assert (place / "a").read_text() == "old"
    files.write_folder_atomically(place, lambda folder: fill_with(folder, "new"), beside=True)
    assert [(each.name, each.read_text()) for each in sorted(place.iterdir())] == [("a", "new"), ("b", "old")]
    assert list(tmp_path.rglob("*.partial")) == []


def fill_with(folder: Path, text: str) -> None:
    (folder / "a").write_text(text)


def _no_room(*given: object, **named: object) -> None:
    raise SafetensorError("I/O error: No space left on device (os error 28)")


def test_a_name_that_is_no_text_is_written_escaped(tmp_path: Path) -> None:
    files.write_text_atomically(tmp_path / "x", "a\udcc3b")
    assert (tmp_path / "x").read_text() == "a\\udcc3b"
