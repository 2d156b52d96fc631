"""Losses on a discriminator's raw scores (no sigmoid): minimax, non-saturating, hinge, Wasserstein, least squares and
the relativistic pairing.

Every function takes scores of any shape [batch, ...], high for real, and returns a 0-dimensional tensor, the mean over
the batch and over all further positions: a discriminator that scores an image at n x n positions needs no other loss,
and one that gives several maps needs `over_maps`. Real and fake batches may differ in size, where no pairs are made.
With scores s, D = sigmoid(s) is the probability of being real, so that -log D = softplus(-s) and
-log(1 - D) = softplus(s).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn.functional import logsigmoid, relu

from equipoise.common.checks import check_non_negative, check_pair, check_scores, check_sides
from equipoise.common.precision import in_full_precision

PairLoss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""(real scores, fake scores), each [batch, ...] -> a 0-dimensional loss."""


@dataclass(frozen=True)
class AdversarialLoss:
    """The losses of both players, each called with (real scores, fake scores).

    Attributes:
        discriminator: what the discriminator minimises.
        generator: what the generator minimises.
        generator_needs_real: whether the generator's loss reads the real scores, as relativistic losses do. Where it
            does not, its step spares the pass over real images, and it is called with an empty tensor for them.
    """

    discriminator: PairLoss
    generator: PairLoss
    generator_needs_real: bool


def softplus(scores: torch.Tensor) -> torch.Tensor:
    """log(1 + exp(scores)), elementwise; exact to rounding everywhere, unlike torch's, which is linear above 20."""
    return -logsigmoid(-scores)


@in_full_precision
def minimax_discriminator_loss(real_scores: torch.Tensor, fake_scores: torch.Tensor) -> torch.Tensor:
    """E softplus(-s(x)) + E softplus(s(G(z))): the cross-entropy of real against fake (Goodfellow et al. 2014, Eq. 1).

    Args:
        real_scores: [batch, ...], logits of real samples.
        fake_scores: [batch, ...], logits of generated samples, in the shape of real_scores but for the batch.
    """
    check_sides(real_scores=real_scores, fake_scores=fake_scores)
    return softplus(-real_scores).mean() + softplus(fake_scores).mean()


@in_full_precision
def minimax_generator_loss(fake_scores: torch.Tensor) -> torch.Tensor:
    """-E softplus(s(G(z))) = E log(1 - D(G(z))) (Goodfellow et al. 2014, Eq. 1: the generator's part).

    Its gradient vanishes where the discriminator is sure; the non-saturating loss is the usual choice.

    Args:
        fake_scores: [batch, ...], logits of generated samples.
    """
    check_scores(fake_scores=fake_scores)
    return -softplus(fake_scores).mean()


@in_full_precision
def non_saturating_generator_loss(fake_scores: torch.Tensor) -> torch.Tensor:
    """E softplus(-s(G(z))) = -E log D(G(z)) (Goodfellow et al. 2014, section 3).

    Args:
        fake_scores: [batch, ...], logits of generated samples.
    """
    check_scores(fake_scores=fake_scores)
    return softplus(-fake_scores).mean()


@in_full_precision
def hinge_discriminator_loss(
    real_scores: torch.Tensor, fake_scores: torch.Tensor, margin: torch.Tensor | float = 1.0
) -> torch.Tensor:
    """E relu(m - s(x)) + E relu(m + s(G(z))), m = 1 (Lim and Ye 2017; Miyato et al. 2018, Eq. 16).

    Args:
        real_scores: [batch, ...], scores of real samples; [batch, n, n] for a map of scores.
        fake_scores: [batch, ...], scores of generated samples, in the shape of real_scores but for the batch.
        margin: m >= 0, a number or a 0-dimensional tensor.
    """
    check_sides(real_scores=real_scores, fake_scores=fake_scores)
    check_non_negative("margin", margin)
    return relu(margin - real_scores).mean() + relu(margin + fake_scores).mean()


@in_full_precision
def hinge_generator_loss(fake_scores: torch.Tensor) -> torch.Tensor:
    """-E s(G(z)) (Lim and Ye 2017; Miyato et al. 2018, Eq. 17).

    Args:
        fake_scores: [batch, ...], scores of generated samples.
    """
    check_scores(fake_scores=fake_scores)
    return -fake_scores.mean()


