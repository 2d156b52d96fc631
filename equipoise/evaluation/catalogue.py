"""What can be scored in a run's directory. Torch-free: an evaluator's module is imported when it is asked for."""

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Literal, NamedTuple, cast, get_args

from equipoise.common.errors import EquipoiseError, UnknownName

if TYPE_CHECKING:
    from equipoise.evaluation.evidence import Evidence, Score

_SCORING, _MODES, _IMAGES = (
    "equipoise.evaluation.scoring",
    "equipoise.evaluation.scoring_modes",
    "equipoise.evaluation.scoring_images",
)
_MISSING, _CRITIC = "equipoise.evaluation.scoring_missing_modes", "equipoise.evaluation.scoring_critic"

Better = Literal["higher", "lower", "neither"]
"""Which values of a score are better."""
HIGHER, LOWER, NEITHER = cast(tuple[Better, Better, Better], get_args(Better))
"""The three directions."""


class Evaluation(NamedTuple):
    """What can be scored: the evaluator as "module:function", what it is in one line, and which values are better."""

    target: str
    summary: str
    better: Better


EVALUATORS: dict[str, Evaluation] = {
    "inception-score": Evaluation(
        f"{_SCORING}:score_inception",
        "Inception score over 10 splits, by the data set's classifier",
        HIGHER,
    ),
    "mode-score": Evaluation(
        f"{_SCORING}:score_mode",
        "MODE score in the form that feels missing classes, by the data set's classifier",
        HIGHER,
    ),
    "classifier-fid": Evaluation(
        f"{_SCORING}:score_classifier_frechet",
        "Frechet distance on the data set's own classifier: no FID; lower is better",
        LOWER,
    ),
    "classifier-kid": Evaluation(
        f"{_SCORING}:score_classifier_kernel",
        "kernel distance on the data set's own classifier: no KID; lower is better",
        LOWER,
    ),
    "inception-v3-score": Evaluation(
        f"{_SCORING}:score_inception_v3",
        "Inception score over 10 splits by Inception-v3 (needs --inception-weights)",
        HIGHER,
    ),
    "fid": Evaluation(
        f"{_SCORING}:score_frechet",
        "Frechet Inception distance (needs --inception-weights); lower is better",
        LOWER,
    ),
    "kid": Evaluation(
        f"{_SCORING}:score_kernel",
        "kernel Inception distance with its confidence interval (needs --inception-weights); lower is better",
        LOWER,
    ),
    "precision": Evaluation(
        f"{_SCORING}:score_precision", "share of the samples that lie among the real features", HIGHER
    ),
    "recall": Evaluation(f"{_SCORING}:score_recall", "share of the real features that lie among the samples", HIGHER),
    "density": Evaluation(f"{_SCORING}:score_density", "as precision, robust to outliers", HIGHER),
    "coverage": Evaluation(f"{_SCORING}:score_coverage", "as recall, robust to outliers", HIGHER),
    "two-sample-test": Evaluation(
        f"{_SCORING}:score_two_sample_test",
        "p-value that samples and data share a distribution, by a linear-time kernel test",
        HIGHER,
    ),
    "class-histogram": Evaluation(
        f"{_MODES}:score_histogram",
        "share of the samples in each class, by the data set's classifier",
        NEITHER,
    ),
    "modes-covered": Evaluation(
        f"{_MODES}:score_modes_covered",
        "modes with a sample: classes, numbers of stacked or composed digits, Gaussians within 3 deviations",
        HIGHER,
    ),
    "modes-missing": Evaluation(f"{_MODES}:score_modes_missing", "modes without a sample; lower is better", LOWER),
    "modes-kl": Evaluation(
        f"{_MODES}:score_modes_divergence",
        "divergence of the modes' frequencies from the data's, in nats; lower is better",
        LOWER,
    ),
    "share-near": Evaluation(
        f"{_MODES}:score_share_near", "share of points within 3 deviations of a Gaussian (ring, grid)", HIGHER
    ),
    "modes-covered-loosely": Evaluation(
        f"{_MODES}:score_modes_covered_loosely",
        "Gaussians with a point within 10 deviations (ring, grid)",
        HIGHER,
    ),
    "missing-modes": Evaluation(
        f"{_MISSING}:score_missing_modes",
        "share of test images on missing modes, by a fresh noisy discriminator of the run's own kind, noise scaled to "
        "the size; lower is better",
        LOWER,
    ),
    "missing-modes-dense": Evaluation(
        f"{_MISSING}:score_missing_modes_dense",
        "the same by a small dense discriminator: quick, and for any generator of images; lower is better",
        LOWER,
    ),
    "missing-modes-3.5": Evaluation(
        f"{_MISSING}:score_missing_modes_3_5",
        "missing-modes as a count, with noise of deviation 3.5 as published for 64x64 colour images; lower is better",
        LOWER,
    ),
    "missing-modes-4": Evaluation(
        f"{_MISSING}:score_missing_modes_4", "the same with noise of deviation 4; lower is better", LOWER
    ),
    "critic-silhouette": Evaluation(
        f"{_CRITIC}:score_critic_silhouette",
        "silhouette by class of the discriminator's outputs for real images, -1 to 1",
        HIGHER,
    ),
    "critic-purity": Evaluation(
        f"{_CRITIC}:score_critic_purity",
        "share of the 10 nearest neighbours of a real image, by the discriminator's outputs, that are of its class",
        HIGHER,
    ),
    "ms-ssim": Evaluation(
        f"{_IMAGES}:score_ms_ssim", "similarity of random pairs of samples; lower means more variety", LOWER
    ),
    "nearest-neighbours": Evaluation(
        f"{_IMAGES}:score_neighbours",
        "distance to the nearest training image over that of held-out images; well below 1 means copies",
        NEITHER,
    ),
}
"""By name."""

NEEDS_INCEPTION = frozenset({"inception-v3-score", "fid", "kid"})
"""The metrics that are defined by the features of Inception-v3."""


def check_metrics(names: Iterable[str]) -> None:
    """Every name must be a known metric.

    Raises:
        UnknownName: one is not; the nearest known one is named.
    """
    for name in names:
        if name not in EVALUATORS:
            raise UnknownName("metric", name, EVALUATORS)


def check_best(name: str | None) -> None:
    """A best checkpoint can be kept by this metric: its values have a better direction. None keeps none.

    Raises:
        EquipoiseError: they have not.
    """
    if name is not None and EVALUATORS[name].better == NEITHER:
        known = [each for each, found in EVALUATORS.items() if found.better != NEITHER]
        raise EquipoiseError(f"no value of {name} is better than another; watch.best can be {', '.join(known)}.")


def is_better(name: str, value: float, than: float) -> bool:
    """Whether this value of the metric is the better one."""
    better = EVALUATORS[name].better
    return value < than if better == LOWER else better == HIGHER and value > than


def evaluator(name: str) -> "Callable[[Evidence], Score]":
    """The function that takes this score from the evidence."""
    check_metrics((name,))
    module, _, function = EVALUATORS[name].target.partition(":")
    found: Callable[[Evidence], Score] = getattr(import_module(module), function)
    return found
