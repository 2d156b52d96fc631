"""A small convolutional classifier per labelled data set: the judge of class histograms and inception scores."""

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from torch.nn import functional

from equipoise.common.errors import EquipoiseError
from equipoise.common.files import cache_directory as default_cache_directory
from equipoise.common.files import check_regular, check_writable, sweep_abandoned
from equipoise.common.random import stream
from equipoise.common.tensor_files import read_tensors, write_tensors_atomically
from equipoise.data.store import content_hash as hash_of_content
from equipoise.evaluation.classifier_network import (
    ClassifierRecipe,
    ConvolutionalClassifier,
    fresh_network,
    hash_of_weights,
    recipe_for,
)
from equipoise.metrics.arrays import Array, as_tensor
from equipoise.training.eager import eager, keep_compiler_away

_FORMAT = "equipoise-classifier-1"
_EVALUATION_BATCH = 250


@dataclass(frozen=True)
class Classifier:
    """A trained classifier with its own passport.

    Attributes:
        network: the layers, in evaluation mode.
        shape: (channels, height, width) of the images it takes.
        classes: the number of classes.
        accuracy: the share of test images it gets right.
        content_hash: what data it was trained on.
        recipe: how.
        test_hash: of the test images and labels.
    """

    network: ConvolutionalClassifier
    shape: tuple[int, int, int]
    classes: int
    accuracy: float
    content_hash: str
    recipe: ClassifierRecipe
    test_hash: str = ""

    @property
    def weights_hash(self) -> str:
        """SHA-256 over the names, shapes and bytes of all weights."""
        return hash_of_weights(self.network)

    def to(self, device: torch.device | str) -> "Classifier":
        """The same classifier with its weights moved to the device."""
        self.network.to(device)
        return self

    def probabilities(self, images: Array) -> torch.Tensor:
        """p(y|x) of images [batch, channels, height, width] in [0, 1]: [batch, classes], on the classifier's device."""
        return self._in_batches(lambda part: functional.softmax(self.network(part), dim=1), images)

    def features(self, images: Array) -> torch.Tensor:
        """The penultimate layer of images [batch, channels, height, width] in [0, 1]: [batch, features]."""
        return self._in_batches(self.network.features, images)

    def save(self, path: Path) -> None:
        """Write weights and passport to one safetensors file, whole or not at all."""
        about = {
            "format": _FORMAT,
            "shape": self.shape,
            "classes": self.classes,
            "accuracy": self.accuracy,
            "content_hash": self.content_hash,
            "test_hash": self.test_hash,
            "recipe": asdict(self.recipe),
            "weights_hash": self.weights_hash,
        }
        tensors = {name: value.cpu().contiguous() for name, value in self.network.state_dict().items()}
        write_tensors_atomically(Path(path), tensors, {"classifier": json.dumps(about)})

    @staticmethod
    def load(path: Path) -> "Classifier":
        """Read what `save` wrote.

        Raises:
            EquipoiseError: the file is missing, damaged, or not a classifier.
        """
        try:
            return _read(Path(path))
        except (OSError, SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
            raise EquipoiseError(
                f"{path} is not an undamaged classifier; delete it and it will be trained again."
            ) from error

    def _in_batches(self, function: Callable[[torch.Tensor], torch.Tensor], images: Array) -> torch.Tensor:
        images = as_tensor("images", images)
        if not images.is_floating_point() or images.ndim != 4 or tuple(images.shape[1:]) != self.shape:
            raise ValueError(
                f"images must be floating-point of shape [batch, {', '.join(map(str, self.shape))}],"
                f" got {images.dtype} of shape {tuple(images.shape)}."
            )
        weight = self.network.last.weight
        with torch.no_grad():
            parts = [function(part.to(weight)) for part in images.split(_EVALUATION_BATCH)]
        return torch.cat(parts)


def train_classifier(
    images: Array,
    labels: Array,
    test_images: Array,
    test_labels: Array,
    *,
    recipe: ClassifierRecipe | None = None,
    content_hash: str = "",
    classes: int | None = None,
    device: torch.device | str = "cpu",
    report: Callable[[str], None] | None = None,
) -> Classifier:
    """Train a classifier: the same data, recipe and machine give the same weights. No global generator is touched.

    Args:
        images: [samples, channels, height, width] uint8.
        labels: [samples] int64.
        test_images: [test_samples, channels, height, width] uint8; they only measure, they choose nothing.
        test_labels: [test_samples] int64.
        recipe: how; by default the one that suits the shape.
        content_hash: names the data in the classifier's passport.
        classes: how many there are; by default those up to the largest label, above which others may be held out.
        device: where to train.
        report: is told one line per epoch.
    """
    images, test_images = as_tensor("images", images), as_tensor("test_images", test_images)
    labels, test_labels = as_tensor("labels", labels), as_tensor("test_labels", test_labels)
    _check_data(images, labels)
    _check_data(test_images, test_labels)
    shape = (images.shape[1], images.shape[2], images.shape[3])
    recipe = recipe or recipe_for(shape)
    classes = classes or int(labels.max()) + 1
    network = fresh_network(shape, classes, recipe, device)
    _fit(network, images.to(device), labels.to(device), recipe, report or (lambda line: None))
    network.eval().requires_grad_(False)
    return _measured(Classifier(network, shape, classes, 0.0, content_hash, recipe), test_images, test_labels)


def cached_classifier(
    images: Array,
    labels: Array,
    test_images: Array,
    test_labels: Array,
    *,
    content_hash: str,
    classes: int | None = None,
    recipe: ClassifierRecipe | None = None,
    cache_directory: Path | None = None,
    device: torch.device | str = "cpu",
    report: Callable[[str], None] | None = None,
) -> Classifier:
    """The classifier of this data: trained once, then read from the cache under the data's hash and the recipe.

    A damaged file in the cache is replaced. Other arguments as in `train_classifier`. On another test part than the one
    that it was measured on, it is measured anew.
    """
    test_images, test_labels = as_tensor("test_images", test_images), as_tensor("test_labels", test_labels)
    recipe = recipe or recipe_for((images.shape[1], images.shape[2], images.shape[3]))
    folder = cache_directory or default_cache_directory() / "classifiers"
    path = folder / f"{_cache_key(content_hash, recipe)}.safetensors"
    if path.exists():
        with suppress(EquipoiseError):
            kept = Classifier.load(path).to(device)
            if kept.classes == (classes or int(as_tensor("labels", labels).max()) + 1):
                return _measured_once(kept, test_images, test_labels, path)
    check_writable(path)
    classifier = train_classifier(
        images,
        labels,
        test_images,
        test_labels,
        recipe=recipe,
        content_hash=content_hash,
        classes=classes,
        device=device,
        report=report,
    )
    sweep_abandoned(folder)
    classifier.save(path)
    return classifier


def _fit(
    network: ConvolutionalClassifier,
    images: torch.Tensor,
    labels: torch.Tensor,
    recipe: ClassifierRecipe,
    report: Callable[[str], None],
) -> None:
    batches = max(1, images.shape[0] // recipe.batch_size)
    keep_compiler_away()
    optimiser = eager(torch.optim.AdamW)(
        network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=recipe.epochs * batches)
    network.train()
    for epoch in range(recipe.epochs):
        order = torch.randperm(images.shape[0], generator=stream(recipe.seed, "classifier/order", epoch))
        total = torch.zeros((), device=images.device)
        for indices in order.to(images.device).split(recipe.batch_size)[:batches]:
            loss = functional.cross_entropy(network(images[indices].float() / 255), labels[indices])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.detach()
        report(f"classifier: epoch {epoch + 1} of {recipe.epochs}, mean loss {float(total) / batches:.4f}")


def _measured_once(kept: Classifier, images: torch.Tensor, labels: torch.Tensor, path: Path) -> Classifier:
    """The classifier with its accuracy on this test part; where it had another, it is kept with the new one."""
    if kept.test_hash == _test_hash(images, labels):
        return kept
    measured = _measured(kept, images, labels)
    with suppress(EquipoiseError, OSError):  # a cache that cannot be written costs time alone
        measured.save(path)
    return measured


def _measured(classifier: Classifier, images: torch.Tensor, labels: torch.Tensor) -> Classifier:
    accuracy = _accuracy(classifier, images, labels)
    return replace(classifier, accuracy=accuracy, test_hash=_test_hash(images, labels))


def _test_hash(images: torch.Tensor, labels: torch.Tensor) -> str:
    return hash_of_content(iter([images]), labels, tuple(images.shape))


def _accuracy(classifier: Classifier, images: torch.Tensor, labels: torch.Tensor) -> float:
    right = 0
    for part, truth in zip(images.split(_EVALUATION_BATCH), labels.split(_EVALUATION_BATCH), strict=True):
        guesses = classifier.probabilities(part.float() / 255).argmax(dim=1).cpu()
        right += int((guesses == truth.cpu()).sum())
    return right / images.shape[0]


def _check_data(images: torch.Tensor, labels: torch.Tensor) -> None:
    if images.dtype != torch.uint8 or images.ndim != 4 or images.shape[0] == 0:
        raise ValueError(
            f"images must be uint8 [samples, channels, height, width], got {images.dtype} {tuple(images.shape)}."
        )
    if labels.dtype != torch.int64 or tuple(labels.shape) != (images.shape[0],):
        raise ValueError(
            f"labels must be int64 [{images.shape[0]}], one per image, got {labels.dtype} {tuple(labels.shape)}."
        )


def _cache_key(content_hash: str, recipe: ClassifierRecipe) -> str:
    address = json.dumps([_FORMAT, content_hash, asdict(recipe)], sort_keys=True)
    return hashlib.sha256(address.encode()).hexdigest()[:32]


def _read(path: Path) -> Classifier:
    check_regular(path)
    tensors, metadata = read_tensors(path)
    about = json.loads(metadata["classifier"])
    fields = about["recipe"]
    recipe = ClassifierRecipe(**{**fields, "channels": tuple(fields["channels"])})
    shape = tuple(about["shape"])
    network = fresh_network(shape, about["classes"], recipe, "cpu")
    network.load_state_dict(tensors)
    network.eval().requires_grad_(False)
    if about["format"] != _FORMAT or hash_of_weights(network) != about["weights_hash"]:
        raise ValueError(f"{path} does not hold the weights that it names.")
    measured = about["accuracy"], about["content_hash"], recipe, about.get("test_hash", "")
    return Classifier(network, shape, about["classes"], *measured)
