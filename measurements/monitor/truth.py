"""How a run ended, by measures that no monitor takes: classes by a classifier, features' distance, copies."""

from dataclasses import dataclass

import torch
from torch import Tensor

from equipoise.metrics.distances import distance_blocks
from equipoise.metrics.frechet import FeatureMoments, frechet_distance
from measurements.monitor.loops import SAMPLES
from measurements.monitor.worlds import World

FEWEST_PIXELS, MOST_ITEMS = 16, 10_000
"""Points of a plane come near to one of them by chance; of many training items, copies of the first are looked for."""


@dataclass(frozen=True)
class Truth:
    """What a look at samples found.

    Attributes:
        finite: whether every number is.
        modes: how many classes have at least a quarter of their share of the data.
        distance: Frechet distance of the judge's features to held-out items', over that of as many other real items.
        copies: share of samples at less than half the distance from a training item than from its next nearest.
        histogram: the share of each class.
    """

    finite: bool
    modes: int = 0
    distance: float = float("inf")
    copies: float = 0.0
    histogram: tuple[float, ...] = ()


class Judge:
    """Looks at samples of one world."""

    def __init__(self, world: World, training: Tensor):
        """`training` are the items that the run saw."""
        self.world, self.training = world, training[:MOST_ITEMS].flatten(1)
        self.honest = world.judge(world.held_out)
        self.shares = _histogram(self.honest.classes, world.classes)
        first = world.judge(world.training[:SAMPLES])
        self.usual = self._distance(first.features)

    def look(self, samples: Tensor) -> Truth:
        """Measure samples [count, ...]."""
        if not bool(torch.isfinite(samples).all()):
            return Truth(finite=False)
        found = self.world.judge(samples)
        shares = _histogram(found.classes, self.world.classes)
        modes = int((shares >= self.shares / 4).sum())
        distance = self._distance(found.features) / self.usual
        return Truth(True, modes, distance, self._copies(samples), tuple(round(each, 4) for each in shares.tolist()))

    def _distance(self, features: Tensor) -> float:
        found, honest = (FeatureMoments.of(each) for each in (features, self.honest.features))
        return frechet_distance(found.mean, found.covariance(), honest.mean, honest.covariance())

    def _copies(self, samples: Tensor) -> float:
        """As Carlini et al. 2023 tell copies: far nearer to one training item than to any other."""
        if self.training.shape[1] < FEWEST_PIXELS:
            return 0.0
        blocks = distance_blocks(samples.flatten(1).double(), self.training.double())
        nearest = torch.cat([squared.topk(2, largest=False).values for _, squared in blocks]).sqrt()
        return float((nearest[:, 0] < nearest[:, 1] / 2).double().mean())


def _histogram(classes: Tensor, count: int) -> Tensor:
    return torch.bincount(classes[classes >= 0], minlength=count).double() / len(classes)
