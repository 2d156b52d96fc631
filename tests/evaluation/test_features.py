from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

from equipoise.common.errors import EquipoiseError, UnknownName
from equipoise.evaluation.classifier import Classifier
from equipoise.evaluation.feature_cache import cached_features
from equipoise.evaluation.features import (
    ClassifierExtractor,
    Extracted,
    InceptionExtractor,
    ModuleExtractor,
    OnnxExtractor,
    extract,
)
from equipoise.evaluation.inception_network import BlockA, BlockE, InceptionV3
from equipoise.metrics.resize import resize_clean, resize_reference

pytestmark = pytest.mark.lengthy


def colour_images(count: int, side: int = 32) -> torch.Tensor:
    generator = torch.Generator().manual_seed(count)
    return torch.randint(0, 256, (count, 3, side, side), dtype=torch.uint8, generator=generator)


@pytest.mark.parametrize("side", [5, 8, 20])
def test_the_reference_resize_against_a_plain_loop(numbers: np.random.Generator, side: int) -> None:
    images = numbers.uniform(0, 255, size=(1, 1, 8, 6))
    expected = np.empty((side, side))
    for i in range(side):
        for j in range(side):
            y, x = i * 8 / side, j * 6 / side
            top, left = int(y), int(x)
            bottom, right = min(top + 1, 7), min(left + 1, 5)
            grid, dy, dx = images[0, 0], y - top, x - left
            upper = grid[top, left] * (1 - dx) + grid[top, right] * dx
            lower = grid[bottom, left] * (1 - dx) + grid[bottom, right] * dx
            expected[i, j] = upper * (1 - dy) + lower * dy
    found = resize_reference(torch.from_numpy(images), side)
    np.testing.assert_allclose(found[0, 0].numpy(), expected, atol=1e-4)


@pytest.mark.parametrize(("source", "side"), [(32, 299), (320, 299), (64, 20)])
def test_the_clean_resize_is_pillows_on_floating_point_channels(source: int, side: int) -> None:
    images = colour_images(2, source)
    found = resize_clean(images.float(), side)
    for image, ours in zip(images, found, strict=True):
        for channel, resized in zip(image, ours, strict=True):
            picture = Image.fromarray(channel.numpy().astype(np.float32), mode="F")
            expected = np.asarray(picture.resize((side, side), Image.Resampling.BICUBIC)).clip(0, 255)
            np.testing.assert_allclose(resized.numpy(), expected, atol=2e-3)


def test_inception_has_the_references_shapes_and_size(inception: InceptionExtractor) -> None:
    network = inception.network
    assert sum(p.numel() for p in network.parameters()) == 23_850_960
    found = inception(colour_images(2))
    assert found.features.shape == (2, 2048)
    assert found.probabilities is not None
    assert found.probabilities.shape == (2, 1008)
    torch.testing.assert_close(found.probabilities.sum(dim=1), torch.ones(2))
    expected = torch.softmax(found.features @ network.fc.weight.T, dim=1)
    torch.testing.assert_close(found.probabilities, expected)


def test_inception_gives_the_numbers_of_an_independent_implementation(inception: InceptionExtractor) -> None:
    # what torch-fidelity 0.4.0 gave for the same random weights and images
    found = inception(colour_images(2))
    features = [
        [0.3127118, 0.0252133, 0.0, 0.0535592, 0.5197064, 0.0371933, 1.0203719],
        [0.3168778, 0.0241776, 0.0, 0.0508505, 0.529407, 0.0376238, 1.0033981],
    ]
    probabilities = [
        [0.001525175, 0.000351151, 0.001118824, 0.002324828, 0.002448007, 0.001711271],
        [0.00151154, 0.00035575, 0.001063398, 0.002284204, 0.002473367, 0.001744324],
    ]
    assert found.probabilities is not None
    torch.testing.assert_close(found.features[:, ::300], torch.tensor(features), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found.probabilities[:, ::200], torch.tensor(probabilities), rtol=1e-4, atol=1e-8)
    torch.testing.assert_close(found.features.mean(dim=1), torch.tensor([0.5043330, 0.5022335]), rtol=1e-4, atol=0)


def test_the_poolings_that_make_the_reference_differ() -> None:
    x = torch.full((1, 4, 3, 3), 1.0)
    average = BlockE(4, pool_by_maximum=False).pool(x)
    torch.testing.assert_close(average, x)  # padding does not count, so a constant stays constant
    ramp = torch.arange(9.0).reshape(1, 1, 3, 3)
    assert BlockE(4, pool_by_maximum=True).pool(ramp)[0, 0, 0].tolist() == [4, 5, 5]
    assert BlockA(4, 8).eval()(x).shape == (1, 64 + 64 + 96 + 8, 3, 3)


def test_inception_takes_any_size_colour_and_type(inception: InceptionExtractor) -> None:
    images = colour_images(2)
    as_float = inception(images.float() / 255).features
    torch.testing.assert_close(inception(images).features, as_float, rtol=1e-4, atol=1e-5)
    grey = images[:1, :1]
    torch.testing.assert_close(inception(grey).features, inception(grey.repeat(1, 3, 1, 1)).features)


def test_inceptions_weights_from_a_file(tmp_path: Path, inception: InceptionExtractor) -> None:
    path = tmp_path / "inception.safetensors"
    save_file(inception.network.state_dict(), path)
    loaded = InceptionExtractor.from_file(path, resize="clean")
    assert loaded.weights_hash == inception.weights_hash
    assert (loaded.name, loaded.resize) == ("inception-v3", "clean")
    with pytest.raises(EquipoiseError, match="was expected"):
        InceptionExtractor.from_file(path, expected_hash="0" * 64)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(EquipoiseError, match="neither the published file"):
        InceptionExtractor.from_file(path)
    save_file({"wrong": torch.zeros(1)}, path)
    with pytest.raises(EquipoiseError, match="neither the published file"):
        InceptionExtractor.from_file(path)
    with pytest.raises(EquipoiseError, match="there is no file"):
        InceptionExtractor.from_file(tmp_path / "none.safetensors")


