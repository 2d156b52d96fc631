"""The parts of a training loop, whoever wrote them: how the state of each is taken and put back."""

import random
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.say import warn


class GlobalStreams:
    """The global random streams: Python's, numpy's and torch's, on the CPU and on every GPU in use."""

    def state_dict(self) -> dict[str, Any]:
        """Where each stream stands."""
        return {
            "python": random.getstate(),
            "numpy": np.random.get_state(legacy=False),
            "torch": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Put each stream back to where it stood; those of GPUs that are not here are left out with a warning."""
        random.setstate(state["python"])
        np.random.set_state(state["numpy"])
        torch.set_rng_state(state["torch"])
        here = torch.cuda.device_count() if torch.cuda.is_available() else 0
        for device, each in enumerate(state["cuda"][:here]):
            torch.cuda.set_rng_state(each, device)
        if len(state["cuda"]) > here:
            warn(f"random streams of {len(state['cuda'])} GPUs were saved, and there are {here}: results will differ.")


_RANDOM: dict[type, tuple[Callable[[Any], Any], Callable[[Any, Any], object]]] = {
    torch.Generator: (torch.Generator.get_state, torch.Generator.set_state),
    random.Random: (random.Random.getstate, random.Random.setstate),
    np.random.Generator: (
        lambda part: part.bit_generator.state,
        lambda part, state: setattr(part.bit_generator, "state", state),
    ),
    np.random.RandomState: (lambda part: part.get_state(legacy=False), np.random.RandomState.set_state),
}
"""Random streams of one's own, which have no state_dict: how their state is taken, and put back."""


def check_part(name: str, part: object) -> None:
    """A part must be something whose state can be taken and put back.

    Raises:
        EquipoiseError: it is not.
    """
    if isinstance(part, type):
        raise EquipoiseError(f"the part {printable(name)} is the class {printable(part.__name__)}; give an object.")
    if type(part) not in _RANDOM and not all(hasattr(part, each) for each in ("state_dict", "load_state_dict")):
        kind = printable(type(part).__name__)
        raise EquipoiseError(
            f"the part {printable(name)} is a {kind}, which has no state_dict and load_state_dict; numbers, strings, "
            "lists and dictionaries are kept in values."
        )


def state_of(part: Any) -> Any:
    """The state of a part; that of a module with the versions of its layers."""
    if type(part) in _RANDOM:
        return _RANDOM[type(part)][0](part)
    state = part.state_dict()
    if isinstance(part, nn.Module):
        return {"entries": dict(state), "versions": dict(getattr(state, "_metadata", {}))}
    return state


def put_back(part: Any, state: Any) -> None:
    """Give a part its state back. Raises whatever the part's own method raises."""
    if type(part) in _RANDOM:
        _RANDOM[type(part)][1](part, state)
    elif isinstance(part, nn.Module):
        entries = OrderedDict(state["entries"])
        entries._metadata = state["versions"]  # type: ignore[attr-defined]
        part.load_state_dict(entries)
    else:
        part.load_state_dict(state)


def kind_of(part: object) -> str:
    """What a checkpoint calls the part's kind. A module's class may change as long as its tensors do not."""
    return "Module" if isinstance(part, nn.Module) else type(part).__name__


def difference(part: object, state: Any) -> str:
    """How a state does not fit a part, as in "lacks layers.3.weight"; nothing where it fits, as far as can be told."""
    if isinstance(part, nn.Module):
        return _difference_of_modules(part.state_dict(), state["entries"])
    if isinstance(part, torch.optim.Optimizer):
        ours, theirs = ([len(group["params"]) for group in each] for each in (part.param_groups, state["param_groups"]))
        return "" if ours == theirs else f"has groups of {theirs} parameters, and here they are of {ours}"
    return ""


def _difference_of_modules(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str:
    for name in sorted(ours.keys() - theirs.keys()):
        return f"lacks {name}"
    for name in sorted(theirs.keys() - ours.keys()):
        return f"holds {name}, which is not here"
    for name, value in ours.items():
        found = tuple(getattr(theirs[name], "shape", ()))
        if tuple(getattr(value, "shape", ())) != found:
            return f"has {name} of shape {found} where {tuple(value.shape)} is here"
    return ""
