"""Plays an experiment once without numbers, so that one that cannot work is refused before anything is written."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from math import prod

import torch
from torch import Tensor, nn

from equipoise.common.checks import NotFiniteError
from equipoise.common.errors import EquipoiseError, shortened
from equipoise.common.random import Reseedable, stream
from equipoise.data.memory import memory_bytes
from equipoise.experiments.build import build_network, empty_network, network_shape
from equipoise.experiments.experiment import Experiment, NetworkConfig
from equipoise.networks import Network
from equipoise.training.draw import Draw
from equipoise.training.game import Move

_SAMPLES = 100
_MOST_PRODUCTS = 1 << 27
_COPIES = 4
"""Of each parameter: itself, its gradient, and two moments of its optimiser."""


def rehearse(experiment: Experiment) -> None:
    """Play every move of every stage once, at the full batch size, and draw samples; take no step.

    This happens on torch's meta device, which knows shapes and computes nothing: a second or two, most of it for what
    torch imports. Small networks take less on the CPU. What fails on the meta device is played on the CPU before it is
    refused, since the meta device does not know every operation.

    Raises:
        EquipoiseError: a network cannot be built, takes more than this machine's memory, or does not fit the others,
            the latent vectors or the algorithm.
    """
    networks = {name: empty_network(player.network) for name, player in experiment.players.items()}
    _check_latent(experiment, networks)
    if not _is_quick(experiment, networks.values()):
        with suppress(Exception):
            _play(experiment, "meta")
            return
    _play(experiment, "cpu")


def _is_quick(experiment: Experiment, networks: Iterable[Network]) -> bool:
    """Whether the moves take a fraction of a second on the CPU: few parameters, pixels and samples."""
    return sum(map(_most_products, networks)) * experiment.batch_size <= _MOST_PRODUCTS


def _most_products(network: Network) -> int:
    """About how many a sample takes: one for each entry of a matrix, and for each entry of a kernel at every pixel."""
    pixels = prod(network.image_shape[1:])
    return sum(each.numel() * (pixels if each.ndim > 2 else 1) for each in network.parameters())


def _check_latent(experiment: Experiment, networks: Mapping[str, Network]) -> None:
    """Whoever takes or gives latent vectors must be made for the prior's."""
    total = 0
    for name, network in networks.items():
        made_for, size = getattr(network, "latent_size", experiment.latent.size), experiment.latent.size
        if made_for != size:
            raise EquipoiseError(
                f"the {name} is made for latent vectors of {made_for}, and latent.size is {size}; set both to the "
                f"same number, latent.size and players.{name}.network.latent_size."
            )
        total += _COPIES * sum(each.numel() * each.element_size() for each in network.parameters())
    if total > memory_bytes():
        gibibytes = f"{total / 2**30:.0f} GiB, and this machine has {memory_bytes() / 2**30:.0f}"
        raise EquipoiseError(f"the networks with their gradients and optimisers take {gibibytes}; make them smaller.")


def _play(experiment: Experiment, device: str) -> None:
    players = nn.ModuleDict({name: _build(each.network, device) for name, each in experiment.players.items()})
    memory = experiment.algorithm.create_memory().to(device)
    shape = network_shape(experiment.players["generator"].network)
    real = torch.empty(experiment.batch_size, *shape, device="meta", dtype=torch.float32)
    if device != "meta":
        real = torch.rand(real.shape, generator=stream(0, "rehearsal"), dtype=torch.float32)
    labels = torch.zeros(len(real), dtype=torch.long, device=device) if experiment.latent.classes else None
    for module in players.modules():
        if isinstance(module, Reseedable):
            module.reseed(stream(0, "rehearsal", device=device if device != "meta" else "cpu"))
    for stage in experiment.algorithm.stages():
        for move in stage.moves:
            with _named(f"move {move.name} of stage {stage.name}"):
                _make(move, players, memory, Draw(real, len(real), experiment.latent, 0, "rehearsal", 0, labels=labels))
        with _named(f"the end of an epoch of stage {stage.name}"):
            stage.close_epoch(memory)
    with _named("drawing samples"), torch.no_grad():
        players["generator"].eval()(experiment.latent.sample(_SAMPLES, stream(0, "rehearsal")).to(device))


def _make(move: Move, players: nn.ModuleDict, memory: nn.Module, draw: Draw) -> None:
    """The losses and their gradients."""
    for name, player in players.items():
        player.requires_grad_(name in move.trains)
    outcome = move.play(dict(players.items()), memory, draw)
    for name, loss in outcome.losses.items():
        if loss.numel() != 1:
            raise EquipoiseError(f"the loss of the {name} must be one number, got {list(loss.shape)}; take its mean.")
        parameters: tuple[Tensor, ...] = tuple(players[name].parameters())
        torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)


def _build(network: NetworkConfig, device: str) -> Network:
    return empty_network(network) if device == "meta" else build_network(network, stream(0, "rehearsal"))


@contextmanager
def _named(place: str) -> Iterator[None]:
    """Whatever goes wrong within is the configuration's fault, and named with its place; NaN is no matter of shape."""
    try:
        yield
    except (EquipoiseError, NotFiniteError) as error:
        raise type(error)(f"{place}: {error}") from error
    except Exception as error:
        reason = str(error).strip().partition("\n")[0]
        if not reason or isinstance(error, LookupError):  # whose words are the key alone
            reason = f"{type(error).__name__} {reason}".rstrip()
        raise EquipoiseError(
            f"{place} cannot work in this experiment: {shortened(reason.rstrip('.'), 400)}."
        ) from error
