"""State: everything about a run that changes, and its tensors by name."""

from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from equipoise.common.errors import EquipoiseError
from equipoise.training.eager import keep_compiler_away
from equipoise.training.optimisers import Optimiser
from equipoise.training.parameters import ParameterVector


@dataclass
class Clock:
    """How far a run is. All counts are of completed things.

    Attributes:
        stage: the index of the stage being played; the number of stages when the run is done.
        stage_iteration: iterations completed within that stage.
        iteration: iterations completed in the whole run.
        batches: real batches drawn in the whole run.
        rollbacks: how often the run went back after it had diverged; each time halves the learning rates.
    """

    stage: int = 0
    stage_iteration: int = 0
    iteration: int = 0
    batches: int = 0
    rollbacks: int = 0


@dataclass
class State:
    """Everything in a run that changes.

    Attributes:
        players: the named networks.
        settings: each player's optimiser, for the constructor alone.
        memory: the algorithm's own buffers.
        averages: exponential moving averages by player.
        clock: where the run stands.
        parameters: each player's parameters, in one vector.
        buffers: each player's running statistics, spectral vectors and other floating-point buffers.
        optimisers: one for each player, on that vector.
    """

    players: nn.ModuleDict
    settings: InitVar[Mapping[str, Optimiser]]
    memory: nn.Module
    averages: nn.ModuleDict = field(default_factory=nn.ModuleDict)
    clock: Clock = field(default_factory=Clock)
    parameters: dict[str, ParameterVector] = field(init=False)
    buffers: dict[str, list[Tensor]] = field(init=False)
    optimisers: dict[str, torch.optim.Optimizer] = field(init=False)

    def __post_init__(self, settings: Mapping[str, Optimiser]) -> None:
        keep_compiler_away()
        self.parameters = {name: ParameterVector(player.parameters()) for name, player in self.players.items()}
        self.buffers = {
            name: [each for each in player.buffers() if each.is_floating_point()]
            for name, player in self.players.items()
        }
        self.optimisers = {name: each.build([self.parameters[name].values]) for name, each in settings.items()}


def state_tensors(state: State) -> dict[str, Tensor]:
    """Every tensor of the state under a unique name, as in "players/generator.layers.0.weight"."""
    tensors = _module_tensors(state)
    for player, optimiser in state.optimisers.items():
        tensors |= _optimiser_tensors(f"optimisers/{player}", optimiser)
    return tensors


def load_state_tensors(state: State, tensors: Mapping[str, Tensor]) -> None:
    """Restore the tensors of `state_tensors`, bit for bit.

    Raises:
        EquipoiseError: a tensor is missing, superfluous or of another shape; nothing has been changed then.
    """
    expected = _module_tensors(state)
    check_same_tensors(expected, {name: t for name, t in tensors.items() if not name.startswith("optimisers/")})
    with torch.no_grad():
        for name, target in expected.items():
            target.copy_(tensors[name])
    for player, optimiser in state.optimisers.items():
        place = f"optimisers/{player}/"
        below = {name.removeprefix(place): value for name, value in tensors.items() if name.startswith(place)}
        _load_optimiser(optimiser, below)


def _module_tensors(state: State) -> dict[str, Tensor]:
    modules = {"players": state.players, "memory": state.memory, "averages": state.averages}
    return {f"{room}/{name}": value for room, m in modules.items() for name, value in m.state_dict().items()}


def check_same_tensors(expected: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> None:
    """Names and shapes must agree.

    Raises:
        EquipoiseError: they do not; the first difference is named.
    """
    missing, superfluous = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    if missing or superfluous:
        what = f"lacks {missing[0]}" if missing else f"holds {superfluous[0]}, which the recipe does not know"
        raise EquipoiseError(f"the checkpoint belongs to another recipe: it {what}.")
    for name, value in expected.items():
        if value.shape != found[name].shape:
            shapes = f"{tuple(found[name].shape)} where the recipe has {tuple(value.shape)}"
            raise EquipoiseError(f"the checkpoint belongs to another recipe: {name} has shape {shapes}.")


def _optimiser_tensors(prefix: str, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    entries = optimiser.state_dict()["state"]
    return {
        f"{prefix}/{index}/{key}": value
        for index, entry in entries.items()
        for key, value in entry.items()
        if isinstance(value, Tensor)
    }


def _load_optimiser(optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    entries: dict[int, dict[str, Any]] = {}
    for name, value in tensors.items():
        index, key = name.split("/", 1)
        entries.setdefault(int(index), {})[key] = value
    groups = optimiser.state_dict()["param_groups"]
    optimiser.load_state_dict({"state": entries, "param_groups": groups})
