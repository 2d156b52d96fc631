"""A discriminator's decisions: how many of its scores are on the right side."""

from torch import Tensor


def right_decisions(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """The share of scores on the right side of the middle between the two means: real above, fake below.

    It is 1 for a discriminator that makes no error, about 1/2 for one that cannot tell, and less where it takes fake
    for real. A score in the middle counts one half: who gives the same score to all is right in half of the cases. It
    needs no zero of the scores, so that it means the same for every loss; it is not differentiated.

    Args:
        real_scores: [..., real], as `fake_scores` [..., fake].

    Returns:
        [...] in [0, 1], float32; NaN where a score is NaN or infinite.

    Examples:
        >>> import torch
        >>> right_decisions(torch.tensor([5.0, 6.0]), torch.tensor([1.0, 7.0]))
        tensor(0.7500)
    """
    real, fake = real_scores.detach(), fake_scores.detach()
    middle = (real.mean(dim=-1, keepdim=True) + fake.mean(dim=-1, keepdim=True)) / 2
    right = (_share_above(real, middle) + _share_above(-fake, -middle)) / 2
    return right + middle.squeeze(-1).float() * 0.0  # NaN where the middle is not finite


def _share_above(scores: Tensor, middle: Tensor) -> Tensor:
    return ((scores > middle).float() + (scores >= middle).float()).mean(dim=-1) / 2
