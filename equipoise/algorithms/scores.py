"""What adversarial algorithms share: generated images, and scores over all processes."""

from typing import Any, cast

import torch
from torch import Tensor

from equipoise.common.decisions import right_decisions
from equipoise.losses import minimax_generator_loss
from equipoise.training.distributed import gather, gather_each
from equipoise.training.draw import Draw
from equipoise.training.game import NOISE, Players
from equipoise.training.passes import together

ENCODED = "encoded"
"""The kind of batch whose latent vectors come from an encoder: its batch statistics are kept apart from noise's."""


def scores(players: Players, images: Tensor, player: str = "discriminator") -> Tensor:
    """A discriminator's scores of the images of all processes. Returns: [batch, ...]."""
    return gather(players[player](images))


def scores_of_each(players: Players, *batches: Tensor, player: str = "discriminator") -> tuple[Tensor, ...]:
    """`scores` of several batches, in one pass where no layer tells them apart: for a step of the discriminator alone.

    A step that trains the generator too is better off with a pass of its own for the generated images: its gradient
    then does not run through the real ones.
    """
    return gather_each(*together(players[player], *batches))


def scores_one_by_one(players: Players, *batches: Tensor, player: str = "discriminator") -> tuple[Tensor, ...]:
    """`scores` of several batches, in a pass for each and one message: for a step that trains the generator too."""
    return gather_each(*(players[player](batch) for batch in batches))


def features(players: Players, images: Tensor, player: str = "discriminator") -> Tensor:
    """A discriminator's last hidden features of the images of all processes. Returns: [batch, features]."""
    return gather(cast(Any, players[player]).features(images))


def told_latents(draw: Draw) -> Tensor:
    """Latent vectors for the generator, of the real batch's classes where the players are told them."""
    latents = draw.latent()
    return latents if draw.labels is None else draw.prior.of_classes(latents, draw.labels)


def told_classes(draw: Draw) -> Tensor | None:
    """The classes of the real batch of all processes, int64 [batch], where the players are told them."""
    return None if draw.labels is None else gather(draw.labels)


def fixed_fakes(players: Players, draw: Draw) -> Tensor:
    """Generated images for a discriminator's step: without gradient or change of the generator's batch statistics."""
    with torch.no_grad():
        images: Tensor = players["generator"](told_latents(draw))
    return images


def reconstructions(players: Players, images: Tensor) -> Tensor:
    """Reconstructions G(E(x)), as their own kind of batch. Returns: the shape of images."""
    decoded: Tensor = players["generator"](players["encoder"](images), batch_kind=ENCODED)
    return decoded


def encoded_inputs(players: Players, draw: Draw) -> dict[str, Tensor]:
    """The inputs of a generator that also decodes E(x), by the kind of batch."""
    return {NOISE: draw.latent(), ENCODED: players["encoder"](draw.real)}


def fixed_reconstructions(players: Players, images: Tensor) -> Tensor:
    """Reconstructions G(E(x)) for a discriminator's step: without gradient or change of batch statistics."""
    with torch.no_grad():
        return reconstructions(players, images)


def generated_part(fake_scores: Tensor) -> Tensor:
    """E softplus(s) = -E log(1 - D): the generated images' part of a discriminator's cross-entropy."""
    return -minimax_generator_loss(fake_scores)


def score_means(real_scores: Tensor, fake_scores: Tensor) -> dict[str, Tensor]:
    """The two means that every adversarial run logs, and the share of the discriminator's decisions that are right."""
    right = right_decisions(real_scores.flatten(), fake_scores.flatten())
    return {"real_score": real_scores.mean(), "fake_score": fake_scores.mean(), "right_decisions": right}
