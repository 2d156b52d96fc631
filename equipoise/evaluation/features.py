"""Feature extractors: they turn images into the features that scores compare."""

import hashlib
import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

from equipoise.common.checks import check_whole
from equipoise.common.errors import EquipoiseError, UnknownName, printable
from equipoise.common.files import read_bounded, sha256_of
from equipoise.common.random import stream
from equipoise.evaluation import inception_network, inception_weights
from equipoise.evaluation.classifier import Classifier
from equipoise.evaluation.classifier_network import hash_of_weights
from equipoise.metrics.arrays import Array, as_images, check_unit_range
from equipoise.metrics.resize import RESIZES

_MOST_ONNX_BYTES = 2 << 30
"""What protobuf allows."""


@dataclass(frozen=True)
class Extracted:
    """An extractor's features, and its class probabilities if it has any.

    Attributes:
        features: [batch, features] float32.
        probabilities: [batch, classes] p(y|x), or None if the extractor is no classifier.
    """

    features: torch.Tensor
    probabilities: torch.Tensor | None

    def to(self, device: torch.device | str) -> "Extracted":
        """The same on the device, where the scores are then computed."""
        probabilities = None if self.probabilities is None else self.probabilities.to(device)
        return Extracted(self.features.to(device), probabilities)


class Extractor(Protocol):
    """Turns images [batch, channels, height, width], uint8 or floating-point in [0, 1], into features."""

    @property
    def name(self) -> str:
        """What it is, as in "inception-v3" or "classifier"."""

    @property
    def weights_hash(self) -> str:
        """SHA-256 of its weights."""

    @property
    def resize(self) -> str:
        """How it resizes images: a name of `RESIZES`, with the side where that is a choice."""

    def __call__(self, images: Array) -> Extracted:
        """Features, and probabilities where it has them."""


class InceptionExtractor:
    """Inception-v3 of the FID reference: 2,048 features and 1,008 probabilities."""

    name = "inception-v3"

    def __init__(self, network: inception_network.InceptionV3, resize: str = "reference") -> None:
        """Take a network whose weights are in place."""
        self.network = network.eval().requires_grad_(False)
        self.weights_hash = hash_of_weights(network)
        self.resize = _known_resize(resize)

    @classmethod
    def from_file(cls, path: Path, resize: str = "reference", expected_hash: str | None = None) -> "InceptionExtractor":
        """Read the weights: from the published torch file, without unpickling, or from safetensors (docs/metrics.md).

        Raises:
            EquipoiseError: the file is missing, damaged, no Inception-v3, or not the one with the expected SHA-256.
        """
        network = inception_weights.inception_network(path)
        found = sha256_of(Path(path)) if expected_hash is not None else None
        if found != expected_hash:
            raise EquipoiseError(f"{printable(path)} has the SHA-256 {found}, and {expected_hash} was expected.")
        return cls(network, resize)

    @classmethod
    def random(cls, seed: int, resize: str = "reference") -> "InceptionExtractor":
        """Random weights, for tests. The scores cannot be compared with published ones."""
        network = inception_weights.empty_network()
        generator = stream(seed, "inception/weights")
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.reset_parameters()
            elif isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, generator=generator)
        nn.init.zeros_(network.fc.bias)
        extractor = cls(network, resize)
        extractor.name = "random-inception-v3"
        return extractor

    def to(self, device: torch.device | str) -> "InceptionExtractor":
        """Move the weights to the device."""
        self.network.to(device)
        return self

    def __call__(self, images: Array) -> Extracted:
        """Features and probabilities of images of any size; grey images are repeated to three channels."""
        weight = self.network.fc.weight
        values = as_bytes_range(images).to(weight)
        if values.shape[1] not in (1, 3):
            raise ValueError(f"images must have 1 or 3 channels for Inception-v3, got shape {tuple(values.shape)}.")
        colour = values.expand(-1, 3, -1, -1) if values.shape[1] == 1 else values
        with torch.no_grad():
            resized = RESIZES[self.resize](colour, inception_network.SIDE)
            features = self.network((resized - 128) / 128)
            return Extracted(features, self.network.probabilities(features))


class ClassifierExtractor:
    """A data set's own classifier. A Frechet distance of its features is a "classifier distance", never an FID."""

    name = "classifier"
    resize = "none"

    def __init__(self, classifier: Classifier) -> None:
        """Take a trained classifier."""
        self.classifier = classifier
        self.weights_hash = classifier.weights_hash

    def __call__(self, images: Array) -> Extracted:
        """Features and probabilities from the classifier."""
        values = as_unit_range(images)
        features = self.classifier.features(values)
        return Extracted(features, torch.softmax(self.classifier.network.last(features), dim=1))


