"""The averaged generator with batch statistics of its own instead of the live generator's."""

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from equipoise.common.random import stream
from equipoise.constraints import advance_spectral_norms
from equipoise.experiments.experiment import Experiment
from equipoise.networks.normalisation import BatchNorm, own_statistics
from equipoise.training.draw import Draw
from equipoise.training.game import NOISE, Players
from equipoise.training.loop import Source
from equipoise.training.state import State

_LATENTS, _FEWEST_BATCHES, _POWER_ITERATIONS = 2048, 16, 30
_ADDRESS = "average/statistics"


def has_average(experiment: Experiment) -> bool:
    """Whether samples come from a moving average of the generator."""
    return experiment.average is not None and experiment.average.player == "generator"


@torch.no_grad()
def settled(
    experiment: Experiment, average: nn.Module, players: Players | None = None, source: Source | None = None
) -> nn.Module:
    """A copy of the averaged generator, in evaluation mode, with buffers that fit its weights; no argument changes.

    What the average keeps in its buffers is the live generator's. Here the running statistics of each batch
    normalisation become means over batches that the averaged weights make themselves, of latents that depend on the
    experiment's seed alone; spectral vectors follow the averaged weights by power iterations. A generator without
    buffers is returned as it is.

    Args:
        experiment: what is trained.
        average: the averaged generator.
        players: all of them; with the source they feed the kinds of batch that do not come from the prior.
        source: the real data. Without players and source only the statistics of batches from the prior are made anew,
            which is the kind that samples are normalised by.
    """
    if next(average.buffers(), None) is None:
        return average
    network = copy.deepcopy(average).eval()
    advance_spectral_norms(network, _POWER_ITERATIONS)
    if any(isinstance(module, BatchNorm) for module in network.modules()):
        others = _copies(network, players or {}) if source is not None else {}
        with own_statistics(network, *others.values()):
            for kind, latent in _batches(experiment, next(network.parameters()), others, source):
                network(latent, batch_kind=kind)
    return network


GeneratorOf = Callable[[Experiment, State], nn.Module]
"""Gives the generator to sample from."""


@dataclass
class Sampled:
    """The generator that a run samples from, made ready once for each iteration that asks for it.

    Attributes:
        source: the real data, as for `settled`.
    """

    source: Source | None = None
    _ready: dict[tuple[int, int], nn.Module] = field(default_factory=dict)

    def __call__(self, experiment: Experiment, state: State) -> nn.Module:
        """The moving average with statistics of its own, or the live generator; nothing of the state changes."""
        if not has_average(experiment):
            generator: nn.Module = state.players["generator"]
            return generator
        now = (state.clock.rollbacks, state.clock.iteration)
        if now not in self._ready:
            players = dict(state.players.items())
            self._ready = {now: settled(experiment, state.averages["generator"], players, self.source)}
        return self._ready[now]


def _copies(network: nn.Module, players: Mapping[str, nn.Module]) -> dict[str, nn.Module]:
    """The other players, to be called without a trace; none where the generator has one kind of batch alone."""
    kinds = {kind for module in network.modules() if isinstance(module, BatchNorm) for kind in module.kinds}
    if kinds == {NOISE}:
        return {}
    return {name: copy.deepcopy(player).eval() for name, player in players.items() if name != "generator"}


def _batches(
    experiment: Experiment, like: Tensor, others: Players, source: Source | None
) -> Iterator[tuple[str, Tensor]]:
    """Batches of what the generator is fed, with their kinds."""
    for number in range(max(_FEWEST_BATCHES, -(-_LATENTS // experiment.batch_size))):
        real = like.new_empty(0)
        if others and source is not None:
            chance = stream(experiment.seed, f"{_ADDRESS}/real", number)
            real = source.batch(torch.randint(len(source), (experiment.batch_size,), generator=chance).to(like.device))
        draw = Draw(real, experiment.batch_size, experiment.latent, experiment.seed, _ADDRESS, number)
        yield from (experiment.algorithm.generator_inputs(others, draw) if others else {NOISE: draw.latent()}).items()
