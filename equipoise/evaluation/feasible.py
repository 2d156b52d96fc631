"""Whether the metrics of a run can be computed: checked before training, not in its middle."""

from collections.abc import Iterable
from pathlib import Path

import torch

from equipoise.common.errors import EquipoiseError
from equipoise.data.memory import memory_bytes
from equipoise.data.store import Store
from equipoise.evaluation.catalogue import BACKBONES, METRICS, MetricEntry, Need, by_inception
from equipoise.evaluation.classifier_network import ConvolutionalClassifier, recipe_for
from equipoise.evaluation.critic import critic_of
from equipoise.evaluation.inception_file import WEIGHTS_ARE_MISSING
from equipoise.experiments.experiment import Experiment
from equipoise.networks.pretrained import lite0_weights

_FEWEST_DIVIDED = 6


def check_weights_are_there(metrics: Iterable[str], choice: Path | None) -> None:
    """Metrics that are defined by a published network need its weights: checked before training.

    Args:
        metrics: known names.
        choice: the file with the weights of Inception-v3, or None.

    Raises:
        EquipoiseError: a metric needs weights that were not given or are not installed.
    """
    metrics = tuple(metrics)
    for entry in METRICS.all_of(metrics):
        if entry.backbone == "efficientnet-lite0":
            lite0_weights()
        elif entry.backbone not in ("", "inception-v3"):
            raise EquipoiseError(
                f"{entry.name} cannot be taken of a training; take it afterwards, as in "
                f"equipoise score REAL RUN --metrics {entry.name} --weights {entry.backbone}=FILE."
            )
    needy = by_inception(metrics)
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
    needs, name = METRICS[metric].needs, experiment.data.name
    judged = _needs_classifier(needs, experiment, store)
    if "gaussians" in needs and experiment.data.gaussians() is None:
        raise _refusal(metric, f"Gaussians, and the data set {name} has none; it is for ring and grid")
    if not store.holds_images and (judged or "images" in needs or "backbone" in needs):
        raise _refusal(metric, f"images, and the data set {name} holds points")
    if judged:
        _check_judge(metric, experiment, store)
    if "critic" in needs:
        critic_of(experiment, f"{metric} needs one.")
    if "told classes" in needs and not experiment.latent.classes:
        raise _refusal(metric, "a generator that is told classes, as one that is trained with --labels")
    if "labels" in needs and store.labels is None:
        raise _refusal(metric, f"labels, and the data set {name} has none")
    _check_counts(METRICS[metric], samples, store)


def _needs_classifier(needs: tuple[Need, ...], experiment: Experiment, store: Store) -> bool:
    if "modes" in needs:
        return not experiment.data.by_digit and experiment.data.gaussians() is None
    return "classifier" in needs or ("features" in needs and store.holds_images)


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


def _check_counts(entry: MetricEntry, samples: int, store: Store) -> None:
    if samples * 4 * torch.Size(store.shape).numel() > memory_bytes():
        raise EquipoiseError(f"{samples} samples need more memory than this machine has; use fewer.")
    if "full rank" in entry.needs:
        own = recipe_for((store.shape[0], store.shape[1], store.shape[2])).features
        features = BACKBONES[entry.backbone].features if entry.backbone else own
        _check_least(entry.name, features + 1, samples, len(store))
    _check_least(entry.name, entry.least_items, samples, len(store))
    _check_least(entry.name, entry.least_samples, samples, samples)


def _check_least(metric: str, least: int, samples: int, items: int) -> None:
    if samples < least:
        raise _refusal(metric, f"at least {least} samples, and {samples} are asked for")
    if items < least:
        raise _refusal(metric, f"at least {least} real items, and there are {items}")


def _refusal(metric: str, need: str) -> EquipoiseError:
    return EquipoiseError(f"{metric} needs {need}.")
