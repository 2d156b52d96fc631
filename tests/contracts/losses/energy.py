"""Rows of the table of losses: energies, margins and balances."""

import math
from functools import partial

import numpy as np
import torch

from equipoise import losses
from equipoise.testing.losses import LossCase, draw
from tests.contracts.losses.references import energies, mean_of, numbers, positive

IMAGES = ((5, 2, 3, 3), (5, 2, 3, 3))


def margin_rule(margin: float, real: float, fake: float, before: float) -> float:
    if before <= fake and real < margin and real < fake:
        return float(real)
    return float(margin)


def mean_squared_cosine(codes: np.ndarray) -> float:
    rows = [row.ravel() for row in codes]
    total, pairs = 0.0, 0
    for i, a in enumerate(rows):
        for j, b in enumerate(rows):
            if i != j:
                dot, lengths = sum(a * b), math.sqrt(sum(a * a) * sum(b * b))
                total, pairs = total + (dot / lengths) ** 2, pairs + 1
    return total / pairs


def mean_squared_projection(samples: np.ndarray) -> float:
    rows = [row.ravel() for row in samples]
    shares = [(sum(a * b) / sum(a * a)) ** 2 for i, a in enumerate(rows) for j, b in enumerate(rows) if i != j]
    return math.fsum(shares) / len(shares)


ROWS = [
    *(
        LossCase(
            losses.reconstruction_energy,
            draw(*IMAGES),
            partial(energies, kind=kind),
            {"kind": kind},
            batch="samples",
            refused=({"kind": "cosine"},),
            variant=kind,
        )
        for kind in ("squared", "norm", "mean_absolute", "mean_squared")
    ),
    *(
        LossCase(
            losses.energy_discriminator_loss,
            positive((6,), (6,)),
            lambda x, y, m=margin: mean_of(lambda e: e, x) + mean_of(lambda e: max(0, m - e), y),
            {"margin": margin},
            refused=(
                {"margin": -0.1},
                {"margin": math.nan},
                {"margin": torch.tensor(-0.1)},
                {"margin": torch.ones(6)},
                {"margin": "1"},
                {"margin": [1.0]},
            ),
            variant=f"margin {margin}",
        )
        for margin in (0.0, 1.3)
    ),
    LossCase(losses.energy_generator_loss, positive((6,)), lambda y: mean_of(lambda e: e, y)),
    *(
        LossCase(
            losses.adapted_margin, numbers(*values), margin_rule, has_gradient=False, batch="none", variant=str(values)
        )
        for values in (
            (5.0, 3.0, 4.0, 3.5),
            (5.0, 3.0, 4.0, 4.0),
            (5.0, 3.0, 4.0, math.inf),
            (5.0, 6.0, 7.0, 1.0),
            (5.0, 4.0, 3.0, 1.0),
            (5.0, 5.0, 7.0, 1.0),
            (5.0, 4.0, 4.0, 1.0),
        )
    ),
    LossCase(losses.pulling_away, draw((5, 4)), mean_squared_cosine),
    LossCase(losses.pulling_away, draw((4, 3, 2, 2)), mean_squared_cosine, variant="map"),
    LossCase(losses.one_sided_pulling_away, draw((5, 4)), mean_squared_projection),
    LossCase(losses.one_sided_pulling_away, draw((4, 3, 2, 2)), mean_squared_projection, variant="images"),
    LossCase(
        losses.boundary_equilibrium_losses,
        positive((6,), (6,)),
        lambda x, y: (mean_of(lambda e: e, x) - 0.4 * mean_of(lambda e: e, y), mean_of(lambda e: e, y)),
        {"balance": 0.4},
        refused=({"balance": -0.1}, {"balance": torch.tensor(math.nan)}),
    ),
    *(
        LossCase(
            losses.updated_balance,
            (*numbers(balance), *positive((6,), (6,))),
            lambda k, x, y, g=gamma: min(
                1.0, max(0.0, float(k) + 0.2 * (g * mean_of(lambda e: e, x) - mean_of(lambda e: e, y)))
            ),
            {"gamma": gamma, "rate": 0.2},
            has_gradient=False,
            refused=({"gamma": 0.0}, {"rate": -1.0}),
            variant=f"{balance} {gamma}",
        )
        for balance, gamma in ((0.5, 0.5), (0.0, 0.3), (1.0, 9.0))
    ),
    LossCase(
        losses.convergence_measure,
        positive((6,), (6,)),
        lambda x, y: mean_of(lambda e: e, x) + abs(0.7 * mean_of(lambda e: e, x) - mean_of(lambda e: e, y)),
        {"gamma": 0.7},
        has_gradient=False,
        refused=({"gamma": -1.0},),
    ),
]
