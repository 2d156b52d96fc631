import hashlib

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from equipoise.data import items as module
from equipoise.data.items import Composed, Held, Mapped
from equipoise.data.store import Store, held


def pictures(count: int = 7) -> torch.Tensor:
    values = np.random.default_rng(0).integers(0, 256, (count, 3, 4, 5), dtype=np.uint8)
    return torch.from_numpy(values)


def test_every_byte_has_its_value_in_both_ranges():
    images = torch.arange(256, dtype=torch.uint8).reshape(256, 1, 1, 1)
    store = held(images)
    everything = torch.arange(256)
    reference = np.arange(256, dtype=np.float64)
    np.testing.assert_allclose(store.batch(everything, "unit").flatten(), reference / 255, atol=1e-7)
    np.testing.assert_allclose(store.batch(everything, "symmetric").flatten(), reference / 127.5 - 1, atol=2e-7)
    assert store.batch(everything, "unit").dtype == torch.float32
    assert store.batch(everything, "symmetric").flatten()[[0, 255]].tolist() == [-1, 1]


@given(st.lists(st.integers(0, 6), min_size=1, max_size=20))
def test_streaming_changes_neither_order_nor_values(positions):
    images = pictures()
    in_memory = held(images)
    mapped = Store(Mapped(images.numpy(), torch.device("cpu")))
    indices = torch.tensor(positions)
    assert torch.equal(in_memory.batch(indices, "symmetric"), mapped.batch(indices, "symmetric"))
    assert torch.equal(in_memory.batch(indices, "unit"), images[indices].float() / 255)


def test_a_batch_leaves_the_store_untouched():
    images = pictures()
    store = held(images.clone())
    store.batch(torch.arange(7), "symmetric").fill_(9)
    assert torch.equal(store.items.gather(torch.arange(7)), images)


def test_points_ignore_the_value_range():
    points = torch.tensor([[1.5, -200.0], [3.0, 4.0]])
    store = held(points)
    assert not store.holds_images
    assert torch.equal(store.batch(torch.tensor([1, 0]), "unit"), points.flip(0))
    assert torch.equal(store.batch(torch.tensor([1, 0]), "symmetric"), points.flip(0))


def test_content_hash_is_sha256_of_bytes_labels_and_shape():
    images, labels = pictures(), torch.tensor([0, 1, 2, 0, 1, 2, 0])
    expected = hashlib.sha256(images.numpy().tobytes())
    expected.update(labels.numpy().tobytes())
    expected.update(b"(7, 3, 4, 5) labelled")
    assert held(images, labels, 3).content_hash == expected.hexdigest()


def test_content_hash_is_the_same_however_items_are_held():
    images = pictures(2500)
    composed = Composed(images[:, 0], torch.arange(2500).unsqueeze(1), lambda parts: parts, (1, 4, 5))
    ways = [held(images), Store(Mapped(images.numpy(), torch.device("cpu")))]
    assert len({store.content_hash for store in ways}) == 1
    assert Store(composed).content_hash == held(images[:, :1]).content_hash


def test_content_hash_sees_one_changed_value_label_or_shape():
    images, labels = pictures(), torch.zeros(7, dtype=torch.int64)
    changed = images.clone()
    changed[3, 0, 0, 0] ^= 1
    stores = [
        held(images),
        held(changed),
        held(images, labels, 2),
        held(images, labels.index_fill(0, torch.tensor([2]), 1), 2),
        held(images.reshape(7, 3, 5, 4)),
        held(images.flip(0)),
    ]
    assert len({store.content_hash for store in stores}) == len(stores)


def test_labels_must_match_the_items():
    with pytest.raises(ValueError, match=r"labels must have shape \[7\], got \(6,\)"):
        held(pictures(), torch.zeros(6, dtype=torch.int64), 2)


def test_moving_a_store_keeps_its_content():
    images, labels = pictures(), torch.arange(7) % 3
    mapped = Store(Mapped(images.numpy(), torch.device("cpu")), labels, 3).to("cpu")
    assert len(mapped) == 7
    assert mapped.shape == (3, 4, 5)
    assert torch.equal(mapped.labels, labels)
    assert mapped.content_hash == held(images, labels, 3).to("cpu").content_hash


def test_images_that_would_fill_a_device_stay_outside_it(monkeypatch):
    images = pictures()
    monkeypatch.setattr(module, "_has_room", lambda device, size: False)
    store = held(images).to("cpu")
    assert isinstance(store.items, Mapped)
    assert torch.equal(store.batch(torch.tensor([6, 2]), "unit"), held(images).batch(torch.tensor([6, 2]), "unit"))
    assert isinstance(held(torch.zeros(2, 2)).to("cpu").items, Held)  # points are small


def test_composed_items_are_looked_up_by_table():
    parts = torch.arange(3, dtype=torch.uint8).reshape(3, 1, 1)
    table = torch.tensor([[0, 2], [1, 1], [2, 0]])
    store = Store(Composed(parts, table, lambda pairs: pairs, (2, 1, 1)))
    assert store.items.gather(torch.tensor([2, 0])).flatten().tolist() == [2, 0, 0, 2]
    assert isinstance(store.items, Composed)
    assert not isinstance(store.items, Held)
