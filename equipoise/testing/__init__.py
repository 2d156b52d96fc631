"""Toy experiments and contract checks, for our own tests and for authors of new methods.

Each `check_...` raises an AssertionError that names what is broken; its module lists the single contracts. Names are
loaded when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from equipoise.testing.algorithms import check_algorithm as check_algorithm
    from equipoise.testing.constraints import check_constraint as check_constraint
    from equipoise.testing.constraints import check_penalty as check_penalty
    from equipoise.testing.data import check_data as check_data
    from equipoise.testing.losses import check_loss as check_loss
    from equipoise.testing.losses import draw as draw
    from equipoise.testing.metrics import check_metric as check_metric
    from equipoise.testing.networks import check_network as check_network
    from equipoise.testing.studies import check_study as check_study
    from equipoise.testing.toys import TOY_EXPERIMENTS as TOY_EXPERIMENTS
    from equipoise.testing.toys import ToyImages as ToyImages
    from equipoise.testing.toys import toy as toy

_HOMES = {
    "TOY_EXPERIMENTS": "toys",
    "ToyImages": "toys",
    "check_algorithm": "algorithms",
    "check_constraint": "constraints",
    "check_data": "data",
    "check_loss": "losses",
    "check_metric": "metrics",
    "check_network": "networks",
    "check_penalty": "constraints",
    "check_study": "studies",
    "draw": "losses",
    "toy": "toys",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
