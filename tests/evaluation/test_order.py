"""Scores of sets that come class by class, or honest samples first and copies last, are those of mixed ones."""

import pytest
import torch
from torch import Tensor

import equipoise
from equipoise.evaluation.scoring_features import FeatureMetric

ORDERS = "class by class", "one of each in turns", "mixed"


def clustered(each: int, seed: int) -> Tensor:
    """[10, each, 16]: ten clusters, the same for every seed."""
    centres = 6 * torch.randn(10, 1, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return centres + torch.randn(10, each, 16, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def in_order(order: str, clusters: Tensor) -> Tensor:
    if order == "mixed":
        flat = clusters.flatten(0, 1)
        return flat[torch.randperm(len(flat), generator=torch.Generator().manual_seed(9))]
    return (clusters if order == "class by class" else clusters.transpose(0, 1)).flatten(0, 1)


@pytest.mark.parametrize("measure", ["precision", "recall", "density", "coverage"])
@pytest.mark.parametrize("longer", ["real", "generated"])
def test_balls_of_sides_of_different_length_do_not_depend_on_their_order(measure: str, longer: str) -> None:
    sides = clustered(100, 1), clustered(30, 2)
    real, generated = sides if longer == "real" else sides[::-1]
    metric = FeatureMetric("metric", "any", measure)
    found = [metric.of_features(in_order(order, real), in_order(order, generated)).value for order in ORDERS]
    assert min(found) > 0.6
    assert max(found) - min(found) < 0.12 * max(found)


def test_copies_are_found_wherever_they_stand() -> None:
    generator = torch.Generator().manual_seed(3)
    real, others = (torch.randint(0, 256, (1600, 3, 8, 8), generator=generator).byte() for _ in range(2))
    copies, honest = real[:1000], others[:1000]
    turns = torch.stack([copies, honest], dim=1).flatten(0, 1)
    for fake in (torch.cat([honest, copies]), torch.cat([copies, honest]), turns):
        (score,) = equipoise.score(real, fake, ["nearest-neighbours"]).scores
        assert score.passport["compared"] == 1000
        assert 350 < score.passport["copies"] < 480  # five sixths of the copies are of the training part
        assert 0.35 < score.passport["share_nearer"] < 0.55
