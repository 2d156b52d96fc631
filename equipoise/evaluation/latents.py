"""Latent vectors for samples: by seed, truncated, and on the way from one to another."""

from collections.abc import Sequence

import torch
from torch import Tensor

from equipoise.common.random import stream
from equipoise.training.draw import Latent

BATCH = 500
"""Latent vectors are drawn so many at a time: the address of a batch is the seed and its number."""
_ALMOST_PARALLEL = 1e-4


def latent_batch(prior: Latent, seed: int, number: int, purpose: str = "samples") -> Tensor:
    """Batch `number` of the latent vectors of a seed. Returns: [500, size] on the CPU."""
    return prior.sample(BATCH, stream(seed, f"{purpose}/latent", number))


def latents_of_seeds(prior: Latent, seeds: Sequence[int]) -> Tensor:
    """For each seed the vector of its first sample. Returns: [seeds, size] on the CPU."""
    return torch.cat([latent_batch(prior, seed, 0)[:1] for seed in seeds])


def of_class(prior: Latent, latents: Tensor, number: int | None) -> Tensor:
    """The same latent vectors [batch, size], all of one class; for None each keeps its own."""
    return latents if number is None else prior.of_classes(latents, torch.full((len(latents),), number))


def truncated(prior: Latent, latents: Tensor, truncation: float) -> Tensor:
    """mean + truncation (z - mean), with the mean of the prior; the dimensions that name a class stay.

    This is StyleGAN's truncation (Karras et al. 2019, appendix B) on z itself, as there is no mapping network.

    Args:
        prior: the distribution of `latents`.
        latents: [batch, size].
        truncation: 1 changes nothing, and 0 makes all vectors the mean.
    """
    noise = prior.size - prior.classes
    mean = 0.5 if prior.distribution == "unit" else 0.0
    return torch.cat([mean + truncation * (latents[:, :noise] - mean), latents[:, noise:]], dim=1)


def between(prior: Latent, start: Tensor, end: Tensor, share: Tensor) -> Tensor:
    """Latent vectors on the way from one to another: on an arc for a normal prior, on a line for the others.

    On a line between two normal vectors the length drops, to where hardly any latents are; an arc keeps it (White
    2016, "Sampling generative networks"). Dimensions that name a class go on a line.

    Args:
        prior: the latent distribution.
        start: [batch, size].
        end: [batch, size].
        share: [batch, 1], 0 for the start and 1 for the end.

    Returns: [batch, size].
    """
    noise = prior.size - prior.classes
    way = spherical if prior.distribution == "normal" else torch.lerp
    first, last, part = start.double(), end.double(), share.double()
    parts = way(first[:, :noise], last[:, :noise], part), torch.lerp(first[:, noise:], last[:, noise:], part)
    return torch.cat(parts, dim=1).to(start.dtype)


def round_trip(prior: Latent, stops: Tensor, frames: int) -> Tensor:
    """A closed way through latent vectors, back to the first: on arcs for a normal prior, else on straight lines.

    Args:
        prior: the distribution of the latents.
        stops: [stops, size].
        frames: steps from each stop to the next one; the first of them is the stop itself.

    Returns: [stops * frames, size].
    """
    start, end = (each.repeat_interleave(frames, dim=0) for each in (stops, stops.roll(-1, dims=0)))
    share = torch.arange(frames, dtype=torch.float64).repeat(len(stops))[:, None] / frames
    return between(prior, start, end, share)


def spherical(start: Tensor, end: Tensor, share: Tensor) -> Tensor:
    """sin((1 - t) w) / sin w * start + sin(t w) / sin w * end, with the angle w between the two (Shoemake 1985).

    Vectors on one line have no arc between them, and are joined by that line.

    Args:
        start: [batch, size].
        end: [batch, size].
        share: t, [batch, 1] in [0, 1].
    """
    lengths = (start.norm(dim=1, keepdim=True) * end.norm(dim=1, keepdim=True)).clamp_min(1e-300)
    angle = ((start * end).sum(dim=1, keepdim=True) / lengths).clamp(-1, 1).acos()
    sine = angle.sin()
    straight = sine < _ALMOST_PARALLEL
    arc = (((1 - share) * angle).sin() * start + (share * angle).sin() * end) / sine.masked_fill(straight, 1)
    return torch.where(straight, torch.lerp(start, end, share), arc)
