import io
import logging

import numpy as np
import pytest
import torch
from PIL import Image

from equipoise.common.errors import EquipoiseError
from equipoise.data.items import Mapped
from equipoise.data.lsun import LsunBedroom
from equipoise.data.pictures import whole_then_centre

lmdb = pytest.importorskip("lmdb", reason="the package lmdb is not installed")


def webp(seed):
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(coarse).resize((120, 80), Image.Resampling.BICUBIC).save(buffer, format="WEBP", quality=90)
    return buffer.getvalue()


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "lsun" / "bedroom_train_lmdb"
    folder.mkdir(parents=True)
    with lmdb.open(str(folder), map_size=1 << 22) as database, database.begin(write=True) as transaction:
        for key in (b"b2", b"a1", b"c3"):
            transaction.put(key, webp(key[1]))
    return tmp_path


@pytest.mark.parametrize("resampling", ["bilinear", "lanczos"])
def test_values_are_decoded_in_the_order_of_their_keys(root, resampling):
    store = LsunBedroom(resampling=resampling).load(root)
    assert (len(store), store.shape, store.labels) == (3, (3, 64, 64), None)
    for index, seed in enumerate(b"123"):
        whole = Image.open(io.BytesIO(webp(seed))).resize((96, 64), Image.Resampling[resampling.upper()])
        expected = np.asarray(whole, dtype=int)[:, 16:80].transpose(2, 0, 1)
        assert np.abs(store.items.gather(torch.tensor([index]))[0].numpy() - expected).max() <= 1


def test_only_the_first_so_many_are_read(root):
    whole, first = LsunBedroom().load(root), LsunBedroom(count=2).load(root)
    assert len(first) == 2
    assert torch.equal(first.items.gather(torch.arange(2)), whole.items.gather(torch.arange(2)))
    assert len(LsunBedroom(count=99).load(root)) == 3


@pytest.mark.parametrize("size", [(120, 80), (341, 256), (256, 301), (64, 64), (100, 71)])
def test_the_mmd_crop_resizes_the_whole_image_and_then_cuts(size):
    """As the authors' `raw_image_to_tfrecords` does with resize and crop of 64x64."""
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    factor = min(size) / 64
    resized = Image.fromarray(noise).resize((int(size[0] / factor), int(size[1] / factor)), Image.Resampling.LANCZOS)
    left, top = (int((length - 64) / 2) for length in resized.size)
    found = whole_then_centre(64, "lanczos")(Image.fromarray(noise))
    assert np.array_equal(np.asarray(found), np.asarray(resized)[top : top + 64, left : left + 64])


def test_the_mmd_crop_is_read_as_such(root):
    found = LsunBedroom(crop="mmd", resampling="lanczos").load(root)
    whole = Image.open(io.BytesIO(webp(ord("1")))).resize((96, 64), Image.Resampling.LANCZOS)
    expected = np.asarray(whole)[:, 16:80].transpose(2, 0, 1)
    assert np.array_equal(found.items.gather(torch.tensor([0]))[0].numpy(), expected)


@pytest.mark.parametrize("fields", [{"resampling": "box"}, {"crop": "center"}])
def test_an_unknown_filter_or_crop_is_refused(fields):
    with pytest.raises(EquipoiseError, match="of lsun-bedroom"):
        LsunBedroom(**fields)


@pytest.mark.parametrize("count", [0, -1, 2.0, "2"])
def test_an_impossible_count_is_refused(count):
    with pytest.raises(EquipoiseError, match="count of lsun-bedroom must be a whole number"):
        LsunBedroom(count=count)


def test_the_database_may_lie_in_the_root_itself(root):
    expected = LsunBedroom().load(root).content_hash
    (root / "lsun" / "bedroom_train_lmdb").rename(root / "bedroom_train_lmdb")
    assert LsunBedroom().load(root).content_hash == expected


def test_larger_than_memory_it_is_mapped(root, monkeypatch):
    held = LsunBedroom().load(root)
    monkeypatch.setenv("EQUIPOISE_MEMORY_SHARE", "0")
    mapped = LsunBedroom().load(root)
    assert isinstance(mapped.items, Mapped)
    order = torch.tensor([2, 0, 2, 1])
    assert torch.equal(mapped.batch(order, "symmetric"), held.batch(order, "symmetric"))
    assert mapped.content_hash == held.content_hash


def test_broken_values_are_skipped_and_counted(root, caplog):
    folder = root / "lsun" / "bedroom_train_lmdb"
    with lmdb.open(str(folder), map_size=1 << 22) as database, database.begin(write=True) as transaction:
        transaction.put(b"d\x1b\xff", b"no image")
    with caplog.at_level(logging.WARNING):
        assert len(LsunBedroom().load(root)) == 3
    assert "1 file was skipped as unreadable" in caplog.text
    assert "\x1b" not in caplog.text


@pytest.mark.parametrize("size", [0, 10, 151, 4096, 8192, -4096, -1])
def test_a_truncated_database_is_refused(root, size):
    path = root / "lsun" / "bedroom_train_lmdb" / "data.mdb"
    content = path.read_bytes()
    path.write_bytes(content[:size])
    with pytest.raises(EquipoiseError, match=r"data\.mdb is damaged: .*; download it again"):
        LsunBedroom().load(root)


def test_a_missing_database_says_where_to_get_it(tmp_path):
    with pytest.raises(EquipoiseError, match=r"bedroom_val_lmdb.data\.mdb is not there; .* or pass --data-root"):
        LsunBedroom("val").load(tmp_path)
