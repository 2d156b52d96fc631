"""The spatially decomposed hinge loss by a local gradient amplifier (LGA): worst regions count most.

A discriminator scores an image at n x n positions, Y: [batch, n, n] or [batch, 1, n, n], or a signal at n, and is
trained with `hinge_discriminator_loss` on all of them. The generator's loss is -E Y, with the gradient of each position
multiplied by an amplification A(Y).
The formula as printed turns the gradient around wherever Y < 0; docs/losses/spatial.md shows it and derives "margin".
"""

import torch
from torch.nn.functional import relu

from equipoise.common.checks import check_scores
from equipoise.common.precision import in_full_precision
from equipoise.losses.catalogue import AMPLIFIERS


def magnitude(score_map: torch.Tensor) -> torch.Tensor:
    """|min(Y, 1)|."""
    return score_map.clamp(max=1).abs()


def literal(score_map: torch.Tensor) -> torch.Tensor:
    """min(Y, 1)."""
    return score_map.clamp(max=1)


def zero(score_map: torch.Tensor) -> torch.Tensor:
    """relu(-Y)."""
    return relu(-score_map)


def zero_literal(score_map: torch.Tensor) -> torch.Tensor:
    """min(Y, 0)."""
    return score_map.clamp(max=0)


def margin(score_map: torch.Tensor) -> torch.Tensor:
    """1 + relu(1 - Y)."""
    return 1 + relu(1 - score_map)


@in_full_precision
def spatial_generator_loss(score_map: torch.Tensor, amplifier: str = "magnitude") -> torch.Tensor:
    """-E[Y A(Y)] over the batch and all positions, with A held constant (Spatially decomposed hinge loss, Eq. 13-15).

    The value has no meaning of its own; watch the mean of the score map beside it. The gradient is -A(Y) / (batch n n).

    Args:
        score_map: [batch, n, n], the discriminator's scores of generated images at n x n positions, high for real; or
            [batch, ...] with any other positions.
        amplifier: A(Y), one of
            "magnitude": |min(Y, 1)|, the printed formula with its sign put right;
            "zero": relu(-Y), the same for the variant that gives realistic positions no gradient;
            "margin": 1 + relu(1 - Y), continuous, at least 1, and larger the further a position is below the margin;
            "literal" and "zero-literal": min(Y, 1) and min(Y, 0) as printed, for demonstration only: both push
            unrealistic positions further from the real ones.
    """
    check_scores(score_map=score_map)
    if score_map.ndim == 1:
        raise ValueError(f"score_map must have shape [batch, n, n] or other positions, got {tuple(score_map.shape)}.")
    amplification: torch.Tensor = AMPLIFIERS.load(amplifier)(score_map.detach())
    return -(score_map * amplification).mean()
