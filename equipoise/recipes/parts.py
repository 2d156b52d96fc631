"""Building blocks of recipes."""

from typing import Any

from equipoise.experiments.experiment import NetworkConfig, Player
from equipoise.training.optimisers import Optimiser


def two_players(
    generator: NetworkConfig,
    discriminator: NetworkConfig,
    optimiser: Optimiser,
    second: Optimiser | None = None,
    **fields: Any,
) -> dict[str, Player]:
    """Generator and discriminator.

    Args:
        generator: its network.
        discriminator: its network.
        optimiser: of the generator, and of the discriminator unless it has one of its own.
        second: the discriminator's own.
        fields: further fields of the discriminator, as its constraint.
    """
    return {
        "generator": Player(network=generator, optimiser=optimiser),
        "discriminator": Player(network=discriminator, optimiser=second or optimiser, **fields),
    }