def test_random_weights_are_a_function_of_the_seed(inception: InceptionExtractor) -> None:
    before = torch.random.get_rng_state()
    assert InceptionExtractor.random(seed=0).weights_hash == inception.weights_hash
    assert inception.name == "random-inception-v3"
    assert torch.equal(before, torch.random.get_rng_state())
    assert isinstance(inception.network, InceptionV3)


def test_the_classifier_as_extractor(digits_classifier: Classifier, digits: dict[str, torch.Tensor]) -> None:
    extractor = ClassifierExtractor(digits_classifier)
    found = extract(digits["test_images"], extractor, batch_size=100)
    images = digits["test_images"].float() / 255
    assert found.probabilities is not None
    torch.testing.assert_close(found.features, digits_classifier.features(images))
    torch.testing.assert_close(found.probabilities, digits_classifier.probabilities(images))
    assert extractor.weights_hash == digits_classifier.weights_hash


def test_any_module_as_extractor() -> None:
    class Mean(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images.mean(dim=(2, 3), keepdim=True)

    images = colour_images(3)
    found = extract(images, ModuleExtractor(Mean(), "mean colour"), batch_size=2)
    torch.testing.assert_close(found.features, images.float().mean(dim=(2, 3)) / 255)
    assert found.probabilities is None
    half = ModuleExtractor(nn.Identity(), "pixels", resize="reference", side=16)(images)
    assert half.features.shape == (3, 3 * 16 * 16)
    with pytest.raises(UnknownName, match="did you mean 'clean'"):
        ModuleExtractor(nn.Identity(), "pixels", resize="cleen")


def test_an_onnx_file_as_extractor(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    helper = onnx.helper
    graph = helper.make_graph(
        [helper.make_node("ReduceMean", ["images"], ["means"], axes=[2, 3], keepdims=0)],
        "means",
        [helper.make_tensor_value_info("images", onnx.TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [helper.make_tensor_value_info("means", onnx.TensorProto.FLOAT, ["n", 3])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path = tmp_path / "means.onnx"
    path.write_bytes(model.SerializeToString())
    images = colour_images(3)
    extractor = OnnxExtractor(path)
    torch.testing.assert_close(extractor(images).features, images.float().mean(dim=(2, 3)) / 255)
    assert extractor.name == "onnx:means.onnx"
    path.write_bytes(b"no ONNX")
    with pytest.raises(EquipoiseError, match="damaged, not an ONNX file, or needs other files"):
        OnnxExtractor(path)
    with pytest.raises(EquipoiseError, match="there is no ONNX file"):
        OnnxExtractor(tmp_path / "none.onnx")


class Counting:
    """An extractor that counts the images it has seen."""

    name, weights_hash, resize = "counting", "0", "none"

    def __init__(self) -> None:
        self.seen = 0

    def __call__(self, images: torch.Tensor) -> Extracted:
        self.seen += len(images)
        return Extracted(images.flatten(1).float(), None)


def test_features_are_kept_under_content_extractor_and_resize(tmp_path: Path) -> None:
    images, extractor = colour_images(5), Counting()

    def ask(content_hash: str = "a") -> Extracted:
        return cached_features(images, extractor, content_hash=content_hash, cache_directory=tmp_path)

    first = ask()
    assert torch.equal(ask().features, first.features)
    assert extractor.seen == 5
    ask("b")
    extractor.weights_hash = "1"
    ask()
    extractor.resize = "clean"
    ask()
    assert extractor.seen == 20
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize("damage", ["truncated", "flipped", "moved"])
def test_damaged_features_are_never_used(tmp_path: Path, damage: str) -> None:
    images, extractor = colour_images(5), Counting()
    first = cached_features(images, extractor, content_hash="a", cache_directory=tmp_path)
    (path,) = tmp_path.iterdir()
    cached_features(images, extractor, content_hash="b", cache_directory=tmp_path)
    (other,) = set(tmp_path.iterdir()) - {path}
    whole = path.read_bytes()
    flipped = whole[:-1] + bytes([whole[-1] ^ 1])
    path.write_bytes({"truncated": whole[:50], "flipped": flipped, "moved": other.read_bytes()}[damage])
    again = cached_features(images, extractor, content_hash="a", cache_directory=tmp_path)
    assert extractor.seen == 15
    assert torch.equal(again.features, first.features)
    cached_features(images, extractor, content_hash="a", cache_directory=tmp_path)
    assert extractor.seen == 15


def test_bad_images_are_refused(inception: InceptionExtractor) -> None:
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        inception(colour_images(1).float())
    with pytest.raises(ValueError, match="uint8 or floating-point"):
        inception(colour_images(1).long())
    with pytest.raises(ValueError, match="not be empty"):
        extract(colour_images(1)[:0], Counting())


def test_features_of_another_precision_have_a_key_of_their_own(tmp_path: Path) -> None:
    images = torch.rand(3, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    extractor = ModuleExtractor(torch.nn.Flatten(), "mine")
    for word, files in (("highest", 1), ("high", 2), ("highest", 2)):
        torch.set_float32_matmul_precision(word)
        try:
            cached_features(images, extractor, content_hash="a", cache_directory=tmp_path)
        finally:
            torch.set_float32_matmul_precision("highest")
        assert len(list(tmp_path.glob("*.safetensors"))) == files
