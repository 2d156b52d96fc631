"""Every kind that a configuration can name, and where its class lives.

Torch-free: classes are imported when asked for.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from equipoise.common.errors import UnknownName
from equipoise.data.catalogue import DATA
from equipoise.networks.catalogue import NETWORKS

ALGORITHMS: dict[str, str] = {
    "gan": "equipoise.algorithms.gan:GAN",
    "ebgan": "equipoise.algorithms.ebgan:EBGAN",
    "magan": "equipoise.algorithms.magan:MAGAN",
    "began": "equipoise.algorithms.began:BEGAN",
    "reg-gan": "equipoise.algorithms.reg_gan:RegGAN",
    "mdgan": "equipoise.algorithms.mdgan:MDGAN",
    "mmd-gan": "equipoise.algorithms.mmd_gan:MMDGAN",
    "vaegan": "equipoise.algorithms.vaegan:VAEGAN",
    "ali": "equipoise.algorithms.ali:ALI",
}
"""Kind -> "module:class"."""

OPTIMISERS: dict[str, str] = {
    "adam": "equipoise.training.optimisers:Adam",
    "adamax": "equipoise.training.optimisers:Adamax",
    "rmsprop": "equipoise.training.optimisers:RMSprop",
    "sgd": "equipoise.training.optimisers:SGD",
}
"""Kind -> "module:class"."""

SCHEDULES: dict[str, str] = {
    "constant": "equipoise.training.optimisers:Constant",
    "linear-decay": "equipoise.training.optimisers:LinearDecay",
    "halving": "equipoise.training.optimisers:Halving",
}
"""Kind -> "module:class"."""

CONSTRAINTS: dict[str, str] = {
    "spectral-norm": "equipoise.constraints:SpectralNorm",
    "weight-clip": "equipoise.constraints:WeightClip",
}
"""Kind -> "module:class"."""

DATA_SETS: dict[str, str] = {kind: place for kind, (place, _) in DATA.items()}
"""Kind -> "module:class"."""

KINDS: dict[str, Mapping[str, str]] = {
    "algorithm": ALGORITHMS,
    "optimiser": OPTIMISERS,
    "schedule": SCHEDULES,
    "constraint": CONSTRAINTS,
    "data set": DATA_SETS,
    "network": NETWORKS,
}
"""The kinds of each field that has a choice."""


def resolve(what: str, kind: str) -> type[Any]:
    """The class of a kind, as in `resolve("algorithm", "magan")`.

    Raises:
        UnknownName: no such kind; the nearest one is named.
    """
    table = KINDS[what]
    if kind not in table:
        raise UnknownName(what, kind, table)
    module, _, name = table[kind].partition(":")
    found: type[Any] = getattr(import_module(module), name)
    return found


def find_kind(what: str, value: object) -> str | None:
    """The kind under which a value's class stands in the table, or None when it is not there."""
    name = type(value).__qualname__
    candidates = (kind for kind, place in KINDS[what].items() if place.endswith(f":{name}"))
    return next((kind for kind in candidates if resolve(what, kind) is type(value)), None)
