import numpy as np
import pytest
import torch
from scipy import stats

from equipoise.common.errors import EquipoiseError
from equipoise.data.compositional_mnist import CompositionalMnist
from equipoise.data.items import Composed
from equipoise.data.mnist import Mnist
from equipoise.data.stacked_mnist import StackedMnist


def test_a_stacked_image_is_three_published_digits(small_mnist):
    digits = Mnist().load(small_mnist)
    store = StackedMnist(count=50).load(small_mnist, seed=2)
    assert (len(store), store.shape, store.classes) == (50, (3, 28, 28), 1000)
    assert isinstance(store.items, Composed)
    images = store.items.gather(torch.arange(50))
    published = digits.items.gather(torch.arange(len(digits)))[:, 0].numpy()
    for image, number in zip(images.numpy(), store.labels.tolist(), strict=True):
        shown = [int(np.flatnonzero((published == channel).all(axis=(1, 2)))[0]) for channel in image]
        a, b, c = digits.labels[shown].tolist()
        assert 100 * a + 10 * b + c == number


def test_stacked_at_32_has_a_black_border(small_mnist):
    small = StackedMnist(count=20).load(small_mnist)
    large = StackedMnist(count=20, resolution=32).load(small_mnist)
    chosen = torch.tensor([19, 0, 7])
    assert torch.equal(large.items.gather(chosen)[:, :, 2:30, 2:30], small.items.gather(chosen))
    assert large.shape == (3, 32, 32)


@pytest.mark.parametrize("kind", [StackedMnist, CompositionalMnist])
def test_a_larger_count_continues_a_smaller_one(small_mnist, kind):
    small, large = kind(count=33).load(small_mnist, seed=1), kind(count=500).load(small_mnist, seed=1)
    assert torch.equal(small.labels, large.labels[:33])
    assert torch.equal(small.items.gather(torch.arange(33)), large.items.gather(torch.arange(33)))


@pytest.mark.parametrize("kind", [StackedMnist, CompositionalMnist])
def test_the_seed_chooses_the_images(small_mnist, kind):
    first, again, other = (kind(count=64).load(small_mnist, seed) for seed in (0, 0, 1))
    assert first.content_hash == again.content_hash != other.content_hash


@pytest.mark.parametrize("digit_size", [20, 21])
def test_a_compositional_image_shows_its_number_in_its_slots(small_mnist, digit_size):
    data = CompositionalMnist(digit_size=digit_size, count=40)
    store = data.load(small_mnist)
    assert store.shape == (1, 64, 64)
    digits = Mnist(resolution=digit_size).load(small_mnist)
    published = digits.items.gather(torch.arange(len(digits)))[:, 0].numpy()
    images = store.items.gather(torch.arange(40))[:, 0].numpy()
    for image, number in zip(images, store.labels.tolist(), strict=True):
        shown = []
        for top, left in data.slots():
            slot = image[top : top + digit_size, left : left + digit_size]
            shown.append(int(np.flatnonzero((published == slot).all(axis=(1, 2)))[0]))
            image[top : top + digit_size, left : left + digit_size] = 0
        assert int("".join(str(digit) for digit in digits.labels[shown].tolist())) == number
        assert image.max() == 0


@pytest.mark.parametrize("number_of_set", [1, 2, 3, 4])
def test_numbers_follow_the_stated_distribution(small_mnist, number_of_set):
    data = CompositionalMnist(set=number_of_set, count=200_000)
    expected = np.array(data.distribution())
    assert expected.shape == (1000,)
    assert expected.min() > 0
    np.testing.assert_allclose(expected.sum(), 1, atol=1e-12)
    found = np.bincount(data.load(small_mnist).labels, minlength=1000)
    assert stats.chisquare(found, expected * 200_000).pvalue > 1e-4


def test_each_position_of_each_set_has_its_own_probabilities():
    rows = [tuple(row) for number in (1, 2, 3, 4) for row in CompositionalMnist(set=number).digit_probabilities()]
    assert len(set(rows)) == 12
    np.testing.assert_allclose(np.sum(rows, axis=1), 1)
    # The mean and variance of one entry under a Dirichlet distribution of ten fives: 1/10 and 9/(100 * 51).
    assert 0.5 < np.var(rows) / (9 / 5100) < 1.6
    assert CompositionalMnist(1).digit_probabilities()[0][0] == pytest.approx(rows[0][0])


def test_images_of_one_digit_are_drawn_evenly(small_mnist):
    store = CompositionalMnist(count=100_000).load(small_mnist)
    used = np.bincount(store.items.table.flatten(), minlength=40).reshape(4, 10)
    assert all(stats.chisquare(column).pvalue > 1e-4 for column in used.T)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: CompositionalMnist(set=5), "set of compositional-mnist-5 must be a whole number from 1 to 4"),
        (lambda: CompositionalMnist(digit_size=28), "digit_size of .* from 20 to 21, not 28"),
        (lambda: CompositionalMnist(split="trian"), "did you mean 'train'"),
        (lambda: StackedMnist(count=0), "count of stacked-mnist must be a whole number from 1"),
        (lambda: StackedMnist(resolution=1000), "resolution of stacked-mnist"),
    ],
)
def test_impossible_fields_are_refused(make, sentence):
    with pytest.raises(EquipoiseError, match=sentence):
        make()


@pytest.mark.shared_data
def test_real_digits_in_both_layouts(shared_data):
    stacked = StackedMnist(count=1000).load(shared_data)
    beside = CompositionalMnist(count=1000).load(shared_data)
    assert stacked.batch(torch.arange(4), "unit").amax() == 1
    assert 0.02 < beside.batch(torch.arange(1000), "unit").mean() < 0.06
    assert len(torch.unique(stacked.labels)) > 500
