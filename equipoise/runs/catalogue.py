"""What can be scored in a run's directory. Torch-free: an evaluator's module is imported when it is asked for."""

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TYPE_CHECKING

from equipoise.common.errors import UnknownName

if TYPE_CHECKING:
    from equipoise.runs.evidence import Evidence, Score

_SCORING, _MODES, _IMAGES = "equipoise.runs.scoring", "equipoise.runs.scoring_modes", "equipoise.runs.scoring_images"
_MISSING, _CRITIC = "equipoise.runs.scoring_missing_modes", "equipoise.runs.scoring_critic"

EVALUATORS: dict[str, tuple[str, str]] = {
    "inception-score": (
        f"{_SCORING}:score_inception",
        "Inception score over 10 splits, by the data set's classifier",
    ),
    "mode-score": (
        f"{_SCORING}:score_mode",
        "MODE score in the form that feels missing classes, by the data set's classifier",
    ),
    "classifier-fid": (
        f"{_SCORING}:score_classifier_frechet",
        "Frechet distance on the data set's own classifier: no FID; lower is better",
    ),
    "classifier-kid": (
        f"{_SCORING}:score_classifier_kernel",
        "kernel distance on the data set's own classifier: no KID; lower is better",
    ),
    "inception-v3-score": (
        f"{_SCORING}:score_inception_v3",
        "Inception score over 10 splits by Inception-v3 (needs --inception-weights)",
    ),
    "fid": (
        f"{_SCORING}:score_frechet",
        "Frechet Inception distance (needs --inception-weights); lower is better",
    ),
    "kid": (
        f"{_SCORING}:score_kernel",
        "kernel Inception distance with its confidence interval (needs --inception-weights); lower is better",
    ),
    "precision": (f"{_SCORING}:score_precision", "share of the samples that lie among the real features"),
    "recall": (f"{_SCORING}:score_recall", "share of the real features that lie among the samples"),
    "density": (f"{_SCORING}:score_density", "as precision, robust to outliers"),
    "coverage": (f"{_SCORING}:score_coverage", "as recall, robust to outliers"),
    "two-sample-test": (
        f"{_SCORING}:score_two_sample_test",
        "p-value that samples and data share a distribution, by a linear-time kernel test",
    ),
    "class-histogram": (
        f"{_MODES}:score_histogram",
        "share of the samples in each class, by the data set's classifier",
    ),
    "modes-covered": (
        f"{_MODES}:score_modes_covered",
        "modes with a sample: classes, numbers of stacked or composed digits, Gaussians within 3 deviations",
    ),
    "modes-missing": (f"{_MODES}:score_modes_missing", "modes without a sample; lower is better"),
    "modes-kl": (
        f"{_MODES}:score_modes_divergence",
        "divergence of the modes' frequencies from the data's, in nats; lower is better",
    ),
    "share-near": (f"{_MODES}:score_share_near", "share of points within 3 deviations of a Gaussian (ring, grid)"),
    "modes-covered-loosely": (
        f"{_MODES}:score_modes_covered_loosely",
        "Gaussians with a point within 10 deviations (ring, grid)",
    ),
    "missing-modes": (
        f"{_MISSING}:score_missing_modes",
        "share of test images on missing modes, by a fresh noisy discriminator of the run's own kind, noise scaled to "
        "the size; lower is better",
    ),
    "missing-modes-dense": (
        f"{_MISSING}:score_missing_modes_dense",
        "the same by a small dense discriminator: quick, and for any generator of images; lower is better",
    ),
    "missing-modes-3.5": (
        f"{_MISSING}:score_missing_modes_3_5",
        "missing-modes as a count, with noise of deviation 3.5 as published for 64x64 colour images; lower is better",
    ),
    "missing-modes-4": (f"{_MISSING}:score_missing_modes_4", "the same with noise of deviation 4; lower is better"),
    "critic-silhouette": (
        f"{_CRITIC}:score_critic_silhouette",
        "silhouette by class of the discriminator's outputs for real images, -1 to 1",
    ),
    "critic-purity": (
        f"{_CRITIC}:score_critic_purity",
        "share of the 10 nearest neighbours of a real image, by the discriminator's outputs, that are of its class",
    ),
    "ms-ssim": (f"{_IMAGES}:score_ms_ssim", "similarity of random pairs of samples; lower means more variety"),
    "nearest-neighbours": (
        f"{_IMAGES}:score_neighbours",
        "distance to the nearest training image over that of held-out images; well below 1 means copies",
    ),
}
"""name -> ("module:function", what it is in one line)."""

NEEDS_INCEPTION = frozenset({"inception-v3-score", "fid", "kid"})
"""The metrics that are defined by the features of Inception-v3."""

LOWER_IS_BETTER = frozenset(
    {
        "classifier-fid",
        "classifier-kid",
        "fid",
        "kid",
        "ms-ssim",
        "modes-missing",
        "modes-kl",
        "missing-modes",
        "missing-modes-dense",
        "missing-modes-3.5",
        "missing-modes-4",
    }
)
"""The metrics of which a smaller value is the better one."""


def check_metrics(names: Iterable[str]) -> None:
    """Every name must be a known metric.

    Raises:
        UnknownName: one is not; the nearest known one is named.
    """
    for name in names:
        if name not in EVALUATORS:
            raise UnknownName("metric", name, EVALUATORS)


def evaluator(name: str) -> "Callable[[Evidence], Score]":
    """The function that takes this score from the evidence."""
    check_metrics((name,))
    module, _, function = EVALUATORS[name][0].partition(":")
    found: Callable[[Evidence], Score] = getattr(import_module(module), function)
    return found
