"""Rows of the table of losses: the amplified hinge on maps of scores."""

from collections.abc import Callable

from equipoise import losses
from equipoise.testing.losses import LossCase, draw
from tests.contracts.losses.references import mean_of

AMPLIFICATION: dict[str, Callable[[float], float]] = {
    "magnitude": lambda y: abs(min(y, 1)),
    "literal": lambda y: min(y, 1),
    "zero": lambda y: max(-y, 0),
    "zero-literal": lambda y: min(y, 0),
    "margin": lambda y: 1 + max(1 - y, 0),
}


# Functions of one score whose slope is -A(y): a loss that holds A constant has their gradient.
POTENTIAL: dict[str, Callable[[float], float]] = {
    "magnitude": lambda y: y * y / 2 if y < 0 else (-y * y / 2 if y < 1 else 0.5 - y),
    "literal": lambda y: -y * y / 2 if y < 1 else 0.5 - y,
    "zero": lambda y: y * y / 2 if y < 0 else 0.0,
    "zero-literal": lambda y: -y * y / 2 if y < 0 else 0.0,
    "margin": lambda y: -y + max(1 - y, 0) ** 2 / 2,
}


def spatial(amplifier: str, shape: tuple[int, ...] = (3, 4, 4), variant: str = "") -> LossCase:
    return LossCase(
        losses.spatial_generator_loss,
        draw(shape, scale=2.0),
        lambda y: -mean_of(lambda s: s * AMPLIFICATION[amplifier](s), y),
        {"amplifier": amplifier},
        potential=lambda y: mean_of(POTENTIAL[amplifier], y),
        refused=({"amplifier": "loud"}, {"amplifier": ["zero"]}),
        variant=f"{amplifier} {variant}".strip(),
    )


ROWS = [
    *(spatial(amplifier) for amplifier in AMPLIFICATION),
    spatial("margin", (3, 7), "signal"),
    spatial("magnitude", (3, 1, 4, 2), "with a channel"),
]
