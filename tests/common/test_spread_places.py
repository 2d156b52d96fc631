"""A few of many stand for all, in whatever order these come."""

import pytest
import torch

from equipoise.common.random import spread_places


@pytest.mark.parametrize(("count", "total"), [(0, 0), (0, 5), (1, 1), (1, 9), (7, 7), (7, 10), (200, 999), (99, 100)])
def test_one_place_lies_in_each_of_as_many_equal_parts(count: int, total: int) -> None:
    places = spread_places(count, total)
    assert (places.dtype, len(places)) == (torch.int64, count)
    for number, place in enumerate(places.tolist()):
        assert number * total // count <= place < (number + 1) * total // count
    assert torch.equal(places, spread_places(count, total))


@pytest.mark.parametrize("count", [200, 333, 500])
def test_classes_are_met_as_often_as_they_are_there_in_any_order(count: int) -> None:
    by_class = torch.arange(10).repeat_interleave(200)
    for labels in (by_class, torch.arange(10).repeat(200), by_class.flip(0)):
        found = torch.bincount(labels[spread_places(count, len(labels))], minlength=10)
        assert found.min() > 0.6 * count / 10
        assert found.max() < 1.4 * count / 10
