"""The directions of a latent space along which samples change most, and moving along them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from equipoise.common.errors import EquipoiseError
from equipoise.common.random import stream
from equipoise.evaluation.sampling import evaluation_mode
from equipoise.training.draw import Latent

_INF = float("inf")
_SUPPORT = {"normal": (1.0, -_INF, _INF), "uniform": (3**-0.5, -1.0, 1.0), "unit": (12**-0.5, 0.0, 1.0)}
"""Each distribution's standard deviation, and its smallest and largest value."""
_PROBES = 256
_POOLED_SIDE = 32
_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Directions:
    """The main directions of a generator's latent space.

    Attributes:
        vectors: [count, latent size], orthonormal if from the first layer, otherwise of length 1; the strongest first.
            They leave the dimensions that name a class alone.
        origin: where they come from, in words.
    """

    vectors: Tensor
    origin: str


def moved(prior: Latent, latent: Tensor, directions: Tensor, amounts: Tensor) -> Tensor:
    """A latent vector [size], moved along directions [count, size] by amounts [count] in standard deviations.

    It never leaves the values that the prior can have.
    """
    deviation, low, high = _SUPPORT[prior.distribution]
    step: Tensor = deviation * amounts.to(latent) @ directions.to(latent)
    return (latent + step).clamp(low, high)


@torch.no_grad()
def main_directions(generator: nn.Module, prior: Latent, count: int) -> Directions:
    """At most `count` directions along which samples change most.

    Where the first layer is linear in the latents, as in nearly all generators, they are those of `weight_directions`.
    Otherwise they are those of `regressed_directions` for the samples themselves, averaged down to 32x32 pixels.

    Args:
        generator: latent [batch, size] -> samples [batch, ...]; it is left as it was.
        prior: the latent distribution.
        count: how many; there are no more than free dimensions of the latents.

    Raises:
        EquipoiseError: the samples are not finite.
    """
    latents = prior.sample(_PROBES, stream(0, "directions/latent"))
    free, device = prior.size - prior.classes, next(generator.parameters()).device
    with evaluation_mode(generator):
        weight = _first_weight(generator, latents[:4].to(device))
        samples = None if weight is not None else _pooled(generator(latents.to(device)))
    if weight is not None:
        found, origin = weight_directions(weight[:, :free]), "the generator's first layer"
    else:
        assert samples is not None
        if not samples.isfinite().all():
            raise EquipoiseError("the generator has diverged: its pictures are not finite.")
        found, origin = regressed_directions(samples, latents[:, :free], count), "a sample of its pictures"
    found = found[:count]
    return Directions(torch.cat([found, found.new_zeros(len(found), prior.classes)], dim=1).float(), origin)


def weight_directions(weight: Tensor) -> Tensor:
    """The unit vectors n that change A n most: the eigenvectors of A^T A (SeFa, Shen and Zhou 2021).

    For normal latents they are also the principal directions of the layer's response, which GANSpace finds by sampling.

    Args:
        weight: A, [outputs, latent size].

    Returns: [latent size, latent size], float64 on the CPU, a direction per row, the strongest first; the largest
        component of each is positive.
    """
    exact = weight.double().cpu()
    vectors = torch.linalg.eigh(exact.T @ exact).eigenvectors
    return _signed(vectors.T.flip(0))


def regressed_directions(samples: Tensor, latents: Tensor, count: int) -> Tensor:
    """Principal components of the samples, carried over to the latents (GANSpace, Härkönen et al. 2020).

    With x_jk the coordinate of sample j on component k, direction k is the u that minimises sum_j |x_jk u - z_j|^2,
    which is sum_j x_jk z_j up to its length.

    Args:
        samples: [batch, features].
        latents: z, [batch, latent size].
        count: of components.

    Returns: [at most count, latent size], float64 on the CPU, of length 1; the largest component of each is positive.
    """
    exact, noise = samples.double().cpu(), latents.double().cpu()
    left, strengths, _ = torch.linalg.svd(exact - exact.mean(0), full_matrices=False)
    most = min(count, noise.shape[1], int((strengths > 1e-9 * strengths[:1]).sum()))
    return _signed(nn.functional.normalize(left[:, :most].T @ (noise - noise.mean(0)), dim=1))


def _signed(vectors: Tensor) -> Tensor:
    largest = vectors.abs().argmax(dim=1, keepdim=True)
    return vectors * vectors.gather(1, largest).sign()


def _pooled(samples: Tensor) -> Tensor:
    side = min(_POOLED_SIDE, *samples.shape[2:]) if samples.ndim == 4 else 0
    small = nn.functional.adaptive_avg_pool2d(samples, side) if side else samples
    return small.flatten(1)


def _first_weight(generator: nn.Module, latents: Tensor) -> Tensor | None:
    """The matrix [outputs, latent size] of the first layer that computes with the latents; None if it isn't linear.

    It is read from the layer's answers to unit vectors, so that the kind of layer and its constraint do not matter.
    """
    layer, shape = _first_layer(generator, latents)
    if layer is None:
        return None

    def answer(vectors: Tensor) -> Tensor:
        return layer(vectors.reshape(-1, *shape)).flatten(1)  # type: ignore[no-any-return]

    offset = answer(torch.zeros_like(latents[:1]))
    weight = answer(torch.eye(latents.shape[1]).to(latents)) - offset
    expected = answer(latents)
    error = (expected - offset - latents @ weight).norm()
    return weight.T if error <= _TOLERANCE * expected.norm() else None


def _first_layer(generator: nn.Module, latents: Tensor) -> tuple[nn.Module | None, torch.Size]:
    """The first layer with weights that is given the latents, and the shape in which it is given one."""
    found: list[tuple[nn.Module, torch.Size]] = []

    def watch(module: nn.Module, given: tuple[Any, ...], _: Any) -> None:
        if not found and given and isinstance(given[0], Tensor) and next(module.parameters(), None) is not None:
            same = given[0].numel() == latents.numel() and len(given[0]) == len(latents)
            if same and torch.equal(given[0].flatten(1), latents):
                found.append((module, given[0].shape[1:]))

    remove: list[Callable[[], None]] = [each.register_forward_hook(watch).remove for each in generator.modules()]
    try:
        generator(latents)
    finally:
        for each in remove:
            each()
    return found[0] if found else (None, torch.Size())
