"""The maximum mean discrepancy and the MMD-GAN losses, attractive and repulsive (Wang et al. 2019).

With x, x' the features of different real samples, y, y' those of generated ones, and k the kernel:
Exx = E k(x, x'), Exy = E k(x, y'), Eyy = E k(y, y'), so that MMD^2 = Exx - 2 Exy + Eyy.
"""

import math
from collections.abc import Sequence
from functools import partial

import torch

from equipoise.common.checks import check_features, described, is_number
from equipoise.common.precision import in_full_precision
from equipoise.losses.adversarial import AdversarialLoss
from equipoise.losses.kernels import GaussianKernel, Kernel
from equipoise.losses.pair_sums import sum_over_pairs
from equipoise.losses.terms import FAKE, REAL, Term

Bounds = tuple[float, float]
"""The lower and the upper bound of a squared distance."""
_ANYWHERE: Bounds = (0.0, math.inf)
_UNIT_GAUSSIAN = GaussianKernel((1.0,))


@in_full_precision
def squared_mmd(
    real: torch.Tensor,
    fake: torch.Tensor,
    kernel: Kernel = _UNIT_GAUSSIAN,
    unbiased: bool = True,
    classes: torch.Tensor | None = None,
) -> torch.Tensor:
    """MMD^2 = Exx - 2 Exy + Eyy (Gretton et al. 2012, Eq. 2).

    Args:
        real: [batch, features], at least two samples (one if not unbiased); also scores [batch], and score or feature
            maps [batch, height, width] and [batch, channels, ...], whose squared distance is the mean over positions.
        fake: in the shape of real but for the batch.
        kernel: a function of squared distances, such as `GaussianKernel((1.0, 2.0))`.
        unbiased: the U-statistic (Wang et al. 2019, Eq. S4): all three sums leave out the pairs i = j and are divided
            by batch (batch - 1); it can be negative. Otherwise the mean over all pairs, which but for rounding
            is never negative. Of batches of different sizes, the sum over real and fake pairs leaves out none.
        classes: int64 [batch], the class of each real sample and of the generated one beside it, or None. The kernel
            then counts within classes only: it is multiplied by 1 for pairs of one class and by 0 for others, which
            makes the distance one of the joint distributions of features and classes.
    """
    real, fake = _features(2 if unbiased else 1, real, fake)
    terms = (Term(1.0, REAL, REAL), Term(-2.0, REAL, FAKE), Term(1.0, FAKE, FAKE))
    return sum_over_pairs(real, fake, kernel, terms, unbiased, _apart(classes, real, fake))


def mmd_generator_loss(
    real: torch.Tensor,
    fake: torch.Tensor,
    kernel: Kernel = _UNIT_GAUSSIAN,
    unbiased: bool = True,
    classes: torch.Tensor | None = None,
) -> torch.Tensor:
    """L_G = MMD^2, whatever the discriminator's loss, and never with bounds (Wang et al. 2019, Eq. 2).

    Args:
        real: the discriminator's output for real samples, [batch, features] or as in `squared_mmd`.
        fake: its output for generated samples, in the shape of real but for the batch.
        kernel: a function of squared distances.
        unbiased: as in `squared_mmd`.
        classes: as in `squared_mmd`.
    """
    return squared_mmd(real, fake, kernel, unbiased, classes)