@in_full_precision
def wasserstein_discriminator_loss(real_scores: torch.Tensor, fake_scores: torch.Tensor) -> torch.Tensor:
    """E s(G(z)) - E s(x), for a discriminator that is kept Lipschitz (Arjovsky et al. 2017, Algorithm 1).

    Args:
        real_scores: [batch, ...], scores of real samples.
        fake_scores: [batch, ...], scores of generated samples, in the shape of real_scores but for the batch.
    """
    check_sides(real_scores=real_scores, fake_scores=fake_scores)
    return fake_scores.mean() - real_scores.mean()


@in_full_precision
def wasserstein_generator_loss(fake_scores: torch.Tensor) -> torch.Tensor:
    """-E s(G(z)) (Arjovsky et al. 2017, Algorithm 1).

    Args:
        fake_scores: [batch, ...], scores of generated samples.
    """
    check_scores(fake_scores=fake_scores)
    return -fake_scores.mean()


@in_full_precision
def least_squares_discriminator_loss(real_scores: torch.Tensor, fake_scores: torch.Tensor) -> torch.Tensor:
    """E (s(x) - 1)^2 / 2 + E s(G(z))^2 / 2 (Mao et al. 2017, Eq. 9: targets 0 for fake and 1 for real).

    Args:
        real_scores: [batch, ...], scores of real samples.
        fake_scores: [batch, ...], scores of generated samples, in the shape of real_scores but for the batch.
    """
    check_sides(real_scores=real_scores, fake_scores=fake_scores)
    return (real_scores - 1).square().mean() / 2 + fake_scores.square().mean() / 2


@in_full_precision
def least_squares_generator_loss(fake_scores: torch.Tensor) -> torch.Tensor:
    """E (s(G(z)) - 1)^2 / 2 (Mao et al. 2017, Eq. 9: target 1).

    Args:
        fake_scores: [batch, ...], scores of generated samples.
    """
    check_scores(fake_scores=fake_scores)
    return (fake_scores - 1).square().mean() / 2


@in_full_precision
def relativistic_discriminator_loss(real_scores: torch.Tensor, fake_scores: torch.Tensor) -> torch.Tensor:
    """E softplus(-(s(x) - s(G(z)))): each real sample against a fake one (Jolicoeur-Martineau 2018, the RSGAN).

    With zero-centred gradient penalties on both sides, R1 and R2, it is the loss of R3GAN (Huang et al. 2024).

    Args:
        real_scores: [batch, ...], logits of real samples.
        fake_scores: [batch, ...], logits of generated samples, in the shape of real_scores: they are paired in order.
    """
    check_pair(real_scores=real_scores, fake_scores=fake_scores)
    return softplus(fake_scores - real_scores).mean()


@in_full_precision
def relativistic_generator_loss(real_scores: torch.Tensor, fake_scores: torch.Tensor) -> torch.Tensor:
    """E softplus(-(s(G(z)) - s(x))): the discriminator's loss with the sides exchanged (Jolicoeur-Martineau 2018).

    Args:
        real_scores: [batch, ...], logits of real samples.
        fake_scores: [batch, ...], logits of generated samples, in the shape of real_scores: they are paired in order.
    """
    check_pair(real_scores=real_scores, fake_scores=fake_scores)
    return softplus(real_scores - fake_scores).mean()


@dataclass(frozen=True)
class _OfFakes:
    """A loss of fake scores alone, called as one of both; a class, so that it can be pickled."""

    loss: Callable[[torch.Tensor], torch.Tensor]

    def __call__(self, real_scores: torch.Tensor, fake_scores: torch.Tensor) -> torch.Tensor:
        return self.loss(fake_scores)


NON_SATURATING = AdversarialLoss(minimax_discriminator_loss, _OfFakes(non_saturating_generator_loss), False)
"""The generator raises the probability of its samples."""
MINIMAX = AdversarialLoss(minimax_discriminator_loss, _OfFakes(minimax_generator_loss), False)
"""One number, which the two players push in opposite directions."""
HINGE = AdversarialLoss(hinge_discriminator_loss, _OfFakes(hinge_generator_loss), False)
"""Scores beyond a margin of 1 are left alone."""
WASSERSTEIN = AdversarialLoss(wasserstein_discriminator_loss, _OfFakes(wasserstein_generator_loss), False)
"""The difference of mean scores, for a discriminator that is kept Lipschitz."""
LEAST_SQUARES = AdversarialLoss(least_squares_discriminator_loss, _OfFakes(least_squares_generator_loss), False)
"""Every score is pulled to a target."""
RELATIVISTIC = AdversarialLoss(relativistic_discriminator_loss, relativistic_generator_loss, True)
"""Only the difference between a real and a fake score counts, for both players."""
