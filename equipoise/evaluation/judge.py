"""The judge of a labelled data set (its classifier, trained once and cached), and a data set's parts."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import torch

from equipoise.common.errors import EquipoiseError
from equipoise.data.data_set import DataSet, division_of
from equipoise.data.held_out import EVERY, held_out_places
from equipoise.data.store import Store, held
from equipoise.evaluation.classifier import Classifier, cached_classifier

HELD_OUT_EVERY = 6
"""Of a set without splits, one item of so many is held out."""
_PART = "part"


def judge_of(
    data: DataSet, root: Path | None, device: torch.device, report: Callable[[str], None] | None = None
) -> Classifier:
    """The classifier of a labelled data set, trained on its "train" split and measured on its "test" split.

    A labelled set without splits is divided: every sixth image measures, the others train.

    Args:
        data: a data set with labels, at the resolution that is to be judged.
        root: where published files lie.
        device: where to train and to judge.
        report: is told one line per epoch when it has to be trained first.

    Raises:
        EquipoiseError: the data set has no labels, or no images.
    """
    train, test = parts_of(data, root)
    if not train.holds_images:
        raise EquipoiseError(f"the data set {data.name} holds points, so it has no classifier to judge by.")
    if train.labels is None or test.labels is None:
        why = f" ({train.unlabelled})" if train.unlabelled else ""
        raise EquipoiseError(f"the data set {data.name} has no labels{why}, so it has no classifier to judge by.")
    return cached_classifier(
        all_items(train),
        train.labels,
        all_items(test),
        test.labels,
        content_hash=train.content_hash,
        classes=train.classes,
        device=device,
        report=report,
    )


def parts_of(data: DataSet, root: Path | None, seed: int = 0) -> tuple[Store, Store]:
    """The training part and the held-out part: the data set's splits or parts, or else every sixth item is held out.

    Raises:
        EquipoiseError: there are so few that none is held out.
    """
    field, chosen = division_of(data)
    if not field or (field == _PART and chosen == "all"):
        return divided(data.load(root, seed))
    train, test = (cast(DataSet, replace(cast(Any, data), **{field: name})) for name in ("train", data.held_out))
    known, others = train.load(root, seed), test.load(root, seed)
    if not len(others):
        raise _too_few(EVERY, len(known))
    return known, others


def all_items(store: Store) -> torch.Tensor:
    """Every item as it is stored: images uint8, points float32."""
    return torch.cat(list(store.chunks()))


def divided(whole: Store) -> tuple[Store, Store]:
    """All items but every sixth, and every sixth.

    Raises:
        EquipoiseError: there are fewer than six.
    """
    if len(whole) < HELD_OUT_EVERY:
        raise _too_few(HELD_OUT_EVERY, len(whole))
    items, out = all_items(whole), held_out_places(whole, HELD_OUT_EVERY)
    return _chosen(whole, items, ~out), _chosen(whole, items, out)


def _too_few(least: int, there: int) -> EquipoiseError:
    """One in so many is held out."""
    verb = "is" if there == 1 else "are"
    return EquipoiseError(f"it needs at least {least} real images, of which one is held out, and there {verb} {there}.")


def _chosen(whole: Store, items: torch.Tensor, mask: torch.Tensor) -> Store:
    labels = None if whole.labels is None else whole.labels.cpu()[mask]
    return held(items[mask], labels, whole.classes)
