"""What the metrics of one generator can use, and the passport of every score."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from equipoise.common.checks import NotFiniteError
from equipoise.common.errors import EquipoiseError
from equipoise.common.random import spread_places
from equipoise.data.data_set import split_of
from equipoise.data.store import Store
from equipoise.evaluation.backbones import make_extractor
from equipoise.evaluation.classifier import Classifier
from equipoise.evaluation.comparison import Comparison, Features, Found, found_once
from equipoise.evaluation.feature_cache import cached_features, hash_of_spread
from equipoise.evaluation.features import ClassifierExtractor, Extracted, Extractor, extract
from equipoise.evaluation.judge import all_items, judge_of, parts_of
from equipoise.evaluation.sampling import generate
from equipoise.evaluation.score import Score as Score
from equipoise.experiments.experiment import Experiment

_JUDGED_AT_ONCE = 250
PURPOSE = "evaluation"
"""Names the stream of the samples' latent vectors."""


@dataclass(frozen=True)
class Evidence(Comparison):
    """What the metrics of one generator can use; everything is computed once, when it is first needed.

    Attributes:
        experiment: what the generator was trained by.
        generator: the network.
        samples_count: how many samples are drawn; and, unless the experiment's watch says another number, at most how
            many real items they are compared with.
        data_root: where published files lie.
        device: where the judging is done.
        report: is told about slow work.
        known_judge: the data set's classifier, if it is at hand already.
        inception_weights: the file with the weights of Inception-v3, for the scores that are defined by it.
        few_samples: whether distances may be taken of fewer samples than features, which only tries the plumbing.
        load_player: gives another player of the run by its name, or None where only the generator is at hand.
        known_data: the experiment's data, if they are loaded already.
        shared: results that do not depend on the samples, by name; all evaluations of a run pass the same dictionary.
    """

    experiment: Experiment
    generator: nn.Module
    samples_count: int
    data_root: Path | None
    device: torch.device
    report: Callable[[str], None] | None = None
    known_judge: Classifier | None = None
    inception_weights: Path | None = None
    few_samples: bool = False
    load_player: Callable[[str], nn.Module] | None = None
    known_data: Store | None = None
    shared: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def samples(self) -> Tensor:
        """Generated samples [count, ...] in the experiment's value range, on the CPU, from a stream of their own.

        Raises:
            NotFiniteError: the generator has diverged.
        """
        experiment = self.experiment
        found = generate(self.generator, experiment.latent, self.samples_count, experiment.seed, PURPOSE)
        if not bool(torch.isfinite(found).all()):
            raise NotFiniteError("the generator's samples are not finite numbers.")
        return found

    @cached_property
    def images(self) -> Tensor:
        """The samples as images in [0, 1].

        Raises:
            EquipoiseError: they are points.
        """
        if self.samples.ndim != 4:
            raise EquipoiseError(
                f"the samples of {self.experiment.data.name} are points, and this metric needs images."
            )
        unit = self.samples if self.experiment.value_range == "unit" else (self.samples + 1) / 2
        return unit.clamp(0, 1)

    @property
    def seed(self) -> int:
        """The run's."""
        return self.experiment.seed

    @cached_property
    def data(self) -> Store:
        """The data that the generator was trained on."""
        if self.known_data is not None:
            return self.known_data
        return self.experiment.data.load(self.data_root, self.experiment.seed)

    def labels(self, for_what: str) -> Tensor:
        """The classes of the data, [items] on the CPU.

        Raises:
            EquipoiseError: they have none; `for_what` ends the sentence.
        """
        if self.data.labels is None:
            raise EquipoiseError(f"the data set {self.experiment.data.name} has no labels{for_what}.")
        return self.data.labels.cpu()

    def class_shares(self, for_what: str) -> Tensor:
        """The share of each class in the data, [classes] in float64; with few samples none is 0. Raises as `labels`."""
        counts = torch.bincount(self.labels(for_what), minlength=self.judge.classes).double()
        counts = counts + 1 if self.few_samples else counts
        return counts / counts.sum()

    @cached_property
    def real(self) -> Tensor:
        """Items of that data, spread over all, as many as wanted or all: uint8 images or float32 points."""
        return self.data.items.gather(spread_places(self.real_count, len(self.data))).cpu()

    @cached_property
    def parts(self) -> tuple[Store, Store]:
        """The data set's part for training and the part that is held out."""
        return parts_of(self.experiment.data, self.data_root, self.experiment.seed)

    @cached_property
    def judge(self) -> Classifier:
        """The data set's classifier."""
        data = self.experiment.data
        if data.by_digit:
            raise EquipoiseError(
                f"{data.name} is judged digit by digit; use the metrics modes-covered, modes-missing and modes-kl."
            )
        return self.known_judge or judge_of(data, self.data_root, self.device, self.report)

    @cached_property
    def judged(self) -> Extracted:
        """The judge's features and p(y|x) of the samples, from one pass, on the device."""
        found = extract(self.images, ClassifierExtractor(self.judge), _JUDGED_AT_ONCE, self.device)
        return found.to(self.device)

    @property
    def probabilities(self) -> Tensor:
        """The judge's p(y|x) of the samples, [count, classes]."""
        assert self.judged.probabilities is not None
        return self.judged.probabilities

    def take_features(self, backbone: str) -> Features:
        """The features of the data set's own "classifier", or of a published network."""
        if backbone == "classifier":
            own = ClassifierExtractor(self.judge)
            real = self._real_features(own, _JUDGED_AT_ONCE)
            return Features(own, f"{self.experiment.data.name} classifier", real, self.judged)
        weights = self.inception_weights if backbone == "inception-v3" else None
        extractor = self.once_for_all(backbone, lambda: make_extractor(backbone, weights, self.device))
        real = self.once_for_all(f"real features of {backbone}", lambda: self._real_features(extractor))
        return Features(extractor, backbone, real, extract(self.images, extractor, device=self.device).to(self.device))

    def take_part_features(self, backbone: str) -> tuple[Tensor, Tensor]:
        """Those of every item that was trained on, and of every item that is held out."""
        extractor = self.features(backbone).extractor
        train, held_out = (
            self._features_of(all_items(part), extractor, part.content_hash).features for part in self.parts
        )
        return train, held_out

    def once_for_all(self, what: str, find: Callable[[], Found]) -> Found:
        """The result of `find`, kept in `shared`, so that later evaluations of the run do not compute it again."""
        return found_once(self.shared, what, find)

    @property
    def identity(self) -> tuple[str, str, str]:
        """Of the experiment's data set."""
        data = self.experiment.data
        return data.name, self.data.content_hash, split_of(data) or "all"

    @property
    def generated_count(self) -> int:
        """As many as were asked for."""
        return self.samples_count

    @property
    def real_count(self) -> int:
        """As many as the experiment's watch says or as there are samples, or all."""
        return min(len(self.data), self.experiment.watch.real or self.samples_count)

    def judged_passport(self, metric: str, **particulars: Any) -> dict[str, Any]:
        """The passport of a score that uses the classifier."""
        accuracy: dict[str, Any] = {"extractor_accuracy": self.judge.accuracy}
        called = f"{self.experiment.data.name} classifier"
        return self.passport(metric, called, self.judge.weights_hash, **accuracy, **particulars)

    def _real_features(self, extractor: Extractor, at_once: int = 64) -> Extracted:
        return self._features_of(self.real, extractor, self.data.content_hash, at_once)

    def _features_of(self, images: Tensor, extractor: Extractor, content: str, at_once: int = 64) -> Extracted:
        """Of images spread over a set with this hash."""
        address = hash_of_spread(content, len(images))
        found = cached_features(images, extractor, content_hash=address, batch_size=at_once, device=self.device)
        return found.to(self.device)
