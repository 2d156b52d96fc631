"""Whether the metrics that a run asks for can be taken at all: better said before the training than in its middle."""

from collections.abc import Iterable
from pathlib import Path

import torch

from equipoise.common.errors import EquipoiseError
from equipoise.data.memory import memory_bytes
from equipoise.data.store import Store
from equipoise.evaluation.catalogue import NEEDS_INCEPTION
from equipoise.evaluation.classifier_network import ConvolutionalClassifier, recipe_for
from equipoise.evaluation.critic import critic_of
from equipoise.evaluation.inception_file import WEIGHTS_ARE_MISSING
from equipoise.experiments.experiment import Experiment

_GAUSSIANS = frozenset({"share-near", "modes-covered-loosely"})
_MODES = frozenset({"modes-covered", "modes-missing", "modes-kl"})
_OF_IMAGES = frozenset(
    {"missing-modes", "missing-modes-dense", "missing-modes-3.5", "missing-modes-4", "ms-ssim", "nearest-neighbours"}
)
_OF_THE_CRITIC = frozenset({"critic-silhouette", "critic-purity"})
_BY_A_CRITIC = _OF_THE_CRITIC | {"missing-modes", "missing-modes-3.5", "missing-modes-4"}
_TEST = "two-sample-test"
_DISTANCES = {"classifier-fid": 0, "fid": 2048}
"""Metrics that need more items on each side than features; 0 stands for the classifier's own count."""
_LEAST_SAMPLES = {"inception-score": 10, "inception-v3-score": 10, "ms-ssim": 2}
_LEAST_ITEMS = {"classifier-kid": 3, "kid": 3, "precision": 4, "recall": 4, "density": 6, "coverage": 6, _TEST: 4}
"""Of samples and of real items."""
_FEWEST_DIVIDED = 6


def check_weights_are_there(metrics: Iterable[str], choice: Path | None) -> None:
    """Metrics that are defined by Inception-v3 need its weights, and it is better to say so before a long training.

    Raises:
        EquipoiseError: a metric needs them, and they were not given.
    """
    needy = [metric for metric in metrics if metric in NEEDS_INCEPTION]
    if needy and choice is None:
        raise EquipoiseError(f"{needy[0]}: {WEIGHTS_ARE_MISSING}")


def check_metric(metric: str, samples: int, experiment: Experiment, store: Store) -> None:
    """The metric must suit this data and this many samples.

    Args:
        metric: a known name.
        samples: how many it is to see; at most as many real items stand against them.
        experiment: names the data.
        store: the data.

    Raises:
        EquipoiseError: it does not; the sentence says what it needs.
    """
    judged = _needs_classifier(metric, experiment, store)
    if metric in _GAUSSIANS and experiment.data.gaussians() is None:
        raise _refusal(metric, f"Gaussians, and the data set {experiment.data.name} has none; it is for ring and grid")
    if not store.holds_images and (judged or metric in _OF_IMAGES or metric in NEEDS_INCEPTION):
        raise _refusal(metric, f"images, and the data set {experiment.data.name} holds points")
    if judged:
        _check_judge(metric, experiment, store)
    if metric in _BY_A_CRITIC:
        critic_of(experiment, f"{metric} needs one.")
    if metric in _OF_THE_CRITIC and store.labels is None:
        raise _refusal(metric, f"labels, and the data set {experiment.data.name} has none")
    _check_counts(metric, samples, store)


def _needs_classifier(metric: str, experiment: Experiment, store: Store) -> bool:
    if metric in _MODES:
        return not experiment.data.by_digit and experiment.data.gaussians() is None
    if metric == _TEST:
        return store.holds_images
    return metric not in _GAUSSIANS | _OF_IMAGES | _OF_THE_CRITIC | NEEDS_INCEPTION


def _check_judge(metric: str, experiment: Experiment, store: Store) -> None:
    name = experiment.data.name
    if experiment.data.by_digit:
        raise _refusal(metric, f"one label for each image, and {name} is judged digit by digit; take modes-covered")
    if store.labels is None:
        raise _refusal(metric, f"labels, and the data set {name} has none")
    if len(store) < _FEWEST_DIVIDED:
        raise _refusal(metric, f"at least {_FEWEST_DIVIDED} labelled images, and there are {len(store)}")
    try:
        with torch.device("meta"):
            channels, height, width = store.shape
            shape = (channels, height, width)
            ConvolutionalClassifier(shape, max(1, store.classes), recipe_for(shape))
    except ValueError as error:
        raise _refusal(metric, f"a classifier, and {error}".rstrip(".")) from error


def _check_counts(metric: str, samples: int, store: Store) -> None:
    if samples * 4 * torch.Size(store.shape).numel() > memory_bytes():
        raise EquipoiseError(f"{samples} samples take more than this machine's memory; set fewer.")
    if metric in _DISTANCES:
        features = _DISTANCES[metric] or recipe_for((store.shape[0], store.shape[1], store.shape[2])).features
        _check_least(metric, features + 1, samples, len(store))
    _check_least(metric, _LEAST_ITEMS.get(metric, 0), samples, len(store))
    _check_least(metric, _LEAST_SAMPLES.get(metric, 0), samples, samples)


def _check_least(metric: str, least: int, samples: int, items: int) -> None:
    if samples < least:
        raise _refusal(metric, f"at least {least} samples, and {samples} are asked for")
    if items < least:
        raise _refusal(metric, f"at least {least} real items, and there are {items}")


def _refusal(metric: str, need: str) -> EquipoiseError:
    return EquipoiseError(f"{metric} needs {need}.")
