"""Optimisers of torch without its compiler, whose import takes about as long as torch's own.

torch imports it when the first optimiser is made, to keep it away from methods that it cannot compile, and again in
each step. Nothing is compiled here.
"""

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import torch

Kind = TypeVar("Kind", bound=type[torch.optim.Optimizer])
Step = TypeVar("Step", bound=Callable[..., None])

_KEPT_AWAY = ("add_param_group", "state_dict", "load_state_dict", "zero_grad")


def eager(kind: Kind) -> Kind:
    """The same optimiser, whose steps ask no compiler and are `unrecorded`; its numbers are the same."""
    plain = getattr(kind.step, "__wrapped__", None)
    if plain is None:
        return kind
    own = {"step": unrecorded(torch.no_grad()(plain)), "__module__": kind.__module__}
    found: Any = type(kind.__name__, (kind,), own)
    return found  # type: ignore[no-any-return]


def unrecorded(step: Step) -> Step:
    """An optimiser's method `step`, marked so that torch leaves it as it is; its step hooks are not called.

    torch would wrap it in a record for the profiler, which takes 0.15 ms: for a small network, as long as the step.
    """
    step.hooked = True  # type: ignore[attr-defined]
    return step


def keep_compiler_away() -> None:
    """From now on no optimiser of this process imports the compiler, unless somebody has imported it already."""
    if "torch._dynamo" in sys.modules:
        return
    for name in _KEPT_AWAY:
        plain = getattr(getattr(torch.optim.Optimizer, name), "__wrapped__", None)
        if plain is not None and not hasattr(plain, "__dynamo_disable"):
            plain.__dynamo_disable = plain  # what torch would put there: the method, not to be compiled
