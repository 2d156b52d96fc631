"""Metrics against the usual packages and the usual plain forms, on the same images and the same features."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchmetrics.functional.image import multiscale_structural_similarity_index_measure
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.inception import InceptionScore
from torchmetrics.image.kid import KernelInceptionDistance

from equipoise.evaluation.classifier import Classifier
from equipoise.evaluation.classifier_network import fresh_network, recipe_for
from equipoise.evaluation.features import ClassifierExtractor, extract
from equipoise.metrics.frechet import FeatureMoments
from equipoise.metrics.inception import inception_score
from equipoise.metrics.kernel import kernel_distance, kernel_distance_of_subsets
from equipoise.metrics.manifolds import precision_recall
from equipoise.metrics.structural_similarity import ms_ssim
from measurements.benchmarks import plain
from measurements.benchmarks.cases.common import SEED
from measurements.benchmarks.measure import Case
from measurements.benchmarks.timers import Way

_PAIRS = 64
"""At once, for the sides that keep every map of every pair: those of 1,000 pairs would take more than 10 GB."""
_FIVE_PAIRS = 32
_SUBSETS, _SUBSET_SIZE = 100, 1000
_SHAPE = (3, 32, 32)


def similarity_row(name: str, pairs: int, rounds: int, warm_up: bool) -> Case:
    """MS-SSIM of small images, which every side first resizes as the metric asks."""

    def prepare() -> dict[str, Way]:
        noise = torch.Generator().manual_seed(SEED)
        a, b = (torch.rand(pairs, 3, 64, 64, generator=noise) for _ in range(2))
        parts = list(zip(a.split(_PAIRS), b.split(_PAIRS), strict=True))
        return {
            "torchmetrics": lambda: [_torchmetrics_similarity(*part) for part in parts],
            "pytorch-msssim": lambda: [_pytorch_msssim_similarity(*part) for part in parts],
            "equipoise": partial(ms_ssim, a, b),
        }

    work = f"{pairs} pairs of 64x64 colour images, resized to 256x256, float32"
    work += f"; {_PAIRS} pairs at once for the others" if pairs > _PAIRS else ""
    targets, also = {"equipoise": 5.0}, {"pytorch-msssim": 1.5}
    return Case(name, "torchmetrics", targets, prepare, work, rounds, also=also, warm_up=warm_up)


def kernel_row() -> Case:
    """The kernel distance of all samples at once, ours with its standard error."""
    count, features = 4096, 256

    def prepare() -> dict[str, Way]:
        noise = torch.Generator().manual_seed(SEED)
        a, b = (torch.randn(count, features, dtype=torch.float64, generator=noise) for _ in range(2))
        return {
            "whole kernel matrices": partial(plain.kernel_distance, a, b),
            "equipoise": partial(kernel_distance, a, b),
        }

    work = f"{count} samples on each side, {features} features, float64; ours with the jackknife's standard error"
    return Case("KID of all samples", "whole kernel matrices", {}, prepare, work, rounds=3)


def five_metrics_row(samples: int, rounds: int) -> Case:
    """Inception score, FID, KID, precision and recall, and MS-SSIM, from images to five figures."""

    def prepare() -> dict[str, Way]:
        noise = torch.Generator().manual_seed(SEED)
        real, fake = (torch.randint(0, 256, (samples, *_SHAPE), dtype=torch.uint8, generator=noise) for _ in range(2))
        network = fresh_network(_SHAPE, 10, recipe_for(_SHAPE), "cpu").eval().requires_grad_(False)
        judge = Classifier(network, _SHAPE, 10, 0.0, "", recipe_for(_SHAPE))
        return {
            "one by one": lambda: [take() for take in _one_by_one(judge, real, fake)],
            "equipoise": lambda: _from_one_pass(judge, real, fake),
        }

    work = (
        f"{samples} samples and as many real images, 32x32 colour, {recipe_for(_SHAPE).features} features of the data "
        f"set's classifier, {_SUBSETS} subsets of {_SUBSET_SIZE} for KID, {_FIVE_PAIRS} pairs for MS-SSIM"
    )
    against = "torchmetrics one by one, and precision and recall in their plain form"
    return Case(f"Five metrics, {samples} samples", against, {"equipoise": 3.0}, prepare, work, rounds, warm_up=False)


def _from_one_pass(judge: Classifier, real: Tensor, fake: Tensor) -> list[object]:
    extractor = ClassifierExtractor(judge)
    of_real, of_fake = (extract(images, extractor, batch_size=250) for images in (real, fake))
    assert of_fake.probabilities is not None
    moments = [FeatureMoments.of(found.features) for found in (of_real, of_fake)]
    first, second = _pairs(fake)
    chance = torch.Generator().manual_seed(SEED)
    return [
        inception_score(of_fake.probabilities),
        moments[0].distance(moments[1]),
        kernel_distance_of_subsets(of_real.features, of_fake.features, chance, _SUBSETS, _SUBSET_SIZE),
        precision_recall(of_real.features, of_fake.features),
        ms_ssim(first, second).mean(),
    ]


def _one_by_one(judge: Classifier, real: Tensor, fake: Tensor) -> list[Callable[[], object]]:
    """Each metric as torchmetrics takes it: every one puts the images through the network by itself."""
    features, logits = _Features(judge), _Logits(judge)

    def inception() -> object:
        metric = InceptionScore(feature=logits, splits=10)
        for part in fake.split(250):
            metric.update(part)
        return metric.compute()

    def compared(make: Callable[[], FrechetInceptionDistance | KernelInceptionDistance]) -> object:
        metric = make()
        for images, is_real in ((real, True), (fake, False)):
            for part in images.split(250):
                metric.update(part, real=is_real)
        return metric.compute()

    def manifolds() -> object:
        found = [torch.cat([features(part) for part in images.split(250)]) for images in (real, fake)]
        return plain.precision_recall(found[0], found[1])

    return [
        inception,
        lambda: compared(lambda: FrechetInceptionDistance(feature=features, input_img_size=_SHAPE)),
        lambda: compared(lambda: KernelInceptionDistance(features, _SUBSETS, _SUBSET_SIZE)),
        manifolds,
        lambda: _torchmetrics_similarity(*_pairs(fake)).mean(),
    ]


class _Features(nn.Module):
    def __init__(self, judge: Classifier) -> None:
        super().__init__()
        self.network, self.num_features = judge.network, judge.recipe.features

    def forward(self, images: Tensor) -> Tensor:
        return self.network.features(images.float() / 255)


class _Logits(_Features):
    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.network(images.float() / 255)
        return logits


def _pairs(images: Tensor) -> tuple[Tensor, Tensor]:
    chosen = images[: 2 * _FIVE_PAIRS].float() / 255
    return chosen[:_FIVE_PAIRS], chosen[_FIVE_PAIRS:]


def _torchmetrics_similarity(a: Tensor, b: Tensor) -> Tensor:
    found: Tensor = multiscale_structural_similarity_index_measure(
        _large(a), _large(b), data_range=1.0, reduction="none"
    )
    return found


def _pytorch_msssim_similarity(a: Tensor, b: Tensor) -> Tensor:
    import pytorch_msssim  # of the extra `bench`, which the other rows do not need

    found: Tensor = pytorch_msssim.ms_ssim(_large(a), _large(b), data_range=1.0, size_average=False)
    return found


def _large(images: Tensor) -> Tensor:
    return functional.interpolate(images, size=(256, 256), mode="bilinear", align_corners=False)


def cases() -> list[Case]:
    """What a few minutes allow."""
    return [similarity_row("MS-SSIM", _PAIRS, 3, True), kernel_row(), five_metrics_row(4000, 2)]


def long_cases() -> list[Case]:
    """The published numbers of pairs and of samples: a quarter of an hour together."""
    return [similarity_row("MS-SSIM, 1000 pairs", 1000, 2, False), five_metrics_row(50_000, 1)]
