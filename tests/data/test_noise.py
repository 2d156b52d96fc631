import numpy as np
import pytest
import torch
from scipy import stats

from equipoise.common.errors import EquipoiseError
from equipoise.data.noise import Noise


def test_values_and_labels_are_even():
    store = Noise((1, 16, 16), count=2000, classes=5).load(seed=1)
    assert (len(store), store.shape, store.classes) == (2000, (1, 16, 16), 5)
    values = store.items.gather(torch.arange(2000)).flatten().numpy()
    assert stats.chisquare(np.bincount(values, minlength=256)).pvalue > 1e-4
    assert stats.chisquare(np.bincount(store.labels, minlength=5)).pvalue > 1e-4


def test_the_seed_alone_decides():
    first, again, other = (Noise(count=8).load(seed=seed) for seed in (0, 0, 1))
    assert first.content_hash == again.content_hash != other.content_hash


@pytest.mark.parametrize(
    "fields", [{"shape": (3, 32)}, {"shape": (2, 8, 8)}, {"shape": (3, 0, 8)}, {"count": 0}, {"classes": -1}]
)
def test_impossible_fields_are_refused(fields):
    with pytest.raises(EquipoiseError, match="of noise must be"):
        Noise(**fields)
