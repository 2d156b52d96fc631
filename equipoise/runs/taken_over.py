"""Begin a run with the weights of another one: what fits is taken over, and what was and was not is said."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from equipoise.common.errors import EquipoiseError, printable
from equipoise.runs.choice import choose_checkpoint
from equipoise.runs.directory import open_run
from equipoise.training.state import State

_MOST_NAMED = 3

Pairs = dict[str, str]
"""The name of a tensor here -> that of the tensor that it is filled from."""


@dataclass(frozen=True)
class From:
    """Where a run's first weights come from.

    Attributes:
        run: the directory of the other run.
        checkpoint: "best", "newest" or an iteration of it, as for `load_trained`.
    """

    run: Path
    checkpoint: str | None = None

    def as_dict(self) -> dict[str, str]:
        """JSON values, for the record."""
        return {"run": str(Path(self.run).absolute()), "checkpoint": self.checkpoint or "best or newest"}


def take_over(state: State, source: From) -> list[str]:
    """Fill a run's networks, before their first iteration, with the weights of another run.

    A tensor is taken where its shape is the same: by its name, or, where that gives more, counted from the end, as in a
    discriminator for larger pictures, which has another stage before all others. Weights and buffers are taken, and the
    moving average; optimisers, memory and the learning rate's course begin anew.

    Returns: a sentence for each network.

    Raises:
        EquipoiseError: there is no run, no such checkpoint, or nothing of it fits the generator.
    """
    run = open_run(source.run)
    chosen = choose_checkpoint(run, run.experiment(), source.checkpoint)
    told = [f"Taken over from {printable(source.run)}: {chosen}."]
    for name, player in state.players.items():
        taken = _fill(player, chosen.checkpoint.read_tensors(f"players/{name}."))
        if name == "generator" and not taken:
            raise EquipoiseError(f"nothing of {printable(source.run)} fits this generator; choose the same recipe.")
        told.append(_sentence(name, player, taken))
    for name, average in state.averages.items():
        read = chosen.checkpoint.read_tensors
        _fill(average, read(f"averages/{name}.") or read(f"players/{name}."))  # its live network where it has none
    return [*told, "The optimisers and the learning rates begin anew."]


@torch.no_grad()
def _fill(network: nn.Module, there: Mapping[str, Tensor]) -> Pairs:
    here = network.state_dict()
    pairs = max(_by_name(here, there), _from_the_end(here, there), key=lambda found: _numbers(here, found))
    for name, other in pairs.items():
        here[name].copy_(there[other])
    return pairs


def _by_name(here: Mapping[str, Tensor], there: Mapping[str, Tensor]) -> Pairs:
    return {name: name for name, value in here.items() if name in there and there[name].shape == value.shape}


def _from_the_end(here: Mapping[str, Tensor], there: Mapping[str, Tensor]) -> Pairs:
    """In each part of the network the same tensors, counted from its last layer, up to the first that differs."""
    pairs = {}
    for part in {name.partition(".")[0] for name in here}:
        for name, other in zip(_backwards(here, part), _backwards(there, part), strict=False):
            if here[name].shape != there[other].shape or _kind(name) != _kind(other):
                break
            pairs[name] = other
    return pairs


def _backwards(tensors: Mapping[str, Tensor], part: str) -> list[str]:
    return sorted((name for name in tensors if name.partition(".")[0] == part), key=_place, reverse=True)


def _place(name: str) -> tuple[tuple[int, str], ...]:
    """Layers are ordered by their numbers, not by the letters of these."""
    return tuple((int(each), "") if each.isdecimal() else (0, each) for each in name.split("."))


def _kind(name: str) -> str:
    return name.rpartition(".")[2]


def _numbers(here: Mapping[str, Tensor], pairs: Pairs) -> int:
    return sum(here[name].numel() for name in pairs)


def _sentence(name: str, network: nn.Module, taken: Pairs) -> str:
    here = network.state_dict()
    share = _numbers(here, taken) / max(1, sum(value.numel() for value in here.values()))
    left = [f"{each} ({'x'.join(map(str, here[each].shape))})" for each in here if each not in taken]
    if not left:
        return f"  {name}: all of its {len(here)} tensors."
    more = f" and {len(left) - _MOST_NAMED} more" if len(left) > _MOST_NAMED else ""
    named = ", ".join(left[:_MOST_NAMED])
    return f"  {name}: {len(taken)} of {len(here)} tensors, {share:.0%} of its numbers; new: {named}{more}."
