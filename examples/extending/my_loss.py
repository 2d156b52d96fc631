"""A loss of your own: the relativistic loss, real images against fake ones in pairs (Jolicoeur-Martineau 2018).

equipoise --plugin examples/extending/my_loss.py train gan-digits --set algorithm.loss=my-relativistic
"""

from torch import Tensor

import equipoise
from equipoise.common.checks import check_pair
from equipoise.common.precision import in_full_precision
from equipoise.losses.adversarial import softplus


@in_full_precision
def relativistic_discriminator_loss(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """E softplus(-(s(x) - s(G(z)))): a real image should score higher than the fake one beside it.

    Args:
        real_scores: [batch, ...], raw scores of real images.
        fake_scores: [batch, ...], raw scores of generated images, in the shape of real_scores.
    """
    check_pair(real_scores=real_scores, fake_scores=fake_scores)
    return softplus(fake_scores - real_scores).mean()


@in_full_precision
def relativistic_generator_loss(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """E softplus(-(s(G(z)) - s(x))): the same with the two sides exchanged.

    Args:
        real_scores: [batch, ...], raw scores of real images.
        fake_scores: [batch, ...], raw scores of generated images, in the shape of real_scores.
    """
    check_pair(real_scores=real_scores, fake_scores=fake_scores)
    return softplus(real_scores - fake_scores).mean()


MY_LOSS = equipoise.AdversarialLoss(
    discriminator=relativistic_discriminator_loss,
    generator=relativistic_generator_loss,
    generator_needs_real=True,
)

equipoise.register(loss=equipoise.Entry("my-relativistic", "real against fake, in pairs", MY_LOSS))