@in_full_precision
def mmd_discriminator_loss(
    real: torch.Tensor,
    fake: torch.Tensor,
    repulsion: float = 1.0,
    bounds: Bounds | None = None,
    kernel: Kernel = _UNIT_GAUSSIAN,
    unbiased: bool = True,
    code_compat: bool = False,
    classes: torch.Tensor | None = None,
) -> torch.Tensor:
    """L_D = lambda Exx - (lambda - 1) Exy - Eyy (Wang et al. 2019, Eq. 5); the three weights sum to 0.

    Args:
        real: the discriminator's output for real samples, [batch, features] or as in `squared_mmd`.
        fake: its output for generated samples, in the shape of real but for the batch.
        repulsion: lambda. -1 is the attractive loss -MMD^2 (Eq. 3), 1 the repulsive Exx - Eyy (Eq. 4).
        bounds: (lower, upper) on the squared distances, (0.25, 4) in the paper. Pairs that the discriminator contracts
            stop pulling below `lower`, pairs that it pushes apart stop pushing beyond `upper` (Eq. 6 for a negative
            lambda, Eq. 7 otherwise). From lambda = 1 on the cross term is unbounded.
        kernel: a function of squared distances.
        unbiased: as in `squared_mmd`.
        code_compat: with bounds, leave the cross term unbounded for every lambda, as the authors' code does: it
            computes that bound for lambda < 1 only and uses it for lambda > 1 only.
        classes: as in `squared_mmd`.
    """
    real, fake = _features(2 if unbiased else 1, real, fake)
    if not is_number(repulsion) or not math.isfinite(repulsion):
        raise ValueError(f"repulsion must be a finite number, got {described(repulsion)}.")
    on_real, on_cross, on_fake = _limits(repulsion, bounds, bounds_cross=repulsion < 1 and not code_compat)
    terms = (
        Term(repulsion, REAL, REAL, *on_real),
        Term(1.0 - repulsion, REAL, FAKE, *on_cross),
        Term(-1.0, FAKE, FAKE, *on_fake),
    )
    return sum_over_pairs(real, fake, kernel, terms, unbiased, _apart(classes, real, fake))


def _apart(classes: torch.Tensor | None, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor | None:
    """The pairs of samples of different classes, bool [batch, batch]; None where there are no classes."""
    if classes is None:
        return None
    if classes.is_floating_point() or classes.shape != (len(real),) or len(real) != len(fake):
        raise ValueError(
            f"classes must be whole numbers [batch], one for each real sample and the fake one beside it, got "
            f"{classes.dtype} {tuple(classes.shape)} for {len(real)} real and {len(fake)} fake samples."
        )
    return classes[:, None] != classes


def _features(least: int, real: torch.Tensor, fake: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Both sides as [batch, features], checked."""
    check_features(least, real=real, fake=fake)
    return _flat(real), _flat(fake)


def _flat(scores: torch.Tensor) -> torch.Tensor:
    """[batch, features]; maps are divided by the root of the number of positions: a distance is the mean over them."""
    if scores.ndim == 2:
        return scores
    positions = math.prod(scores.shape[1:] if scores.ndim == 3 else scores.shape[2:])
    return scores.reshape(len(scores), -1) / math.sqrt(positions)


def _limits(repulsion: float, bounds: Bounds | None, bounds_cross: bool) -> tuple[Bounds, Bounds, Bounds]:
    """The squared distances that the discriminator acts on, for the pairs real-real, real-fake and fake-fake."""
    if bounds is None:
        return _ANYWHERE, _ANYWHERE, _ANYWHERE
    pair = isinstance(bounds, Sequence) and len(bounds) == 2 and all(map(is_number, bounds))
    if not pair or not 0 <= bounds[0] < bounds[1] < math.inf:
        raise ValueError(f"bounds must be (lower, upper) with 0 <= lower < upper, got {bounds}.")
    lower, upper = bounds
    contracted, pushed = (lower, math.inf), (0.0, upper)
    return contracted if repulsion < 0 else pushed, pushed if bounds_cross else _ANYWHERE, contracted


ATTRACTIVE = AdversarialLoss(partial(mmd_discriminator_loss, repulsion=-1.0), mmd_generator_loss, True)
"""The discriminator maximises the discrepancy that the generator minimises."""
REPULSIVE = AdversarialLoss(mmd_discriminator_loss, mmd_generator_loss, True)
"""The discriminator spreads the real samples and contracts the generated ones."""
BOUNDED = AdversarialLoss(partial(mmd_discriminator_loss, bounds=(0.25, 4.0)), mmd_generator_loss, True)
"""The repulsive loss, on distances within bounds."""
