"""Real and generated images as the metrics use them, from a run or from two folders."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import torch
from torch import Tensor

from equipoise.common.machine import git_commit
from equipoise.common.precision import product_precision
from equipoise.data.store import Store
from equipoise.evaluation.features import Extracted, Extractor
from equipoise.evaluation.passport import Passport, current_versions

Found = TypeVar("Found")


def found_once(kept: dict[str, Any], what: str, find: Callable[[], Found]) -> Found:
    """What is kept under a name; the first time, it is the result of `find`."""
    if what not in kept:
        kept[what] = find()
    found: Found = kept[what]
    return found


@dataclass(frozen=True)
class Features:
    """One extractor's features of the real data and of the samples."""

    extractor: Extractor
    called: str
    real: Extracted
    generated: Extracted


class Comparison(ABC):
    """What a metric without labels can use; everything is computed once, when it is first needed.

    Attributes:
        device: where the judging is done.
        few_samples: whether distances may be taken of fewer samples than features, which only tries the plumbing.
    """

    device: torch.device
    few_samples: bool

    @property
    @abstractmethod
    def seed(self) -> int:
        """Of the random choices that a metric makes."""

    @property
    @abstractmethod
    def real(self) -> Tensor:
        """The real items, on the CPU: uint8 images, or float32 points where the samples are points."""

    @property
    @abstractmethod
    def images(self) -> Tensor:
        """The samples as images [count, channels, height, width] in [0, 1], on the CPU."""

    @property
    @abstractmethod
    def parts(self) -> tuple[Store, Store]:
        """Real data that the generator was trained on, and held-out data."""

    @abstractmethod
    def take_features(self, backbone: str) -> Features:
        """The features of both sides by the network of this name; `features` keeps them.

        Raises:
            EquipoiseError: its weights are missing, or the data have no such features.
        """

    @abstractmethod
    def take_part_features(self, backbone: str) -> tuple[Tensor, Tensor]:
        """The features of both of `parts`, [items, features] each."""

    @property
    @abstractmethod
    def identity(self) -> tuple[str, str, str]:
        """Name, hash and split of the real data, as a passport has them."""

    @property
    @abstractmethod
    def generated_count(self) -> int:
        """How many samples there are."""

    @property
    @abstractmethod
    def real_count(self) -> int:
        """How many real items they are compared with."""

    @property
    def details(self) -> dict[str, Any]:
        """What every passport says besides the fields of `Passport`."""
        return {}

    def passport(
        self,
        metric: str,
        extractor: str = "",
        weights: str = "",
        real_count: int = 0,
        resize: str = "none",
        **particulars: Any,
    ) -> dict[str, Any]:
        """What a score was measured on and with: the fields of `Passport`, and whatever else is worth knowing."""
        data, data_hash, split = self.identity
        passport = Passport(
            metric=metric,
            data=data,
            data_hash=data_hash,
            split=split,
            real_count=real_count,
            generated_count=self.generated_count,
            extractor=extractor,
            weights_hash=weights,
            resize=resize,
            seed=self.seed,
            versions=current_versions(),
            commit=self.once("commit", git_commit) or "",
            device=str(self.device),
            precision=product_precision(self.device.type),
        )
        return passport.as_dict() | self.details | particulars

    def features(self, backbone: str) -> Features:
        """The features of both sides by the network of this name."""
        return self.once(f"features of {backbone}", lambda: self.take_features(backbone))

    def once(self, what: str, find: Callable[[], Found]) -> Found:
        """The result of `find`, computed the first time that `what` is asked for and then kept."""
        return found_once(self._found, what, find)

    def once_for_all(self, what: str, find: Callable[[], Found]) -> Found:
        """Like `once`, for results that do not depend on the samples: later evaluations of a run can share them."""
        return self.once(what, find)

    def compared_passport(self, metric: str, features: Features, **particulars: Any) -> dict[str, Any]:
        """The passport of a score that compares features of real data and of samples."""
        known: dict[str, Any] = {"resize": features.extractor.resize, "real_count": len(features.real.features)}
        return self.passport(metric, features.called, features.extractor.weights_hash, **(known | particulars))

    @cached_property
    def _found(self) -> dict[str, Any]:
        return {}
