"""Rows of the table of losses: encoders, and what keeps modes from being missed."""

import math
from functools import partial

import numpy as np

from equipoise import losses
from equipoise.testing.losses import LossCase, draw
from tests.contracts.losses.references import cross_entropy, energies, mean_of, soft

PAIR = draw((6,), (6,))
IMAGES = ((5, 2, 3, 3), (5, 2, 3, 3))


MODES = draw((5,), *IMAGES)


def geometric(images: np.ndarray, others: np.ndarray, kind: str = "mean_squared") -> float:
    return float(np.mean(energies(images, others, kind)))


def encoder(scores: np.ndarray, images: np.ndarray, others: np.ndarray) -> float:
    return 0.3 * geometric(images, others) + 0.7 * mean_of(lambda s: soft(-s), scores)


REG_WEIGHTS = {"geometric_weight": 0.3, "mode_weight": 0.7}


REG_REFUSED = ({"geometric_weight": -1.0}, {"mode_weight": math.nan}, {"reduction": "median"}, {"reduction": ["sum"]})


ROWS = [
    LossCase(losses.mode_regulariser, draw((5,)), lambda s: mean_of(lambda v: soft(-v), s)),
    *(
        LossCase(
            losses.geometric_regulariser,
            draw(*IMAGES),
            partial(geometric, kind=kind),
            {"reduction": reduction},
            refused=(
                {"reduction": "median"},
                {"reduction": ["sum"]},
            ),
            variant=reduction,
        )
        for reduction, kind in (("mean", "mean_squared"), ("sum", "squared"))
    ),
    LossCase(losses.reg_gan_encoder_loss, MODES, encoder, REG_WEIGHTS, refused=REG_REFUSED),
    LossCase(
        losses.reg_gan_generator_loss,
        draw((5,), (5,), *IMAGES),
        lambda fake, scores, images, others: mean_of(lambda s: soft(-s), fake) + encoder(scores, images, others),
        REG_WEIGHTS,
        refused=REG_REFUSED,
    ),
    LossCase(losses.manifold_discriminator_loss, PAIR, cross_entropy),
    LossCase(
        losses.manifold_generator_loss,
        MODES,
        lambda s, x, r: geometric(x, r, "squared") + 0.6 * mean_of(lambda v: soft(-v), s),
        {"adversarial_weight": 0.6, "reduction": "sum"},
        refused=({"adversarial_weight": -0.5}, {"reduction": "median"}, {"reduction": ["sum"]}),
    ),
    LossCase(losses.diffusion_discriminator_loss, PAIR, cross_entropy),
    LossCase(losses.diffusion_generator_loss, draw((6,)), lambda y: mean_of(lambda s: soft(-s), y)),
]
