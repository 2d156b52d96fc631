"""Scores of a run's discriminator: do its outputs keep classes of real images apart (Wang et al. 2019, Figure 4)?"""

import torch
from torch import Tensor

from equipoise.common.checks import NotFiniteError
from equipoise.common.errors import EquipoiseError
from equipoise.common.random import spread_places
from equipoise.evaluation.critic import critic_of
from equipoise.evaluation.evidence import Evidence, Score
from equipoise.evaluation.sampling import evaluation_mode
from equipoise.metrics.class_separation import class_silhouette, neighbour_purity

IMAGES = 2560
"""Real images whose outputs are looked at, as in the paper."""
_NEIGHBOURS, _AT_ONCE, _FEW = 10, 256, 64


def score_critic_silhouette(evidence: Evidence) -> Score:
    """Mean silhouette of the discriminator's outputs for 2,560 real images, by class."""
    outputs, labels = critic_outputs(evidence)
    return _score("critic-silhouette", evidence, class_silhouette(outputs, labels), len(labels), outputs.shape[1])


def score_critic_purity(evidence: Evidence) -> Score:
    """Share of the 10 nearest neighbours that are of an image's class, by the discriminator's outputs."""
    outputs, labels = critic_outputs(evidence)
    value = neighbour_purity(outputs, labels, min(_NEIGHBOURS, len(labels) - 1))
    return _score("critic-purity", evidence, value, len(labels), outputs.shape[1])


@torch.no_grad()
def critic_outputs(evidence: Evidence) -> tuple[Tensor, Tensor]:
    """The discriminator's outputs [images, features] for 2,560 real images, spread over them, or all; and their labels.

    Raises:
        EquipoiseError: the data have no labels, no player scores images, or only the generator is at hand.
        NotFiniteError: the discriminator has diverged.
    """
    data, device, labels = evidence.data, evidence.device, evidence.labels(" to tell classes by")
    name = critic_of(evidence.experiment, "its outputs were to be looked at.")
    if evidence.load_player is None:
        raise EquipoiseError("this metric needs the outputs of a discriminator, and only a generator is available.")
    critic = evidence.load_player(name)
    count = min(len(data), _FEW if evidence.few_samples else IMAGES)
    chosen = spread_places(count, len(data))
    with evaluation_mode(critic):
        batches = (data.batch(part, evidence.experiment.value_range) for part in chosen.split(_AT_ONCE))
        outputs = torch.cat([critic(batch.to(device)).reshape(len(batch), -1) for batch in batches])
    if not bool(torch.isfinite(outputs).all()):
        raise NotFiniteError("the discriminator's outputs are not finite numbers.")
    return outputs, labels[chosen]


def _score(name: str, evidence: Evidence, value: float, count: int, features: int) -> Score:
    kind = evidence.experiment.players[critic_of(evidence.experiment, "")].network.kind
    called = f"{name}, {_NEIGHBOURS} neighbours" if name == "critic-purity" else name
    passport = evidence.passport(called, f"the run's own {kind}", real_count=count, features=features)
    return Score(name, value, None, passport | {"generated_count": 0})
