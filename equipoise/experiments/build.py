"""Builds the game and the first state of an experiment."""

import warnings
from typing import Literal

import torch
from torch import Tensor, nn

from equipoise.common.errors import EquipoiseError, shortened
from equipoise.common.random import stream
from equipoise.common.transfer import float32_by_default
from equipoise.data.store import Store, StoreSource
from equipoise.experiments.averaged import Sampled
from equipoise.experiments.config import to_plain
from equipoise.experiments.experiment import Experiment, NetworkConfig
from equipoise.networks import Network, build
from equipoise.networks.blocks import Projection
from equipoise.networks.initialise import check_all_known
from equipoise.networks.network import check_parts
from equipoise.training.average import start_average
from equipoise.training.distributed import current_shard
from equipoise.training.loop import Game
from equipoise.training.precision import Precision
from equipoise.training.state import State

Layout = Literal["channels-last", "contiguous"]
"""How kernels and maps of convolutions lie in memory: [height, width, channels], or [channels, height, width]."""


@float32_by_default()
def build_network(network: NetworkConfig, generator: torch.Generator) -> Network:
    """The network, in float32, with weights drawn from the generator; the global generator stays untouched."""
    built: Network = build(network.cls, generator, **network.options)
    return built


def network_shape(network: NetworkConfig) -> tuple[int, ...]:
    """The shape of one item that the network takes or returns, found from a copy without weights."""
    return empty_network(network).image_shape


@float32_by_default()
def empty_network(network: NetworkConfig) -> Network:
    """The network, in float32, on torch's meta device: shapes without numbers.

    Raises:
        EquipoiseError: it cannot be built with its options.
    """
    try:
        with torch.device("meta"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns of empty tensors, which are refused later
            empty: Network = network.cls(**network.options)
            check_parts(empty)
            check_all_known(empty)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise EquipoiseError(
            f"the network {network.kind} cannot be built with these options: {shortened(reason.rstrip('.'), 400)}."
        ) from error
    return empty


def parameter_count(network: NetworkConfig) -> int:
    """How many numbers the network learns, found from a copy without weights."""
    return sum(parameter.numel() for parameter in empty_network(network).parameters())


def has_kernels(experiment: Experiment) -> bool:
    """Whether any network has convolutions, for which the memory layout matters."""
    networks = [empty_network(each.network) for each in experiment.players.values()]
    return any(parameter.ndim == 4 for network in networks for parameter in network.parameters())


def build_game(experiment: Experiment, store: Store, precision: Precision = "float32") -> Game:
    """The fixed part of a run on this data, which is already on the training device, in this precision."""
    constraints = {name: p.constraint for name, p in experiment.players.items() if p.constraint is not None}
    return Game(
        algorithm=experiment.algorithm,
        source=StoreSource(store, experiment.value_range),
        batch_size=experiment.batch_size,
        prior=experiment.latent,
        seed=experiment.seed,
        optimisers={name: player.optimiser for name, player in experiment.players.items()},
        constraints=constraints,
        averages=(experiment.average,) if experiment.average else (),
        shard=current_shard(),
        precision=precision,
        labels=_told_labels(experiment, store),
    )


def _told_labels(experiment: Experiment, store: Store) -> Tensor | None:
    """The classes of the data, where the players are told them.

    Raises:
        EquipoiseError: the latent vectors name classes, and the data have another number of them, or the algorithm does
            not use them.
    """
    classes = experiment.latent.classes
    if classes and not experiment.algorithm.tells_classes:
        kind = to_plain(experiment.algorithm)["kind"]
        raise EquipoiseError(
            f"latent.classes is {classes}, and the algorithm {kind} does not tell its players classes, so the "
            "generator would not learn to obey them; set latent.classes to 0, or take the algorithm relativistic-gan "
            "or mmd-gan."
        )
    if classes and classes != store.classes:
        usual = "set both to the same number, or latent.classes to 0"
        remedy = f": {store.unlabelled}" if store.unlabelled else f"; {usual}"
        raise EquipoiseError(
            f"latent.classes is {classes}, and {experiment.data.name} has {store.classes or 'no'} classes{remedy}."
        )
    return store.labels if classes else None


def build_state(experiment: Experiment, game: Game, device: torch.device, layout: Layout = "channels-last") -> State:
    """The state before the first iteration: a function of the experiment and its seed.

    The optimisers keep their moments in the order in which the parameters lie: a checkpoint belongs to its layout.

    Raises:
        EquipoiseError: a network is made for items of another shape than the data's.
    """
    real = game.source.batch(torch.arange(2)).cpu()
    check_fit(experiment, tuple(real.shape[1:]))
    latent = experiment.latent.sample(2, stream(experiment.seed, "constraint/example"))
    examples = {name: latent if name == "generator" else real for name in experiment.players}
    built = {name: build_player(name, experiment, each, layout).to(device) for name, each in examples.items()}
    players = nn.ModuleDict(built)
    averages = nn.ModuleDict({average.player: start_average(players[average.player]) for average in game.averages})
    return State(players, game.optimisers, experiment.algorithm.create_memory().to(device), averages)


def build_player(name: str, experiment: Experiment, example: Tensor, layout: Layout = "channels-last") -> Network:
    """One player on the CPU, with its first weights and its constraint attached.

    Args:
        name: which player.
        experiment: describes it.
        example: a batch of what it takes, for constraints that must know the size of each layer's input.
        layout: how its kernels lie; the maps between them follow. On a CPU convolutions are faster with channels last.
    """
    player = experiment.players[name]
    network = build_network(player.network, stream(experiment.seed, f"weights/{name}"))
    module = _laid_out(network, layout)
    if player.constraint is not None:
        try:
            player.constraint.attach(module, example, stream(experiment.seed, f"constraint/{name}"))
        except (ValueError, RuntimeError) as error:
            raise EquipoiseError(f"the {name} cannot be constrained: {shortened(str(error).rstrip('.'))}.") from error
    return module


def _laid_out(network: Network, layout: Layout) -> Network:
    last = layout == "channels-last"
    for layer in network.modules():
        if isinstance(layer, Projection):
            layer.channels_last = last
    memory_format = torch.channels_last if last else torch.contiguous_format
    module: Network = network.to(memory_format=memory_format)  # type: ignore[call-overload]
    return module


def sampling_generator(experiment: Experiment, state: State) -> nn.Module:
    """The generator to sample from: the moving average if there is one, with its own statistics.

    Nothing of the state changes.
    """
    return Sampled()(experiment, state)


def check_fit(experiment: Experiment, shape: tuple[int, ...]) -> None:
    """Every network must be made for the data's items, of this shape.

    Raises:
        EquipoiseError: one is not.
    """
    for name, player in experiment.players.items():
        made_for = network_shape(player.network)
        if made_for != shape:
            made, found = ("x".join(map(str, each)) for each in (made_for, shape))
            raise EquipoiseError(
                f"the {name} is made for items of {made}, and those of {experiment.data.name} are {found}; "
                "set data.resolution or data.channels if the data set has them, or choose a recipe of that size."
            )
