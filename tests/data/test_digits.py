import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from equipoise.common.errors import EquipoiseError
from equipoise.data.digits import Digits


def test_all_digits_with_their_labels():
    published = load_digits()
    store = Digits().load()
    assert (len(store), store.shape, store.classes) == (1797, (1, 8, 8), 10)
    np.testing.assert_array_equal(store.labels, published.target)
    images = store.items.gather(torch.arange(1797)).squeeze(1).numpy()
    assert images.dtype == np.uint8
    np.testing.assert_allclose(images / 255 * 16, published.images, atol=0.5 / 255 * 16)


def test_the_seventeen_values_are_rounded_as_documented():
    published = load_digits().images
    images = Digits().load().items.gather(torch.arange(1797)).squeeze(1).numpy()
    found = {int(v): sorted({int(x) for x in images[published == v]}) for v in range(17)}
    assert found == {v: [(v * 255 * 2 + 16) // 32] for v in range(17)}
    assert found[8] == [128]


def test_train_and_test_divide_all_digits():
    everything, train, test = (Digits(split).load() for split in ("all", "train", "test"))
    assert (len(train), len(test)) == (1437, 360)
    rows = [
        tuple(row.flatten().tolist()) for part in (train, test) for row in part.items.gather(torch.arange(len(part)))
    ]
    whole = [tuple(row.flatten().tolist()) for row in everything.items.gather(torch.arange(1797))]
    assert sorted(rows) == sorted(whole)
    assert torch.bincount(test.labels).min() >= 20


def test_the_split_never_changes():
    assert Digits("test").load().content_hash == Digits("test").load(seed=5).content_hash
    assert Digits("test").load().content_hash.startswith("83c16b53")


def test_without_scikit_learn_one_sentence_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr("equipoise.data.digits.find_spec", lambda name: None)
    with pytest.raises(EquipoiseError, match=r"scikit-learn, which is not installed; install it with: pip install"):
        Digits().load()


def test_an_unknown_split_names_the_nearest():
    with pytest.raises(EquipoiseError, match="unknown split of digits 'tests'; did you mean 'test'"):
        Digits("tests")
