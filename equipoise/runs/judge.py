"""The judge of a labelled data set: its classifier, trained once and kept."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, cast

import torch

from equipoise.common.errors import EquipoiseError
from equipoise.data.catalogue import DataSet
from equipoise.data.store import Store
from equipoise.metrics.classifier import Classifier, cached_classifier


def judge_of(
    data: DataSet, root: Path | None, device: torch.device, report: Callable[[str], None] | None = None
) -> Classifier:
    """The classifier of a labelled data set, trained on its "train" split and measured on its "test" split.

    Args:
        data: a data set whose splits include "train" and "test", at the resolution that is to be judged.
        root: where published files lie.
        device: where to train and to judge.
        report: is told one line per epoch when it has to be trained first.

    Raises:
        EquipoiseError: the data set has no labels or no such splits.
    """
    train, test = _split(data, "train", root), _split(data, "test", root)
    if train.labels is None or test.labels is None:
        raise EquipoiseError(f"the data set {data.name} has no labels, so it has no classifier to judge by.")
    return cached_classifier(
        _all_images(train),
        train.labels,
        _all_images(test),
        test.labels,
        content_hash=train.content_hash,
        device=device,
        report=report,
    )


def _split(data: DataSet, split: str, root: Path | None) -> Store:
    described = cast(Any, data)
    if not is_dataclass(described) or "split" not in {field.name for field in fields(described)}:
        raise EquipoiseError(f"the data set {data.name} has no train and test splits, so it has no classifier.")
    return cast(DataSet, replace(cast(Any, described), split=split)).load(root)


def _all_images(store: Store) -> torch.Tensor:
    return torch.cat(list(store.chunks()))
