"""Rows of the table of losses: distances, kernels and discrepancies."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from equipoise import losses
from equipoise.testing.losses import LossCase, draw
from tests.contracts.losses.references import positive


def distance(a: np.ndarray, b: np.ndarray) -> float:
    return math.fsum((float(p) - float(q)) ** 2 for p, q in zip(a, b, strict=True))


def all_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.array([[distance(p, q) for q in b] for p in a])


def gaussian(squared: float, bandwidths: tuple[float, ...]) -> float:
    return math.fsum(math.exp(-squared / (2 * s * s)) for s in bandwidths)


def rational(squared: float, alphas: tuple[float, ...]) -> float:
    return math.fsum((1 + squared / (2 * a)) ** -a for a in alphas)


def laplace(squared: float) -> float:
    return math.exp(-2 * math.sqrt(squared)) + math.exp(-math.sqrt(squared) / 2)


def minus_distance(squared: float) -> float:
    return -2.5 * math.sqrt(squared)


def elementwise(function: Callable[[float], float], array: np.ndarray) -> np.ndarray:
    return np.array([function(float(v)) for v in array.ravel()]).reshape(array.shape)


def pair_mean(a: np.ndarray, b: np.ndarray, kernel: Callable[[float], float], unbiased: bool) -> float:
    values = [
        kernel(distance(p, q))
        for i, p in enumerate(a)
        for j, q in enumerate(b)
        if i != j or not unbiased or len(a) != len(b)
    ]
    return math.fsum(values) / len(values)


def mmd(real: np.ndarray, fake: np.ndarray, kernel: Callable[[float], float], unbiased: bool = True) -> float:
    within = pair_mean(real, real, kernel, unbiased) + pair_mean(fake, fake, kernel, unbiased)
    return within - 2 * pair_mean(real, fake, kernel, unbiased)


def mmd_critic(
    real: np.ndarray,
    fake: np.ndarray,
    repulsion: float,
    bounds: tuple[float, float] | None = None,
    code_compat: bool = False,
) -> float:
    def bounded(side: str) -> Callable[[float], float]:
        if bounds is None or side == "free":
            return lambda d: gaussian(d, (1.0,))
        if side == "pulled":
            return lambda d: gaussian(max(d, bounds[0]), (1.0,))
        return lambda d: gaussian(min(d, bounds[1]), (1.0,))

    real_side, cross_side, fake_side = "pushed", "pushed", "pulled"
    if repulsion < 0:
        real_side = "pulled"
    if repulsion > 1 or code_compat:
        cross_side = "free"
    return (
        repulsion * pair_mean(real, real, bounded(real_side), True)
        - (repulsion - 1) * pair_mean(real, fake, bounded(cross_side), True)
        - pair_mean(fake, fake, bounded(fake_side), True)
    )


FEATURES = draw((6, 3), (6, 3), scale=0.8)


ONE, FIVE, ALPHAS = (1.0,), (1.0, 2**0.5, 2.0, 2**1.5, 4.0), (0.2, 0.5, 1.0, 2.0, 5.0)


WIDTHS_REFUSED = tuple(
    {"bandwidths": widths} for widths in [(), (0.0,), (1.0, -1.0), (math.inf,), (1e-170,), (1e200,), 1.0, ("one",)]
)


SCALES_REFUSED = tuple({"scales": widths} for widths in [(), (0.0,), (1.0, -1.0), (math.nan,)])


ALPHAS_REFUSED = tuple({"alphas": widths} for widths in [(), (0.0,), (1.0, -1.0), (math.nan,)])


BOUNDS_REFUSED = tuple({"bounds": bounds} for bounds in [(-1.0, 4.0), (4.0, 0.25), (1.0, 1.0), 4.0, (1.0,), ("a", "b")])


def critic(repulsion: float, bounds: tuple[float, float] | None, code_compat: bool = False) -> LossCase:
    return LossCase(
        losses.mmd_discriminator_loss,
        FEATURES,
        partial(mmd_critic, repulsion=repulsion, bounds=bounds, code_compat=code_compat),
        {"repulsion": repulsion, "bounds": bounds, "code_compat": code_compat},
        unequal=True,
        refused=({"repulsion": math.nan}, {"repulsion": "1"}, {"kernel": "gaussian"}, *BOUNDS_REFUSED),
        variant=f"{repulsion} {bounds}{' as in the code' if code_compat else ''}",
    )


def estimator(
    loss: Callable[..., Any], kernel: Any, reference: Callable[[float], float], unbiased: bool, variant: str
) -> LossCase:
    return LossCase(
        loss,
        FEATURES,
        partial(mmd, kernel=reference, unbiased=unbiased),
        {"kernel": kernel, "unbiased": unbiased},
        unequal=True,
        variant=variant,
    )


def of_maps(reference: Callable[..., float]) -> Callable[..., float]:
    """The reference on rows whose squared distance is the mean over positions."""

    def rows(scores: np.ndarray) -> np.ndarray:
        positions = scores[0].size if scores.ndim == 3 else math.prod(scores.shape[2:])
        return scores.reshape(len(scores), -1) / math.sqrt(positions)

    return lambda real, fake: reference(rows(real), rows(fake))


ROWS = [
    LossCase(losses.squared_distances, draw((5, 3), (5, 3)), all_distances, batch="pairs"),
    *(
        LossCase(
            losses.gaussian_kernel,
            positive((5, 5)),
            lambda d, s=sigmas: elementwise(lambda v: gaussian(v, s), d),
            {"bandwidths": sigmas},
            batch="samples",
            refused=WIDTHS_REFUSED,
            variant=f"{len(sigmas)}",
        )
        for sigmas in (ONE, FIVE, (0.7, 3.0))
    ),
    LossCase(
        losses.GaussianKernel,
        positive((5, 5)),
        lambda d: elementwise(lambda v: gaussian(v, FIVE), d),
        {"bandwidths": FIVE},
        batch="samples",
        refused=WIDTHS_REFUSED,
    ),
    LossCase(
        losses.rational_quadratic_kernel,
        positive((5, 5)),
        lambda d: elementwise(lambda v: rational(v, ALPHAS), d),
        {"alphas": ALPHAS},
        batch="samples",
        refused=ALPHAS_REFUSED,
    ),
    LossCase(
        losses.RationalQuadraticKernel,
        positive((5, 5)),
        lambda d: elementwise(lambda v: rational(v, ALPHAS), d),
        {"alphas": ALPHAS},
        batch="samples",
        refused=ALPHAS_REFUSED,
    ),
    *(
        LossCase(
            kernel,
            positive((5, 5)),
            lambda d, f=function: elementwise(f, d),
            {"scales": (0.5, 2.0)},
            batch="samples",
            refused=SCALES_REFUSED,
        )
        for kernel, function in ((losses.LaplaceKernel, laplace), (losses.DistanceKernel, minus_distance))
    ),
    *(
        estimator(losses.squared_mmd, kernel, reference, unbiased, f"{variant} {'unbiased' if unbiased else 'biased'}")
        for kernel, reference, variant in (
            (losses.GaussianKernel(ONE), partial(gaussian, bandwidths=ONE), "gaussian"),
            (losses.GaussianKernel(FIVE), partial(gaussian, bandwidths=FIVE), "gaussian mixture"),
            (losses.RationalQuadraticKernel(ALPHAS), partial(rational, alphas=ALPHAS), "rational quadratic"),
            (losses.LaplaceKernel((0.5, 2.0)), laplace, "laplace"),
            (losses.DistanceKernel((0.5, 2.0)), minus_distance, "distance"),
            (lambda d: torch.exp(-d.clamp(min=1e-9).sqrt()), lambda d: math.exp(-math.sqrt(max(d, 1e-9))), "your own"),
        )
        for unbiased in (True, False)
    ),
    estimator(losses.mmd_generator_loss, losses.GaussianKernel(FIVE), partial(gaussian, bandwidths=FIVE), True, ""),
    *(critic(repulsion, bounds) for repulsion in (-1.0, -0.5, 0.0, 0.5, 1.0, 2.0) for bounds in (None, (0.25, 1.5))),
    *(critic(repulsion, (0.25, 1.5), code_compat=True) for repulsion in (-1.0, 0.5, 1.0, 2.0)),
    *(
        LossCase(loss, draw(shape, shape), of_maps(reference), options, unequal=True, variant=variant)
        for variant, shape in (("scalars", (6,)), ("map", (5, 2, 3)), ("feature map", (5, 3, 2, 2)))
        for loss, options, reference in (
            (losses.mmd_generator_loss, {}, partial(mmd, kernel=partial(gaussian, bandwidths=ONE))),
            (losses.mmd_discriminator_loss, {}, partial(mmd_critic, repulsion=1.0)),
            (losses.mmd_discriminator_loss, {"repulsion": -1.0}, partial(mmd_critic, repulsion=-1.0)),
            (
                losses.mmd_discriminator_loss,
                {"bounds": (0.25, 4.0)},
                partial(mmd_critic, repulsion=1.0, bounds=(0.25, 4.0)),
            ),
        )
    ),
]
