"""Rows of the table of losses: encoders, and what keeps modes from being missed."""

import math
import runpy
from functools import partial
from operator import itemgetter
from pathlib import Path

import numpy as np

TOOLS = runpy.run_path(str(Path(__file__).with_name("tools.py")))
Contract, cross_entropy, draw, energies, mean_of, soft = itemgetter(
    "Contract", "cross_entropy", "draw", "energies", "mean_of", "soft"
)(TOOLS)
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
    Contract("mode_regulariser", draw((5,)), lambda s: mean_of(lambda v: soft(-v), s)),
    *(
        Contract(
            "geometric_regulariser",
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
    Contract("reg_gan_encoder_loss", MODES, encoder, REG_WEIGHTS, refused=REG_REFUSED),
    Contract(
        "reg_gan_generator_loss",
        draw((5,), (5,), *IMAGES),
        lambda fake, scores, images, others: mean_of(lambda s: soft(-s), fake) + encoder(scores, images, others),
        REG_WEIGHTS,
        refused=REG_REFUSED,
    ),
    Contract("manifold_discriminator_loss", PAIR, cross_entropy),
    Contract(
        "manifold_generator_loss",
        MODES,
        lambda s, x, r: geometric(x, r, "squared") + 0.6 * mean_of(lambda v: soft(-v), s),
        {"adversarial_weight": 0.6, "reduction": "sum"},
        refused=({"adversarial_weight": -0.5}, {"reduction": "median"}, {"reduction": ["sum"]}),
    ),
    Contract("diffusion_discriminator_loss", PAIR, cross_entropy),
    Contract("diffusion_generator_loss", draw((6,)), lambda y: mean_of(lambda s: soft(-s), y)),
]
