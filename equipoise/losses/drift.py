"""Where kernels move generated samples: down the slope of MMD^2 (MMD flow), or by mean shifts (drifting).

With y+ the data, y- the generated samples and k(d^2) the kernel, a sample x moves along

    -grad f(x) = E[w(x, y+) (y+ - x)] - E[w(x, y-) (y- - x)],   w = -2 k'(d^2)              (MMD flow)
    V(x) = E[k(x, y+) (y+ - x)] / E k(x, y+) - E[k(x, y-) (y- - x)] / E k(x, y-)            (drifting)

So drifting is the flow of a kernel with the slope -k / 2, in which each side is divided by its own weights.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, get_args

import torch
from torch import Tensor

from equipoise.common.checks import check_non_negative
from equipoise.common.errors import UnknownName
from equipoise.common.precision import in_full_precision
from equipoise.losses.distances import squared_distances
from equipoise.losses.kernels import Kernel, check_widths, distance_kernel

DriftKernel = Literal["laplace", "gaussian", "rational-quadratic"]
"""The kernels that are above 0 everywhere, by name."""
Division = Literal["sides", "joint"]
"""What the weights of a drift are divided by."""

_LOGARITHMS: Mapping[DriftKernel, Callable[[Tensor, float], Tensor]] = {
    "laplace": lambda distances, tau: distance_kernel(distances, (tau,)),
    "gaussian": lambda distances, sigma: distances / (-2 * sigma**2),
    "rational-quadratic": lambda distances, alpha: torch.log1p(distances / (2 * alpha)) * -alpha,
}
"""The logarithm of each kernel, of squared distances and one width: no weight of a far pair is lost to rounding."""


@in_full_precision
def witness(points: Tensor, real: Tensor, fake: Tensor, kernel: Kernel) -> Tensor:
    """f(x) = E k(x, y-) - E k(x, y+), which MMD flow descends (Arbel et al. 2019, Eq. 2).

    For points that are the fakes themselves, its gradient is that of MMD^2 over all pairs times batch / 2.

    Args:
        points: [points, features], where it is found.
        real: [batch, features].
        fake: [other batch, features].
        kernel: a function of squared distances.

    Returns: [points].
    """
    pushed, pulled = kernel(squared_distances(points, fake)), kernel(squared_distances(points, real))
    return pushed.mean(dim=1) - pulled.mean(dim=1)


@in_full_precision
def drift(
    points: Tensor,
    real: Tensor,
    fake: Tensor | None = None,
    kernel: DriftKernel = "laplace",
    widths: Sequence[float] = (1.0,),
    repulsion: float = 1.0,
    division: Division = "sides",
) -> Tensor:
    """V(x), from x to where it drifts, as a mean over the widths (Deng et al. 2026, Eq. 8 to 11).

    With repulsion 1 it changes its sign with the roles of real and fake, so it is 0 where these are the same.

    Args:
        points: [points, features], at least two without `fake`.
        real: [batch, features], which attract.
        fake: [other batch, features], which repel; None for the points, of which none repels itself.
        kernel: by name.
        widths: its sigmas, alphas or taus.
        repulsion: a factor of the fakes' part; 0 leaves the attraction alone.
        division: "sides", as in the formula; or "joint", as in the paper's Algorithm 2: the square root of each weight
            over the sum of its row times that over its column, and each side times the sum of the other's weights.

    Returns: [points, features].
    """
    if kernel not in _LOGARITHMS:
        raise UnknownName("kernel of a drift", kernel, _LOGARITHMS)
    if division not in get_args(Division):
        raise UnknownName("division", division, get_args(Division))
    check_widths("widths", widths)
    check_non_negative("repulsion", repulsion)
    if fake is None and len(points) < 2:
        raise ValueError("points must be at least two where they repel each other.")
    others = points if fake is None else fake
    to_real, to_fake = squared_distances(points, real), squared_distances(points, others)
    total = torch.zeros_like(points)
    for width in widths:
        on_real, on_fake = (_LOGARITHMS[kernel](distances, width) for distances in (to_real, to_fake))
        if fake is None:
            on_fake = on_fake.masked_fill(torch.eye(len(points), dtype=torch.bool, device=points.device), -math.inf)
        pull, push = _weights(on_real, on_fake, division)
        total = total + _shift(points, real, pull) - repulsion * _shift(points, others, push)
    return total / len(widths)


def drifting_loss(real: Tensor, fake: Tensor, moved: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """E ||y- - stop(y- + V(y-))||^2: its value is the drift's mean square, its gradient -2 V / batch.

    Args:
        real: [batch, features].
        fake: [batch, features].
        moved: fake and real samples to the drift, such as `drift`.

    Returns: 0-dimensional.
    """
    target = fake.detach() + moved(fake.detach(), real.detach())
    return (fake - target.detach()).square().sum(dim=1).mean()


def _shift(points: Tensor, others: Tensor, weights: Tensor) -> Tensor:
    """sum_j weights (others_j - points), of rows less a common centre: far from the origin they keep their digits."""
    centre = others.detach().mean(dim=0)
    return weights @ (others - centre) - weights.sum(dim=1, keepdim=True) * (points - centre)


def _weights(on_real: Tensor, on_fake: Tensor, division: Division) -> tuple[Tensor, Tensor]:
    """Of each side, from logarithms [points, batch]."""
    if division == "sides":
        return on_real.softmax(dim=1), on_fake.softmax(dim=1)
    both = torch.cat([on_real, on_fake], dim=1)
    geometric = ((both.log_softmax(dim=1) + both.log_softmax(dim=0)) / 2).exp()
    pull, push = geometric.split([on_real.shape[1], on_fake.shape[1]], dim=1)
    return pull * push.sum(dim=1, keepdim=True), push * pull.sum(dim=1, keepdim=True)
