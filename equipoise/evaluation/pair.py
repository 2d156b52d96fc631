"""Two sets of images for the metrics that need no labels."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import torch
from torch import Tensor

from equipoise.common.errors import EquipoiseError
from equipoise.common.random import spread_places
from equipoise.data.held_out import held_out_places
from equipoise.data.store import Store, held
from equipoise.evaluation.backbones import make_extractor
from equipoise.evaluation.comparison import Comparison, Features
from equipoise.evaluation.feature_cache import store_features
from equipoise.evaluation.features import Extracted, Extractor
from equipoise.evaluation.judge import HELD_OUT_EVERY, divided
from equipoise.evaluation.sides import Side


@dataclass(frozen=True)
class Pair(Comparison):
    """Real and generated images, with no run behind them.

    Attributes:
        real_side: the images that are the measure.
        generated_side: those that are measured.
        count: how many of each are taken at most, spread over all.
        device: where the judging is done.
        weights: files with the weights of published networks, by the network's name.
        few_samples: whether distances may be taken of fewer samples than features.
    """

    real_side: Side
    generated_side: Side
    count: int
    device: torch.device
    weights: Mapping[str, Path] = field(default_factory=dict)
    few_samples: bool = False

    @property
    def seed(self) -> int:
        """Always the same: the same images get the same scores."""
        return 0

    @property
    def experiment(self) -> NoReturn:
        """There is none.

        Raises:
            EquipoiseError: always; a metric that asks for it is for runs.
        """
        raise EquipoiseError("it needs a run, not two sets of images; use equipoise evaluate RUN.")

    @cached_property
    def real(self) -> Tensor:
        """The real images, uint8."""
        return self.taken(self.real_side.store)

    @cached_property
    def images(self) -> Tensor:
        """The generated images in [0, 1], on the CPU."""
        return self.taken(self.generated_side.store).float() / 255

    @cached_property
    def parts(self) -> tuple[Store, Store]:
        """The real images but every sixth, and every sixth: no training says which of them it saw."""
        return divided(held(self.real))

    def taken(self, store: Store) -> Tensor:
        """The images of a side that are used, uint8."""
        return store.items.gather(spread_places(self.taken_count(store), len(store)))

    def take_features(self, backbone: str) -> Features:
        """The features of both sides by a published network.

        Raises:
            EquipoiseError: its weights are missing; or the "classifier" of a labelled data set is asked for.
        """
        if backbone == "classifier":
            raise EquipoiseError("it needs the classifier of a labelled data set; score a run with equipoise evaluate.")
        extractor = make_extractor(backbone, self.weights.get(backbone), self.device)
        real, generated = (self._extracted(side, extractor) for side in (self.real_side, self.generated_side))
        return Features(extractor, backbone, real, generated)

    def take_part_features(self, backbone: str) -> tuple[Tensor, Tensor]:
        """Those of the real images, divided as in `parts`."""
        real = self.features(backbone).real.features
        out = held_out_places(held(self.real), HELD_OUT_EVERY).to(real.device)
        return real[~out], real[out]

    @property
    def identity(self) -> tuple[str, str, str]:
        """Of the real side."""
        return self.real_side.name, self.real_side.store.content_hash, "all"

    @property
    def generated_count(self) -> int:
        """Of the generated side."""
        return self.taken_count(self.generated_side.store)

    @property
    def real_count(self) -> int:
        """Of the real side."""
        return self.taken_count(self.real_side.store)

    @property
    def details(self) -> dict[str, Any]:
        """The generated side, and the shape of both sides' images."""
        side = self.generated_side
        shape = list(self.real_side.store.shape)
        return {"generated": side.name, "generated_hash": side.store.content_hash, "images": shape}

    def taken_count(self, store: Store) -> int:
        """How many images of a side are used."""
        return min(self.count, len(store))

    def _extracted(self, side: Side, extractor: Extractor) -> Extracted:
        count, called = self.taken_count(side.store), f"{extractor.name} on {side.name}"
        return store_features(side.store, count, extractor, self.device, called).to(self.device)
