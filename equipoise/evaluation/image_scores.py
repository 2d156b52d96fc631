"""Scores computed batch by batch, for your own validation loop, on one process or several."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.distributed
from torch import Tensor

from equipoise.common.errors import EquipoiseError, UnknownName
from equipoise.common.precision import full_precision
from equipoise.data.store import ValueRange
from equipoise.evaluation.backbones import make_extractor
from equipoise.evaluation.catalogue import METRICS
from equipoise.evaluation.features import Extractor
from equipoise.evaluation.scoring_features import MEASURES, FeatureMetric, once_each
from equipoise.evaluation.sides import as_bytes
from equipoise.metrics.arrays import Array, as_images

_AT_ONCE = 32
"""Images that an extractor always sees at once: so that its rounding does not depend on the caller's batches."""


class ImageScores:
    """Scores of generated images against real ones, fed in batches of any size and order.

    It keeps the features of every image, about 5 kB each, and up to 31 images of each side whose turn has not come.
    Values do not depend on how the images are divided into batches, nor over processes, nor on autocast.

    Examples:
        >>> from torch import nn
        >>> from equipoise.evaluation.features import ModuleExtractor
        >>> scores = ImageScores(["kernel"], extractor=ModuleExtractor(nn.AvgPool2d(4), "means of pixels"))
        >>> scores.update(real=torch.zeros(8, 3, 4, 4), fake=torch.ones(8, 3, 4, 4))
        >>> scores.compute()
        {'kernel': 7.0}
    """

    def __init__(
        self,
        metrics: Sequence[str] = ("lite0-kernel", "lite0-recall"),
        *,
        extractor: Extractor | None = None,
        weights: Path | None = None,
        value_range: ValueRange = "unit",
        device: torch.device | str = "cpu",
    ) -> None:
        """Start with no images.

        Args:
            metrics: names of metrics on the features of one published network; or, with an extractor of yours, what is
                measured of its features: kernel, frechet, precision, recall, density or coverage.
            extractor: of yours.
            weights: the file with the network's weights, where pip does not install them.
            value_range: of floating-point images: "unit" is [0, 1], "symmetric" is [-1, 1].
            device: where features are extracted.

        Raises:
            EquipoiseError: a metric needs more than features, or the weights are missing.
        """
        names = [metrics] if isinstance(metrics, str) else list(metrics)
        if extractor is None:
            self._metrics = {name: _of_features(name) for name in names}
            (backbone,) = _one_of({metric.backbone for metric in self._metrics.values()})
            extractor = make_extractor(backbone, weights, device)
        else:
            self._metrics = {name: _own(name, extractor) for name in names}
        self._extractor, self._device, self._value_range = extractor, torch.device(device), value_range
        self._sides = {"real": _Features(), "fake": _Features()}

    def update(self, real: Array | None = None, fake: Array | None = None) -> None:
        """Add images [batch, channels, height, width], uint8 or floating-point, to one side or both.

        Raises:
            EquipoiseError: these are no such images, or their range is another.
        """
        for name, images in (("real", real), ("fake", fake)):
            if images is not None:
                self._sides[name].waiting += _checked(images, name, self._value_range).unbind()
                self._extract(name, _AT_ONCE)

    def compute(self) -> dict[str, float]:
        """The scores of all images so far, by name.

        Raises:
            EquipoiseError: there are too few images for one of them.
        """
        for side, count in zip(self._sides, self.counts(), strict=True):
            if not count:
                raise EquipoiseError(f"there are no {side} images yet; add some with update({side}=...).")
        real, fake, once = self._features("real"), self._features("fake"), once_each()
        try:
            return {name: metric.of_features(real, fake, once=once).value for name, metric in self._metrics.items()}
        except ValueError as error:
            raise EquipoiseError(str(error)) from error

    def counts(self) -> tuple[int, int]:
        """How many real and how many generated images there are."""
        real, fake = (len(side) for side in self._sides.values())
        return real, fake

    def reset(self) -> None:
        """Forget all images."""
        self._sides = {"real": _Features(), "fake": _Features()}

    def merge(self, other: "ImageScores") -> None:
        """Add the images of another `ImageScores` of the same kind, as from another process."""
        for name in self._sides:
            self._sides[name].parts.append(other._features(name))

    def gather(self) -> None:
        """Add the images that the other processes of the default group have seen; all must call it.

        Without a group of processes nothing happens.
        """
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            for name, side in self._sides.items():
                side.parts = list(_of_all(self._features(name).to(self._device)))

    def state_dict(self) -> dict[str, Tensor]:
        """The features of both sides [images, features], to be saved; waiting images are processed first."""
        return {name: self._features(name) for name in self._sides}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Continue from what `state_dict` returned.

        Raises:
            EquipoiseError: it is another state.
        """
        if set(state) != set(self._sides) or any(each.ndim != 2 for each in state.values()):
            raise EquipoiseError("not a state of ImageScores: it must hold real and fake features [images, features].")
        self.reset()
        for name, features in state.items():
            self._sides[name].parts = [features.float().cpu()]

    def _features(self, name: str) -> Tensor:
        """The features of a side [images, features] on the CPU."""
        self._extract(name, 1)
        parts = [part for part in self._sides[name].parts if len(part)]
        return torch.cat(parts) if parts else torch.empty(0, 0)

    def _extract(self, name: str, least: int) -> None:
        """Look at the images that wait while there are at least so many of them, always at as many at once."""
        side = self._sides[name]
        while len(side.waiting) >= least:
            some, side.waiting = side.waiting[:_AT_ONCE], side.waiting[_AT_ONCE:]
            filled = torch.stack([*some, *[some[0]] * (_AT_ONCE - len(some))])
            with full_precision(self._device.type):
                features = self._extractor(filled.to(self._device)).features
            side.parts.append(features[: len(some)].cpu())


class _Features:
    """One side: the features that were extracted, and the uint8 images whose turn has not come."""

    def __init__(self) -> None:
        self.parts: list[Tensor] = []
        self.waiting: list[Tensor] = []

    def __len__(self) -> int:
        return sum(len(part) for part in self.parts) + len(self.waiting)


def _checked(images: Array, name: str, value_range: ValueRange) -> Tensor:
    """A copy: the caller may write the next batch to the same memory."""
    try:
        return as_bytes(as_images(name, images), name, value_range).clone()
    except ValueError as error:
        raise EquipoiseError(str(error)) from error


def _of_features(name: str) -> FeatureMetric:
    metric: Any = METRICS.load(name)
    if not isinstance(metric, FeatureMetric) or not METRICS[name].backbone:
        raise EquipoiseError(f"{name} needs more than the features of images; score the images together instead.")
    return metric


def _own(name: str, extractor: Extractor) -> FeatureMetric:
    if name not in MEASURES:
        raise UnknownName("measure of features", name, MEASURES)
    return FeatureMetric(name, extractor.name, name)


def _one_of(backbones: set[str]) -> set[str]:
    if len(backbones) != 1:
        given = ", ".join(sorted(backbones)) or "none"
        raise EquipoiseError(f"the metrics must be on the features of one network, got {given}; make one for each.")
    return backbones


def _of_all(features: Tensor) -> Iterator[Tensor]:
    """The features of every process, in their order; each may have another number of them."""
    shape = torch.tensor(features.shape, device=features.device)
    shapes = [torch.empty_like(shape) for _ in range(torch.distributed.get_world_size())]
    torch.distributed.all_gather(shapes, shape)
    rows, columns = (max(int(each[place]) for each in shapes) for place in (0, 1))
    padded = features.new_zeros(rows, columns)
    padded[: features.shape[0], : features.shape[1]] = features
    gathered = [torch.empty_like(padded) for _ in shapes]
    torch.distributed.all_gather(gathered, padded)
    yield from (part[: int(each[0])].cpu() for part, each in zip(gathered, shapes, strict=True))
