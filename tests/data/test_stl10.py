import numpy as np
import pytest
import torch
from PIL import Image

from equipoise.common.errors import EquipoiseError
from equipoise.data.items import Held, Mapped
from equipoise.data.stl10 import Stl10


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (6, 3, 96, 96), dtype=np.uint8)


@pytest.fixture
def root(tmp_path, images):
    place = tmp_path / "stl10_binary"
    place.mkdir()
    column_by_column = np.ascontiguousarray(images.transpose(0, 1, 3, 2))
    for name in ("unlabeled_X.bin", "train_X.bin", "test_X.bin"):
        column_by_column.tofile(place / name)
    for name in ("train_y.bin", "test_y.bin"):
        np.array([1, 2, 10, 10, 5, 1], dtype=np.uint8).tofile(place / name)
    return tmp_path


def test_images_are_turned_to_rows_and_labels_to_zero(root, images):
    store = Stl10("train", resolution=96).load(root)
    assert torch.equal(store.items.gather(torch.arange(6)), torch.from_numpy(images))
    assert store.labels.tolist() == [0, 1, 9, 9, 4, 0]
    assert store.classes == 10


@pytest.mark.parametrize("resampling", ["bilinear", "lanczos", "nearest"])
@pytest.mark.parametrize("resolution", [32, 48])
def test_resizing_agrees_with_pillow(root, images, resolution, resampling):
    store = Stl10(resolution=resolution, resampling=resampling).load(root)
    assert (len(store), store.shape, store.classes, store.labels) == (6, (3, resolution, resolution), 0, None)
    picture = Image.fromarray(images[2].transpose(1, 2, 0))
    expected = np.asarray(picture.resize((resolution, resolution), Image.Resampling[resampling.upper()]), dtype=int)
    found = store.items.gather(torch.tensor([2]))[0].numpy().astype(int).transpose(1, 2, 0)
    assert np.abs(found - expected).max() <= (1 if resampling == "bilinear" else 0)


def test_mapped_and_held_are_the_same(root, monkeypatch):
    in_memory = Stl10("test").load(root)
    monkeypatch.setenv("EQUIPOISE_MEMORY_SHARE", "0")
    mapped = Stl10("test").load(root)
    assert isinstance(in_memory.items, Held)
    assert isinstance(mapped.items, Mapped)
    indices = torch.tensor([5, 0, 0, 3])
    assert torch.equal(in_memory.batch(indices, "symmetric"), mapped.batch(indices, "symmetric"))
    assert torch.equal(in_memory.labels, mapped.labels)
    assert in_memory.content_hash == mapped.content_hash


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("train_X.bin", b"", "should hold images of 27648 bytes each"),
        ("train_X.bin", bytes(27649), "should hold images of 27648 bytes each"),
        ("train_y.bin", bytes(6), "should hold 6 labels from 1 to 10"),
        ("train_y.bin", b"\x01" * 5, "should hold 6 labels from 1 to 10"),
        ("train_y.bin", b"\x0b" * 6, "should hold 6 labels from 1 to 10"),
    ],
)
def test_a_damaged_file_is_named(root, name, content, sentence):
    (root / "stl10_binary" / name).write_bytes(content)
    with pytest.raises(EquipoiseError, match=f"{name} is damaged: it {sentence}"):
        Stl10("train").load(root)


def test_an_unknown_filter_is_told_the_nearest_one():
    with pytest.raises(EquipoiseError, match="did you mean 'lanczos'"):
        Stl10(resampling="lanzcos")


def test_a_changed_file_is_read_again(root, images):
    before = Stl10(resolution=96).load(root)
    np.ascontiguousarray(images[:5].transpose(0, 1, 3, 2)).tofile(root / "stl10_binary" / "unlabeled_X.bin")
    after = Stl10(resolution=96).load(root)
    assert (len(before), len(after)) == (6, 5)
    assert before.content_hash != after.content_hash


def test_a_missing_set_says_where_to_get_it(tmp_path):
    with pytest.raises(EquipoiseError, match=r"stl10: .*stl10_binary\.tar\.gz is missing"):
        Stl10().load(tmp_path)
