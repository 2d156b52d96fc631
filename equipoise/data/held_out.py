"""Pictures that are held out of a training, so that copies can be told from new pictures."""

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, get_args

from equipoise.data.fields import check_choice

if TYPE_CHECKING:
    from equipoise.data.store import Store

Part = Literal["all", "train", "held-out"]
"""All items; all but every tenth, in the order of the set; or every tenth."""
EVERY = 10
"""One item of so many is held out."""


def check_part(name: str, part: str) -> None:
    """The value must be one of the parts."""
    check_choice(name, "part", part, get_args(Part))


def count_of(whole: int, part: Part) -> int:
    """How many items the part of so many has."""
    out = whole // EVERY
    return {"all": whole, "train": whole - out, "held-out": out}[part]


def part_of(store: "Store", part: Part) -> "Store":
    """The part of a set; of fewer than ten items none is held out."""
    if part == "all":
        return store
    import torch

    from equipoise.data.items import Part as Some

    places = torch.arange(len(store))
    out = places % EVERY == EVERY - 1
    kept = places[out if part == "held-out" else ~out]
    labels = None if store.labels is None else store.labels[kept]
    return replace(store, items=Some(store.items, kept), labels=labels, known_hash=None)
