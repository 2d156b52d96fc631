"""Rows of the table of losses: scores of one discriminator."""

from collections.abc import Callable

from equipoise import losses
from equipoise.testing.losses import LossCase, draw
from tests.contracts.losses.references import cross_entropy, mean_of, soft

PAIR = draw((6,), (6,))
MAPS = draw((3, 4, 4), (3, 4, 4))


def halved_square(target: float) -> Callable[[float], float]:
    return lambda s: (s - target) ** 2 / 2


ROWS = [
    LossCase(losses.minimax_discriminator_loss, PAIR, cross_entropy, unequal=True),
    LossCase(losses.minimax_discriminator_loss, MAPS, cross_entropy, unequal=True, variant="map"),
    LossCase(losses.minimax_generator_loss, draw((6,)), lambda y: -mean_of(soft, y)),
    LossCase(losses.non_saturating_generator_loss, draw((6, 1)), lambda y: mean_of(lambda s: soft(-s), y)),
    *(
        LossCase(
            losses.hinge_discriminator_loss,
            arguments,
            lambda x, y: mean_of(lambda s: max(0, 1 - s), x) + mean_of(lambda s: max(0, 1 + s), y),
            unequal=True,
            variant=variant,
        )
        for arguments, variant in ((PAIR, ""), (MAPS, "map"))
    ),
    LossCase(
        losses.hinge_discriminator_loss,
        PAIR,
        lambda x, y: mean_of(lambda s: max(0, 0.3 - s), x) + mean_of(lambda s: max(0, 0.3 + s), y),
        options={"margin": 0.3},
        unequal=True,
        variant="margin",
    ),
    LossCase(losses.hinge_generator_loss, draw((6,)), lambda y: mean_of(lambda s: -s, y)),
    LossCase(
        losses.wasserstein_discriminator_loss,
        PAIR,
        lambda x, y: mean_of(lambda s: s, y) - mean_of(lambda s: s, x),
        unequal=True,
    ),
    LossCase(losses.wasserstein_generator_loss, draw((6,)), lambda y: mean_of(lambda s: -s, y)),
    LossCase(
        losses.least_squares_discriminator_loss,
        PAIR,
        lambda x, y: mean_of(halved_square(1), x) + mean_of(halved_square(0), y),
        unequal=True,
    ),
    LossCase(losses.least_squares_generator_loss, draw((6,)), lambda y: mean_of(halved_square(1), y)),
    *(
        LossCase(loss, arguments, reference, variant=variant)
        for arguments, variant in ((PAIR, ""), (MAPS, "map"))
        for loss, reference in (
            (losses.relativistic_discriminator_loss, lambda x, y: mean_of(lambda s: soft(-s), x - y)),
            (losses.relativistic_generator_loss, lambda x, y: mean_of(lambda s: soft(-s), y - x)),
        )
    ),
    *(
        LossCase(losses.feature_matching_loss, arguments, lambda x, y: mean_of(abs, x - y), variant=variant)
        for arguments, variant in ((PAIR, ""), (draw((3, 2, 4), (3, 2, 4)), "map"))
    ),
]
