"""Finds imbalances between the players from windows of scores, losses and gradients."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

KEPT, WARM_UP, PATIENCE = 12, 6, 4
"""Windows that are remembered, that pass before one is judged, and that must find the same in a row."""
NO_ERROR, CHANCE = 0.98, 0.47
"""A discriminator that is right more often makes no error that a generator could learn from; less often, it lags."""
FLAT = 0.005
"""Its loss, over its largest, below which it has nothing left to learn."""
CROSSINGS, SWING = 4, 0.03
"""How often the share of right decisions must cross one half in 12 windows, and how much it must change at a time."""


class Window(NamedTuple):
    """Means over the steps of a window; what was never given is NaN."""

    real: float
    fake: float
    right: float
    discriminator_loss: float
    generator_loss: float
    discriminator_gradient: float
    generator_gradient: float


def imbalances(windows: Sequence[Window], saturation: float) -> dict[str, str]:
    """The problems in the newest window, compared with earlier ones: what was seen, by the problem's name.

    Args:
        windows: the newest, oldest first.
        saturation: the discriminator's loss in the newest, over its largest so far; NaN where that is not known.
    """
    right = [window.right for window in windows]
    wrong: dict[str, str] = {}
    if right[-1] > NO_ERROR:
        wrong["discriminator wins"] = (
            f"{right[-1]:.1%} of the discriminator's decisions are right, above {NO_ERROR:.0%}"
        )
    elif saturation < FLAT:
        seen = f"the discriminator's loss has fallen to {saturation:.1%} of its largest, below {FLAT:.1%}"
        wrong["discriminator wins"] = seen
    if right[-1] < CHANCE:
        wrong["generator wins"] = (
            f"only {right[-1]:.0%} of the discriminator's decisions are right, below {CHANCE:.0%}, which is less than "
            "chance"
        )
    if swings := oscillation(right):
        wrong["oscillation"] = swings
    return wrong


def oscillation(right: Sequence[float]) -> str:
    """The words for a share of right decisions that swings around one half; "" if it does not."""
    crossings = sum((a > 0.5) != (b > 0.5) for a, b in pairwise(right))
    swing = sum(abs(a - b) for a, b in pairwise(right)) / max(len(right) - 1, 1)
    if len(right) < KEPT or crossings < CROSSINGS or not swing > SWING:
        return ""
    return (
        f"the share of right decisions crossed one half {crossings} times in {len(right)} windows, and changed by "
        f"{swing:.0%} from one to the next, above {SWING:.0%}"
    )


def values_of(window: Window, saturation: float) -> dict[str, float]:
    """The numbers of a window that a report shows: those that are known."""
    ratio = window.generator_gradient / window.discriminator_gradient if window.discriminator_gradient else math.nan
    values = {
        "margin": window.real - window.fake,
        "right_decisions": window.right,
        "gradient_ratio": ratio,
        "saturation": saturation,
    }
    return {name: value for name, value in values.items() if not math.isnan(value)}