class ModuleExtractor:
    """Any module of yours, from images in [0, 1] to features [batch, ...] (flattened) in evaluation mode."""

    def __init__(self, module: nn.Module, name: str, resize: str = "none", side: int = 0) -> None:
        """`side` is the size that a resize other than "none" aims for."""
        self.module = module.eval()
        self.name = name
        self.weights_hash = hash_of_weights(module)
        self.resize = _known_resize(resize)
        self.side = check_whole("side", side, 0)

    def __call__(self, images: Array) -> Extracted:
        """Features."""
        with torch.no_grad():
            resized = RESIZES[self.resize](as_bytes_range(images), self.side) / 255
            return Extracted(self.module(resized).flatten(1).float(), None)


class OnnxExtractor:
    """An ONNX file of yours, from float32 images in [0, 1] to features, run by onnxruntime on the CPU.

    An ONNX file holds a graph of onnxruntime's own operators and no code. It is loaded from the bytes whose hash stands
    in the passports: weights that it keeps in other files beside it are not read, and no operator library is loaded.
    """

    def __init__(self, path: Path, resize: str = "none", side: int = 0, threads: int = 1) -> None:
        """Load the file; onnxruntime is an extra."""
        try:
            runtime: Any = importlib.import_module("onnxruntime")
        except ImportError as error:
            raise EquipoiseError("an ONNX extractor needs onnxruntime; install it with pip.") from error
        if not Path(path).is_file():
            raise EquipoiseError(f"there is no ONNX file {printable(path)}.")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = check_whole("threads", threads, 0)
        content = read_bounded(Path(path), _MOST_ONNX_BYTES)
        try:
            self._session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise EquipoiseError(
                f"onnxruntime cannot load {printable(path)}: it is damaged, not an ONNX file, or needs other files."
            ) from error
        self.name = f"onnx:{Path(path).name}"
        self.weights_hash = hashlib.sha256(content).hexdigest()
        self.resize = _known_resize(resize)
        self.side = check_whole("side", side, 0)

    def __call__(self, images: Array) -> Extracted:
        """Features: the file's first output, flattened."""
        resized = RESIZES[self.resize](as_bytes_range(images), self.side) / 255
        name = self._session.get_inputs()[0].name
        output = self._session.run(None, {name: resized.cpu().numpy()})[0]
        return Extracted(torch.from_numpy(output).flatten(1).float(), None)


def extract(
    images: Array,
    extractor: Extractor,
    batch_size: int = 64,
    device: torch.device | str = "cpu",
    report: Callable[[int, int], None] | None = None,
) -> Extracted:
    """Features of many images, batch by batch, gathered on the CPU.

    Args:
        images: [samples, channels, height, width], uint8 or floating-point in [0, 1].
        extractor: on the device.
        batch_size: images at once; the features do not depend on it beyond rounding.
        device: where each batch goes before the extractor sees it.
        report: is told images done and images in all after each batch.
    """
    images, batch_size = as_images("images", images), check_whole("batch_size", batch_size, 1)
    parts: list[Extracted] = []
    for start in range(0, len(images), batch_size):
        parts.append(extractor(images[start : start + batch_size].to(device)).to("cpu"))
        if report is not None:
            report(min(start + batch_size, len(images)), len(images))
    return joined(parts)


def joined(parts: Sequence[Extracted]) -> Extracted:
    """What an extractor found of several batches, as of one."""
    features = torch.cat([part.features for part in parts])
    probabilities = [part.probabilities for part in parts if part.probabilities is not None]
    return Extracted(features, torch.cat(probabilities) if probabilities else None)


def as_unit_range(images: Array) -> torch.Tensor:
    """Images in [0, 1]: uint8 is divided by 255, floating-point is checked."""
    images = as_images("images", images)
    if images.dtype == torch.uint8:
        return images.float() / 255
    check_unit_range("images", images)
    return images.float()


def as_bytes_range(images: Array) -> torch.Tensor:
    """Floating-point images in 0..255; fractions stay, nothing is rounded."""
    values = as_images("images", images)
    return values.float() if values.dtype == torch.uint8 else as_unit_range(values) * 255


def _known_resize(name: str) -> str:
    if name not in RESIZES:
        raise UnknownName("resize", name, RESIZES)
    return name
