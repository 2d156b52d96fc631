"""The player of a run that scores images."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from equipoise.common.errors import EquipoiseError
from equipoise.evaluation.maker import Rating
from equipoise.evaluation.sampling import evaluation_mode
from equipoise.experiments.experiment import Experiment
from equipoise.networks.network import AutoEncoder, Discriminator

_AT_ONCE = 64


def critic_of(experiment: Experiment, otherwise: str) -> str:
    """The name of the first player that takes images alone and gives scores or features of each.

    Args:
        experiment: whose players.
        otherwise: what the message says where there is none.

    Raises:
        EquipoiseError: there is none, as with auto-encoders and joint discriminators.
    """
    return _first(experiment, (Discriminator,), otherwise)


def rating_of(experiment: Experiment, load_player: Callable[[str], nn.Module]) -> Rating:
    """How real images look to a run's discriminator: its score, the mean of its map, or less error of its auto-encoder.

    Args:
        experiment: the run's.
        load_player: gives a player of it by its name.

    Raises:
        EquipoiseError: no player scores images alone, or it gives features of them in place of a score.
    """
    otherwise = "the best samples cannot be chosen."
    name = _first(experiment, (Discriminator, AutoEncoder), otherwise)
    if experiment.players[name].network.all_options().get("output_size") not in (None, 1):
        raise EquipoiseError(f"the {name} of {experiment.name} gives features, and no score of an image; {otherwise}")
    critic, told = load_player(name), experiment.latent.classes
    device = next(critic.parameters()).device

    @torch.no_grad()
    def rate(images: Tensor, latents: Tensor) -> Tensor:
        with evaluation_mode(critic):
            pairs = zip(images.split(_AT_ONCE), latents[:, -told:].split(_AT_ONCE), strict=True)
            return torch.cat([_scores(critic, some.to(device), named.to(device)).cpu() for some, named in pairs])

    return rate


def _scores(critic: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    """One number for each image, high for real: [batch]."""
    if isinstance(critic, AutoEncoder):
        scores: Tensor = -(critic(images) - images).square()
    else:
        told = isinstance(critic, Discriminator) and critic.classes > 0
        scores = critic(images, classes) if told else critic(images)
    return scores.reshape(len(images), -1).mean(1)


def _first(experiment: Experiment, kinds: tuple[type[nn.Module], ...], otherwise: str) -> str:
    for name, player in experiment.players.items():
        if issubclass(player.network.cls, kinds):
            return name
    raise EquipoiseError(f"no player of {experiment.name} scores images alone; {otherwise}")
