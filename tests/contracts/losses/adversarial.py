"""Rows of the table of losses: scores of one discriminator."""

import runpy
from collections.abc import Callable
from operator import itemgetter
from pathlib import Path

TOOLS = runpy.run_path(str(Path(__file__).with_name("tools.py")))
Contract, cross_entropy, draw, mean_of, soft = itemgetter("Contract", "cross_entropy", "draw", "mean_of", "soft")(TOOLS)
PAIR = draw((6,), (6,))
MAPS = draw((3, 4, 4), (3, 4, 4))


def halved_square(target: float) -> Callable[[float], float]:
    return lambda s: (s - target) ** 2 / 2


ROWS = [
    Contract("minimax_discriminator_loss", PAIR, cross_entropy),
    Contract("minimax_discriminator_loss", MAPS, cross_entropy, variant="map"),
    Contract("minimax_generator_loss", draw((6,)), lambda y: -mean_of(soft, y)),
    Contract("non_saturating_generator_loss", draw((6, 1)), lambda y: mean_of(lambda s: soft(-s), y)),
    *(
        Contract(
            "hinge_discriminator_loss",
            arguments,
            lambda x, y: mean_of(lambda s: max(0, 1 - s), x) + mean_of(lambda s: max(0, 1 + s), y),
            variant=variant,
        )
        for arguments, variant in ((PAIR, ""), (MAPS, "map"))
    ),
    Contract("hinge_generator_loss", draw((6,)), lambda y: mean_of(lambda s: -s, y)),
    Contract("wasserstein_discriminator_loss", PAIR, lambda x, y: mean_of(lambda s: s, y) - mean_of(lambda s: s, x)),
    Contract("wasserstein_generator_loss", draw((6,)), lambda y: mean_of(lambda s: -s, y)),
    Contract(
        "least_squares_discriminator_loss",
        PAIR,
        lambda x, y: mean_of(halved_square(1), x) + mean_of(halved_square(0), y),
    ),
    Contract("least_squares_generator_loss", draw((6,)), lambda y: mean_of(halved_square(1), y)),
]
