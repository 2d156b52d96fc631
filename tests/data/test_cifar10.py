import hashlib
import io
import tarfile

import numpy as np
import pytest
import torch

from equipoise.common.errors import EquipoiseError
from equipoise.data import cifar10
from equipoise.data.cifar10 import Cifar10
from equipoise.data.items import Mapped

TRAIN = [f"data_batch_{number}.bin" for number in range(1, 6)]
FOLDER = "cifar-10-batches-bin"


def records(count, seed):
    random = np.random.default_rng(seed)
    labels = random.integers(0, 10, count, dtype=np.uint8)
    images = random.integers(0, 256, (count, 3, 32, 32), dtype=np.uint8)
    content = b"".join(bytes([label]) + image.tobytes() for label, image in zip(labels, images, strict=True))
    return labels, images, content


def members():
    return {name: records(4, seed)[2] for seed, name in enumerate([*TRAIN, "test_batch.bin"])}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / FOLDER).mkdir()
    for name, content in members().items():
        (tmp_path / FOLDER / name).write_bytes(content)
    return tmp_path


def tar_of(contents):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in contents.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def accept(monkeypatch):
    """Puts an archive into a root and lets the loader take it for the published one."""
    real = cifar10._archive()

    def put(root, content):
        (root / "cifar-10-binary.tar.gz").write_bytes(content)
        source = type(real.source)("cifar10", real.source.url, "md5", hashlib.md5(content).hexdigest(), 10**9)
        monkeypatch.setattr(cifar10, "_archive", lambda: type(real)(source, real.folder, real.most_bytes))

    return put


def test_records_in_the_published_order(folder):
    store = Cifar10().load(folder)
    expected = [records(4, seed) for seed in range(5)]
    images = torch.from_numpy(np.concatenate([part[1] for part in expected]))
    assert (len(store), store.shape, store.classes) == (20, (3, 32, 32), 10)
    assert torch.equal(store.items.gather(torch.arange(20)), images)
    np.testing.assert_array_equal(store.labels, np.concatenate([part[0] for part in expected]))
    symmetric = store.batch(torch.tensor([3]), "symmetric")
    np.testing.assert_allclose(symmetric, images[3:4].numpy() / 127.5 - 1, atol=1e-6)


@pytest.mark.parametrize("root", [FOLDER, "deeper"])
def test_the_folder_itself_and_one_deeper_are_found(folder, root):
    expected = Cifar10().load(folder).content_hash
    if root == "deeper":
        (folder / "deeper" / FOLDER).mkdir(parents=True)
        (folder / FOLDER).rename(folder / "deeper" / FOLDER / FOLDER)
    assert Cifar10().load(folder / root).content_hash == expected


def test_the_test_split_and_another_resolution(folder):
    store = Cifar10("test", resolution=16).load(folder)
    assert (len(store), store.shape) == (4, (3, 16, 16))
    means = torch.from_numpy(records(4, 5)[1]).float().mean(dim=(2, 3))
    assert (store.items.gather(torch.arange(4)).float().mean(dim=(2, 3)) - means).abs().max() < 5


def test_only_the_first_so_many_are_taken(folder):
    whole, first = Cifar10().load(folder), Cifar10(count=6).load(folder)
    assert torch.equal(first.items.gather(torch.arange(6)), whole.items.gather(torch.arange(6)))
    assert (len(first), first.labels.tolist()) == (6, whole.labels[:6].tolist())
    with pytest.raises(EquipoiseError, match="count of cifar10"):
        Cifar10(count=0)


def test_larger_than_memory_they_are_mapped(folder, monkeypatch):
    in_memory = Cifar10(resolution=48).load(folder)
    monkeypatch.setenv("EQUIPOISE_MEMORY_SHARE", "0")
    mapped = Cifar10(resolution=48).load(folder)
    assert isinstance(mapped.items, Mapped)
    assert torch.equal(mapped.items.gather(torch.arange(20)), in_memory.items.gather(torch.arange(20)))
    assert mapped.content_hash == in_memory.content_hash


def test_the_archive_is_unpacked_once(folder, tmp_path, accept):
    root = tmp_path / "other"
    root.mkdir()
    accept(root, tar_of({f"{FOLDER}/{name}": content for name, content in members().items()}))
    expected = Cifar10().load(folder).content_hash
    assert Cifar10().load(root).content_hash == expected
    (root / "cifar-10-binary.tar.gz").unlink()
    assert Cifar10().load(root).content_hash == expected


def test_a_root_that_cannot_be_written_is_unpacked_into_the_cache(folder, tmp_path, accept, monkeypatch):
    root = tmp_path / "read-only"
    root.mkdir()
    accept(root, tar_of({f"{FOLDER}/{name}": content for name, content in members().items()}))
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert Cifar10().load(root).content_hash == Cifar10().load(folder).content_hash
    assert [path.name for path in root.iterdir()] == ["cifar-10-binary.tar.gz"]
    assert (tmp_path / "cache" / "data" / FOLDER / "data_batch_1.bin").is_file()


def test_paths_in_an_archive_are_never_followed(tmp_path, accept):
    root = tmp_path / "inner" / "root"
    root.mkdir(parents=True)
    hostile = {f"{FOLDER}/{name}": content for name, content in members().items()}
    hostile |= {
        "../evil": b"1",
        str(tmp_path / "evil"): b"2",
        f"{FOLDER}/../../evil": b"3",
        f"{FOLDER}/extra.bin": b"4",
    }
    accept(root, tar_of(hostile))
    Cifar10().load(root)
    assert not list(tmp_path.rglob("evil"))
    assert sorted(path.name for path in (root / FOLDER).iterdir()) == TRAIN


def test_links_and_giants_in_an_archive_are_left_out(tmp_path, accept):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        link = tarfile.TarInfo(f"{FOLDER}/test_batch.bin")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
        giant = tarfile.TarInfo(f"{FOLDER}/test_batch.bin")
        giant.size = 40_000_000
        tar.addfile(giant, io.BytesIO(bytes(giant.size)))
    accept(tmp_path, buffer.getvalue())
    with pytest.raises(EquipoiseError, match=r"does not hold cifar-10-batches-bin/test_batch\.bin"):
        Cifar10("test").load(tmp_path)


def test_an_archive_that_is_not_the_published_one_is_never_opened(tmp_path):
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(tar_of({f"{FOLDER}/{name}": c for name, c in members().items()}))
    with pytest.raises(EquipoiseError, match=r"is damaged .its md5 is not c32a1d4ab5d03f1284b67883e8d87530"):
        Cifar10().load(tmp_path)


def test_a_truncated_archive_is_named(tmp_path, accept):
    accept(tmp_path, tar_of({f"{FOLDER}/{name}": content for name, content in members().items()})[:5000])
    with pytest.raises(EquipoiseError, match=r"cifar-10-binary\.tar\.gz is damaged"):
        Cifar10().load(tmp_path)


@pytest.mark.parametrize("harm", [lambda c: c[:-1], lambda c: b"\x0a" + c[1:], lambda c: b"", lambda c: c * 2501])
def test_a_damaged_file_is_named(folder, harm):
    path = folder / FOLDER / "data_batch_3.bin"
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(EquipoiseError, match=r"data_batch_3\.bin (is damaged|is larger)"):
        Cifar10().load(folder)


def test_a_missing_set_says_where_to_get_it(tmp_path):
    with pytest.raises(EquipoiseError) as caught:
        Cifar10().load(tmp_path)
    assert str(tmp_path / "cifar-10-binary.tar.gz") in str(caught.value)
    assert "--data-root" in str(caught.value)
