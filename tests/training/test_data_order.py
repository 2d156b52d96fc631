"""An order of data is a function of (seed, epoch), its place is what the loop has seen, and ranks share it out."""

from collections.abc import Iterable
from itertools import chain
from typing import Any, cast

import pytest
import torch
from torch.utils.data import BatchSampler, DataLoader, TensorDataset

from equipoise.common.errors import EquipoiseError
from equipoise.training import DataOrder
from equipoise.training.order import Order

ITEMS = TensorDataset(torch.arange(23))


def loader(order: DataOrder, **options: Any) -> "DataLoader[Any]":
    return DataLoader(ITEMS, sampler=order, **({"batch_size": 4} | options))


def drawn(order: DataOrder, source: "DataLoader[Any]", passes: int = 1) -> list[list[int]]:
    return [batch[0].tolist() for _ in range(passes) for batch in order.over(source)]


def flat(batches: Iterable[list[int]]) -> list[int]:
    return list(chain.from_iterable(batches))


def batch_sampled(order: DataOrder) -> "DataLoader[Any]":
    return DataLoader(ITEMS, batch_sampler=BatchSampler(order, 4, drop_last=True))


def test_every_epoch_is_its_own_permutation_whatever_came_before() -> None:
    order, later = DataOrder(23, seed=5), DataOrder(23, seed=5)
    epochs = [drawn(order, loader(order)) for _ in range(3)]
    assert all(sorted(flat(epoch)) == list(range(23)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]
    assert flat(epochs[2]) == later.indices(2)
    assert DataOrder(23, seed=6).indices(0) != later.indices(0)
    assert DataOrder(23, shuffle=False).indices(4) == list(range(23))


def test_it_is_the_order_of_our_own_loop() -> None:
    ours = Order(23, 4, seed=5)
    assert torch.cat([ours.batch(number) for number in range(5)]).tolist() == DataOrder(23, seed=5).indices(0)[:20]


@pytest.mark.parametrize("make", [loader, batch_sampled], ids=["sampler", "batch sampler"])
@pytest.mark.parametrize("cut", range(13))
def test_what_is_left_after_any_batch_is_drawn_by_the_restored_one(cut: int, make: Any) -> None:
    whole = DataOrder(23, seed=1)
    expected = drawn(whole, make(whole), passes=3)
    first, found = DataOrder(23, seed=1), []
    while len(found) < cut:
        for (batch,) in first.over(make(first)):
            found.append(batch.tolist())
            if len(found) == cut:
                break
    again = DataOrder(23, seed=1)
    again.load_state_dict(first.state_dict())
    source = make(again)
    while again.epoch < 3:
        found += drawn(again, source)
    assert found == expected


def test_a_loader_with_workers_draws_ahead_and_the_place_is_still_what_the_loop_saw() -> None:
    order, again = DataOrder(23), DataOrder(23)
    batches = iter(order.over(loader(order, num_workers=1, prefetch_factor=4)))
    seen = [next(batches)[0].tolist() for _ in range(2)]
    assert order.state_dict()["position"] == 8
    again.load_state_dict(order.state_dict())
    assert flat(seen + drawn(again, loader(again))) == order.indices(0)


def test_a_resume_at_the_end_of_an_epoch_ends_it() -> None:
    order, again = DataOrder(23), DataOrder(23)
    for _ in order.over(loader(order)):
        state = order.state_dict()
    again.load_state_dict(state)
    assert drawn(again, loader(again)) == []
    assert (again.epoch, again.position) == (1, 0)


def test_drawing_moves_no_global_stream() -> None:
    order, before = DataOrder(23), torch.get_rng_state()
    drawn(order, loader(order))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("size", [2, 3, 5])
def test_ranks_share_an_epoch_out_in_equal_parts(size: int) -> None:
    orders = [DataOrder(23, rank=rank, size=size) for rank in range(size)]
    for epoch in range(2):
        parts = [order.indices(epoch) for order in orders]
        assert {len(part) for part in parts} == {23 // size} == {len(order) for order in orders}
        assert len(set(flat(parts))) == 23 // size * size
    assert orders[0].state_dict() == orders[1].state_dict(), "one checkpoint serves every rank"


def test_batches_that_nobody_counts_are_refused() -> None:
    order = DataOrder(23)
    with pytest.raises(EquipoiseError, match=r"write `in order.over\(loader\)`"):
        list(loader(order))


@pytest.mark.parametrize(
    "other", [DataOrder(22), DataOrder(23, seed=1), DataOrder(23, shuffle=False), DataOrder(23, rank=0, size=2)]
)
def test_the_place_in_another_order_is_refused(other: DataOrder) -> None:
    with pytest.raises(EquipoiseError, match="the data order was saved with"):
        other.load_state_dict(DataOrder(23).state_dict())


def test_a_loader_of_another_order_is_refused() -> None:
    for source in (loader(DataOrder(23)), DataLoader(ITEMS, batch_size=4), cast(Any, [1, 2])):
        with pytest.raises(EquipoiseError, match="the loader must draw from this order"):
            DataOrder(23).over(source)
    with pytest.raises(EquipoiseError, match="at least one item for each process"):
        DataOrder(1, rank=0, size=2)


@pytest.mark.parametrize("count", [1.5, ITEMS, True])
def test_a_count_is_a_whole_number(count: Any) -> None:
    with pytest.raises(EquipoiseError, match=r"count must be a whole number, as len\(data\) is"):
        DataOrder(count)


def test_single_items_are_counted_too() -> None:
    order = DataOrder(5)
    source = DataLoader(TensorDataset(torch.arange(5)), batch_size=None, sampler=order)
    assert [int(item) for (item,) in order.over(source)] == order.indices(0)
