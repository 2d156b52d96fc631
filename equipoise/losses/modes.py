"""Losses against missing modes: the regularisers of Reg-GAN and the four losses of MDGAN (Che et al. 2017).

An encoder E maps images to codes; G(E(x)) is an image's reconstruction. Scores are logits of any shape [batch, ...],
high for real: -log D = softplus(-s). The paper prints the mode regulariser with a plus sign in an objective to be
minimised, against its own text; here it has the minus sign (see docs/losses/modes.md).
"""

import torch

from equipoise.common.checks import check_choice, check_non_negative, check_pair, check_scores
from equipoise.common.precision import in_full_precision
from equipoise.losses.adversarial import non_saturating_generator_loss, softplus
from equipoise.losses.weighting import weighted


def _mean(squares: torch.Tensor) -> torch.Tensor:
    return squares.mean(dim=1)


def _sum(squares: torch.Tensor) -> torch.Tensor:
    return squares.sum(dim=1)


_REDUCTIONS = {"mean": _mean, "sum": _sum}


@in_full_precision
def mode_regulariser(encoded_scores: torch.Tensor) -> torch.Tensor:
    """-E log D(G(E(x))) (Che et al. 2017, section 3.2, with the sign put right): reconstructions should look real.

    Args:
        encoded_scores: [batch, ...], logits of the reconstructions G(E(x)).
    """
    check_scores(encoded_scores=encoded_scores)
    return softplus(-encoded_scores).mean()


@in_full_precision
def geometric_regulariser(images: torch.Tensor, reconstructions: torch.Tensor, reduction: str = "mean") -> torch.Tensor:
    """E d(x, G(E(x))) with d the squared error (Che et al. 2017, section 3.1).

    Args:
        images: [batch, ...], real images, or features of them.
        reconstructions: [batch, ...], G(E(x)), or the same features of it.
        reduction: of the squared errors of one image: "mean" over its pixels, or "sum". The paper does not say which;
            the weight that goes with it depends on it.
    """
    check_pair(images=images, reconstructions=reconstructions)
    check_choice("reduction", reduction, _REDUCTIONS)
    squares = (reconstructions - images).square().reshape(images.shape[0], -1)
    return _REDUCTIONS[reduction](squares).mean()


@in_full_precision
def reg_gan_encoder_loss(
    encoded_scores: torch.Tensor,
    images: torch.Tensor,
    reconstructions: torch.Tensor,
    geometric_weight: float = 0.2,
    mode_weight: float = 0.4,
    reduction: str = "mean",
) -> torch.Tensor:
    """T_E = E[lambda1 d(x, G(E(x))) - lambda2 log D(G(E(x)))] (Che et al. 2017, section 3.2, with the sign put right).

    Args:
        encoded_scores: [batch, ...], logits of the reconstructions G(E(x)).
        images: [batch, ...], real images.
        reconstructions: [batch, ...], G(E(x)).
        geometric_weight: lambda1, at least 0.
        mode_weight: lambda2, at least 0.
        reduction: as in `geometric_regulariser`.
    """
    check_non_negative("geometric_weight", geometric_weight)
    check_non_negative("mode_weight", mode_weight)
    distance = geometric_regulariser(images, reconstructions, reduction)
    return weighted(geometric_weight, distance) + weighted(mode_weight, mode_regulariser(encoded_scores))


@in_full_precision
def reg_gan_generator_loss(
    fake_scores: torch.Tensor,
    encoded_scores: torch.Tensor,
    images: torch.Tensor,
    reconstructions: torch.Tensor,
    geometric_weight: float = 0.2,
    mode_weight: float = 0.4,
    reduction: str = "mean",
) -> torch.Tensor:
    """T_G = -E log D(G(z)) + T_E (Che et al. 2017, section 3.2, with the sign put right).

    Args:
        fake_scores: [batch, ...], logits of generated images G(z).
        encoded_scores: [batch, ...], logits of the reconstructions G(E(x)).
        images: [batch, ...], real images.
        reconstructions: [batch, ...], G(E(x)).
        geometric_weight: lambda1, at least 0.
        mode_weight: lambda2, at least 0.
        reduction: as in `geometric_regulariser`.
    """
    regularisers = reg_gan_encoder_loss(
        encoded_scores, images, reconstructions, geometric_weight, mode_weight, reduction
    )
    return non_saturating_generator_loss(fake_scores) + regularisers


@in_full_precision
def manifold_discriminator_loss(real_scores: torch.Tensor, encoded_scores: torch.Tensor) -> torch.Tensor:
    """-E log D1(x) - E log(1 - D1(G(E(x)))): MDGAN's manifold step (Che et al. 2017, Appendix A, step 2).

    Args:
        real_scores: [batch, ...], logits of D1 for real images.
        encoded_scores: [batch, ...], logits of D1 for their reconstructions, in the shape of real_scores.
    """
    check_pair(real_scores=real_scores, encoded_scores=encoded_scores)
    return softplus(-real_scores).mean() + softplus(encoded_scores).mean()


@in_full_precision
def manifold_generator_loss(
    encoded_scores: torch.Tensor,
    images: torch.Tensor,
    reconstructions: torch.Tensor,
    adversarial_weight: float = 1.0,
    reduction: str = "mean",
) -> torch.Tensor:
    """E[||x - G(E(x))||^2 - lambda log D1(G(E(x)))], for generator and encoder (Che et al. 2017, Appendix A, step 3).

    Args:
        encoded_scores: [batch, ...], logits of D1 for the reconstructions.
        images: [batch, ...], real images.
        reconstructions: [batch, ...], G(E(x)).
        adversarial_weight: lambda, at least 0.
        reduction: as in `geometric_regulariser`.
    """
    check_non_negative("adversarial_weight", adversarial_weight)
    distance = geometric_regulariser(images, reconstructions, reduction)
    return distance + weighted(adversarial_weight, mode_regulariser(encoded_scores))


@in_full_precision
def diffusion_discriminator_loss(encoded_scores: torch.Tensor, fake_scores: torch.Tensor) -> torch.Tensor:
    """-E log D2(G(E(x))) - E log(1 - D2(G(z))): MDGAN's diffusion step (Che et al. 2017, Appendix A, step 6).

    The paper prints D2(z) for D2(G(z)).

    Args:
        encoded_scores: [batch, ...], logits of D2 for reconstructions, which play the real part.
        fake_scores: [batch, ...], logits of D2 for generated images, in the shape of encoded_scores.
    """
    check_pair(encoded_scores=encoded_scores, fake_scores=fake_scores)
    return softplus(-encoded_scores).mean() + softplus(fake_scores).mean()


@in_full_precision
def diffusion_generator_loss(fake_scores: torch.Tensor) -> torch.Tensor:
    """-E log D2(G(z)) (Che et al. 2017, Appendix A, step 7).

    Args:
        fake_scores: [batch, ...], logits of D2 for generated images.
    """
    return non_saturating_generator_loss(fake_scores)
