"""Pictures that are held out of a training, so that copies can be told from new pictures."""

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, get_args

from equipoise.data.fields import check_choice

if TYPE_CHECKING:
    from torch import Tensor

    from equipoise.data.store import Store

Part = Literal["all", "train", "held-out"]
"""All items; all but every tenth, in the order of the set; or every tenth, as `held_out_places` says."""
EVERY = 10
"""One item of so many is held out."""


def check_part(name: str, part: str) -> None:
    """The value must be one of the parts."""
    check_choice(name, "part", part, get_args(Part))


def count_of(whole: int, part: Part) -> int:
    """How many items the part of so many has."""
    out = whole // EVERY
    return {"all": whole, "train": whole - out, "held-out": out}[part]


def held_out_places(store: "Store", every: int) -> "Tensor":
    """True at one of so many items, bool [items]: every tenth, say, or one at random of every ten, always the same.

    The latter where more classes are held out so: with two classes in turns, every tenth item is of one of them.
    """
    import torch

    from equipoise.common.random import spread_places

    count = len(store)
    regular = torch.arange(count)[every - 1 :: every]
    spread = spread_places(len(regular), count)
    more = store.labels is not None and _classes(store.labels, spread) > _classes(store.labels, regular)
    places = torch.zeros(count, dtype=torch.bool)
    places[spread if more else regular] = True
    return places


def _classes(labels: "Tensor", places: "Tensor") -> int:
    return len(labels.cpu()[places].unique())


def part_of(store: "Store", part: Part) -> "Store":
    """The part of a set; of fewer than ten items none is held out."""
    if part == "all":
        return store
    out = held_out_places(store, EVERY)
    held_out = _some(store, out)
    return held_out if part == "held-out" else replace(_some(store, ~out), held_out=held_out)


def _some(store: "Store", places: "Tensor") -> "Store":
    """The items where `places`, bool [items], is true."""
    from equipoise.data.items import Part as Some

    kept = places.nonzero()[:, 0]
    labels = None if store.labels is None else store.labels[kept]
    return replace(store, items=Some(store.items, kept), labels=labels, known_hash=None)
