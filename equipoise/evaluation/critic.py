"""The player of a run that scores images."""

from equipoise.common.errors import EquipoiseError
from equipoise.experiments.experiment import Experiment
from equipoise.networks.network import Discriminator


def critic_of(experiment: Experiment, otherwise: str) -> str:
    """The name of the first player that takes images alone and gives scores or features of each.

    Args:
        experiment: whose players.
        otherwise: what the message says where there is none.

    Raises:
        EquipoiseError: there is none, as with auto-encoders and joint discriminators.
    """
    for name, player in experiment.players.items():
        if issubclass(player.network.cls, Discriminator):
            return name
    raise EquipoiseError(f"no player of {experiment.name} scores images alone; {otherwise}")
