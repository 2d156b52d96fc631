"""The contract of data sets: descriptions of plain fields whose items are the same at every load.

`check_data` runs it all.
"""

import dataclasses
from typing import Any

import torch

from equipoise.data.store import Store
from equipoise.testing.requirements import require

_PLAIN = (int, float, str, tuple, type(None), bool)
_RANGES: dict[Any, tuple[float, float]] = {"unit": (0.0, 1.0), "symmetric": (-1.0, 1.0)}


def check_data(data: Any, root: Any = None) -> None:
    """Check a data set: its description, its content, and the batches that it gives.

    Args:
        data: its description, such as `equipoise.data.digits.Digits()`.
        root: the folder of data sets, for one that needs files.

    Raises:
        AssertionError: names what is broken.
    """
    is_described_by_plain_fields(data)
    store = data.load(root)
    has_the_same_content_at_every_load(data, store, root)
    has_labels_of_its_classes(store)
    gives_batches_in_their_range(store)


def is_described_by_plain_fields(data: Any) -> None:
    """It is a frozen dataclass of numbers, words and tuples, so that a configuration file can hold it, with a name."""
    parameters = getattr(type(data), "__dataclass_params__", None)
    require(parameters is not None and parameters.frozen, f"{type(data).__name__} is no frozen dataclass.")
    for field in dataclasses.fields(data):
        kind = type(getattr(data, field.name))
        require(kind in _PLAIN, f"{field.name} is {kind.__name__}; a field is a number, a word or a tuple of them.")
    require(data == dataclasses.replace(data), f"{type(data).__name__} does not equal its copy.")
    require(isinstance(data.name, str) and data.name != "", f"its name is {data.name!r}, expected a word.")


def has_the_same_content_at_every_load(data: Any, store: Store, root: Any = None) -> None:
    """It holds items, and loading it again with the same seed gives the same ones in the same order."""
    require(len(store) > 0, f"{data.name} is empty.")
    require(data.load(root).content_hash == store.content_hash, f"{data.name} has other content at every load.")


def has_labels_of_its_classes(store: Store) -> None:
    """Labels are int64 in 0 .. classes - 1; without labels there are 0 classes."""
    if store.labels is None:
        require(store.classes == 0, f"it has {store.classes} classes, but no labels.")
        return
    labels = store.labels
    require(labels.dtype == torch.int64, f"its labels are {labels.dtype}, expected int64.")
    ends = int(labels.min()), int(labels.max())
    require(0 <= ends[0] <= ends[1] < store.classes, f"its labels lie in {ends}, but it has {store.classes} classes.")


def gives_batches_in_their_range(store: Store) -> None:
    """Batches are float32 of the set's shape, images in the range asked for; writing to one leaves the set alone."""
    indices = torch.tensor([len(store) - 1, 0])
    raw = store.items.gather(indices).clone()
    for word, (least, most) in _RANGES.items():
        batch = store.batch(indices, word)
        found = (batch.dtype, tuple(batch.shape))
        require(found == (torch.float32, (2, *store.shape)), f"a batch is {found}, expected 2 of {store.shape}.")
        require(bool(torch.isfinite(batch).all()), "a batch holds numbers that are not finite.")
        inside = not store.holds_images or bool((least <= batch.min()) & (batch.max() <= most))
        require(inside, f"a batch leaves the range {word!r}, [{least}, {most}].")
        batch.fill_(9)
        require(torch.equal(store.items.gather(indices), raw), "writing to a batch changes the set.")
