import gzip

import numpy as np
import pytest
import torch
from PIL import Image

from equipoise.common.errors import EquipoiseError
from equipoise.data.items import Mapped
from equipoise.data.mnist import Mnist

TRAIN_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.mark.shared_data
@pytest.mark.parametrize(("split", "counts"), [("train", TRAIN_COUNTS), ("test", TEST_COUNTS)])
def test_the_published_files(shared_data, split, counts):
    store = Mnist(split).load(shared_data)
    assert (len(store), store.shape, store.classes) == (sum(counts), (1, 28, 28), 10)
    assert torch.bincount(store.labels).tolist() == counts
    assert store.items.gather(torch.tensor([0, 1])).amax(dim=(1, 2, 3)).tolist() == [255, 255]


def test_gzip_and_plain_files_are_the_same(small_mnist):
    packed = Mnist().load(small_mnist).content_hash
    for path in (small_mnist / "MNIST" / "raw").glob("*.gz"):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    assert Mnist().load(small_mnist).content_hash == packed


def test_the_root_may_come_from_the_environment(small_mnist, monkeypatch):
    monkeypatch.setenv("EQUIPOISE_DATA", str(small_mnist))
    assert len(Mnist("test").load()) == 20


def test_resolution_32_adds_a_black_border(small_mnist):
    small, large = Mnist().load(small_mnist), Mnist(resolution=32).load(small_mnist)
    everything = torch.arange(40)
    images = large.items.gather(everything)
    assert torch.equal(images[:, :, 2:30, 2:30], small.items.gather(everything))
    assert int(images.sum()) == int(small.items.gather(everything).sum())


@pytest.mark.parametrize("resolution", [14, 20, 64])
def test_other_resolutions_agree_with_pillow(small_mnist, resolution):
    small, resized = Mnist().load(small_mnist), Mnist(resolution=resolution).load(small_mnist)
    for index in range(5):
        picture = Image.fromarray(small.items.gather(torch.tensor([index]))[0, 0].numpy())
        expected = np.asarray(picture.resize((resolution, resolution), Image.Resampling.BILINEAR), dtype=int)
        found = resized.items.gather(torch.tensor([index]))[0, 0].numpy().astype(int)
        assert np.abs(found - expected).max() <= 1


@pytest.mark.parametrize("resolution", [28, 32, 20])
def test_larger_than_memory_they_are_mapped(small_mnist, monkeypatch, resolution):
    in_memory = Mnist(resolution=resolution).load(small_mnist)
    monkeypatch.setenv("EQUIPOISE_MEMORY_SHARE", "0")
    monkeypatch.setattr("equipoise.data.resize._CHUNK_IMAGES", 7)
    mapped = Mnist(resolution=resolution).load(small_mnist)
    assert isinstance(mapped.items, Mapped)
    assert torch.equal(mapped.items.gather(torch.arange(40)), in_memory.items.gather(torch.arange(40)))
    assert torch.equal(mapped.labels, in_memory.labels)
    assert (mapped.classes, mapped.content_hash) == (10, in_memory.content_hash)


@pytest.mark.parametrize("place", ["", "MNIST", "raw", "mnist"])
def test_files_in_another_folder_are_found(small_mnist, tmp_path, place):
    expected = Mnist().load(small_mnist).content_hash
    other = tmp_path / "other" / place
    other.mkdir(parents=True)
    for path in (small_mnist / "MNIST" / "raw").iterdir():
        path.rename(other / path.name.replace("-idx", ".idx" if place == "mnist" else "-idx"))
    assert Mnist().load(tmp_path / "other").content_hash == expected


def test_a_missing_file_is_named_with_the_way_to_get_it(tmp_path):
    with pytest.raises(EquipoiseError) as caught:
        Mnist().load(tmp_path)
    message = str(caught.value)
    assert str(tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte.gz") in message
    assert "--data-root" in message
    assert "EQUIPOISE_DATA" in message


@pytest.mark.parametrize("harm", ["flip", "truncate", "text", "empty"])
def test_a_damaged_file_is_named(small_mnist, harm):
    path = small_mnist / "MNIST" / "raw" / "train-images-idx3-ubyte.gz"
    content = gzip.decompress(path.read_bytes())
    flipped = content[:500] + bytes([content[500] ^ 1]) + content[501:]
    harmed = {
        "flip": gzip.compress(flipped),
        "truncate": path.read_bytes()[:1000],
        "text": b"not found",
        "empty": b"",
    }
    path.write_bytes(harmed[harm])
    with pytest.raises(EquipoiseError, match=r"train-images-idx3-ubyte.gz is damaged"):
        Mnist().load(small_mnist)


def test_a_decompression_bomb_is_refused(small_mnist):
    path = small_mnist / "MNIST" / "raw" / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(bytes(100_000_000)))
    with pytest.raises(EquipoiseError, match=r"is larger than the 31376 bytes it should have"):
        Mnist().load(small_mnist)


@pytest.mark.parametrize("resolution", [0, -28, 7, 257, 28.0, True, "28"])
def test_an_impossible_resolution_is_refused(resolution):
    with pytest.raises(EquipoiseError, match="resolution of mnist must be a whole number from 8 to 256"):
        Mnist(resolution=resolution)
